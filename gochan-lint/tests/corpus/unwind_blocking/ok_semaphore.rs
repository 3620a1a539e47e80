use gochan::prelude::*;

fn bounded(jobs: Vec<u32>) {
    let places = chan!((), 3);
    let wg = WaitGroup::new();
    for job in jobs {
        send!(places <- ());
        wg.add(1);
        go!([places, wg] {
            defer!(wg.done());
            defer!({
                recv!(places);
            });
            println!("{job}");
        });
    }
    wg.wait();
}

struct Limiter {
    places: Chan<()>,
    wg: WaitGroup,
}

impl Limiter {
    fn run(&self, work: impl FnOnce()) {
        send!(self.places <- ());
        defer!({
            recv!(self.places);
        });
        work();
    }

    fn start(&self, work: impl FnOnce() + Send + 'static) {
        send!(self.places <- ());
        self.wg.add(1);
        let (places, wg) = (self.places.clone(), self.wg.clone());
        go!({
            defer!(wg.done());
            defer!({
                recv!(places);
            });
            work();
        });
    }

    fn acquire(&self) {
        send!(self.places <- ());
    }

    fn release(&self) {
        recv!(self.places);
    }

    fn guarded(&self, work: impl FnOnce()) {
        self.acquire();
        defer!(self.release());
        work();
    }
}

fn worker(places: Chan<()>, n: u32) {
    defer!({
        recv!(places);
    });
    println!("{n}");
}

fn workers() {
    let places = chan!((), 2);
    for n in 0..4 {
        send!(places <- ());
        go!(worker(places.clone(), n));
    }
    for _ in 0..2 {
        send!(places <- ());
    }
}
