use gochan::WaitGroup as Group;
use gochan::{defer, go};

fn main() {
    let group = Group::new();
    go!([group] {
        group.add(1); //~ add_in_goroutine
        defer!(group.done());
        work(1);
    });
    group.wait();
}
