fn main() {
    let group = gochan::sync::WaitGroup::new();
    gochan::go!([group] {
        group.add(1); //~ add_in_goroutine
        gochan::defer!(group.done());
        work(1);
    });
    group.wait();
}
