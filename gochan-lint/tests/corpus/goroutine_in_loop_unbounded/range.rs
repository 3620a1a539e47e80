use gochan::prelude::*;

fn serve(jobs: &Receiver<u32>) {
    for job in jobs {
        go!(work(job)); //~ goroutine_in_loop_unbounded
    }
}
