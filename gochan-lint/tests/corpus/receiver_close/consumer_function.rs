use gochan::prelude::*;

fn consume(jobs: Chan<u32>) {
    for n in &jobs {
        work(n);
        if n == 3 { break; }
    }
    jobs.close(); //~ receiver_close
}
