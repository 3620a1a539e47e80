use gochan::prelude::*;
#[derive(Clone)]
struct Pool {
    group: WaitGroup,
}

impl Pool {
    fn new() -> Self {
        Self { group: WaitGroup::new() }
    }

    fn start(&self) {
        let this = self.clone();
        go!({
            this.group.add(1); //~ add_in_goroutine
            defer!(this.group.done());
            work();
        });
    }

    fn wait(&self) {
        self.group.wait();
    }
}

struct Wrapper(WaitGroup);

impl Wrapper {
    fn start(&self) {
        let Wrapper(group) = self;
        go!([group] {
            group.add(1); //~ add_in_goroutine
            defer!(group.done());
            work();
        });
    }
}

fn work() {}
