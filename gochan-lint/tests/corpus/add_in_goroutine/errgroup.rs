use gochan::prelude::*;
use gochan::sync::errgroup::Group;

fn main() {
    let (group, wg) = (Group::new(), WaitGroup::new());
    group.go({
        let wg = wg.clone();
        move || {
            wg.add(1); //~ add_in_goroutine
            defer!(wg.done());
            work(1);
            Ok(())
        }
    });
    wg.wait();
}
