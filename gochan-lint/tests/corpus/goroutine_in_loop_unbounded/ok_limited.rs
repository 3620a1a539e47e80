use gochan::prelude::*;

fn serve(jobs: &Receiver<u32>, slots: &Semaphore) {
    for job in jobs {
        slots.acquire(1);
        go!({ work(job); });
    }
    for n in 0..4 { go!(work(n)); }
}
