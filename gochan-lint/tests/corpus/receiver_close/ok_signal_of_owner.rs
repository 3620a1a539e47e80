use gochan::prelude::*;

struct Server { stopped: Chan<()>, jobs: Chan<u32> }

impl Server {
    fn stop(&self) { self.stopped.close(); }

    fn run(&self) {
        loop {
            select! {
                Some(job) = <-self.jobs else { return } => work(job),
                <-self.stopped => return,
            }
        }
    }
}

fn main() {
    let quit = chan!(());
    let last = go!([quit] { recv!(quit); work(1); });
    close!(quit);
    last.join().unwrap();
}
