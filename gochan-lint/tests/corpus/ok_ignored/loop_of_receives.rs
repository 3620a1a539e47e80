use gochan::prelude::*;

fn serve(jobs: &Receiver<u32>) {
    loop {
        work(recv!(jobs)); //~ ok_ignored
    }
}
