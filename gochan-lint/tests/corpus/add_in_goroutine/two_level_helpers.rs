use gochan::prelude::*;
fn enter(wg: &WaitGroup) {
    begin(wg);
}

fn begin(group: &WaitGroup) {
    group.add(1); //~ add_in_goroutine
}

mod jobs {
    pub mod deep {
        pub fn one(wg: &gochan::WaitGroup) {
            super::super::enter(wg);
            defer!(wg.done());
            super::super::work();
        }
    }
}

fn run() {
    let wg = WaitGroup::new();
    go!([wg] { jobs::deep::one(&wg); });
    wg.wait();
}

fn work() {}
