use gochan::prelude::*;

fn serve(jobs: &Receiver<u32>) {
    loop {
        let job = jobs.recv().unwrap_or_default(); //~ ok_ignored
        work(job);
    }
}

fn serve_zero(jobs: Receiver<u32>) {
    while true {
        work(jobs.recv().unwrap_or(0)); //~ ok_ignored
    }
}

fn once(jobs: &Receiver<u32>) -> u32 {
    jobs.recv().unwrap_or_default()
}

fn stops_at_zero(jobs: &Receiver<u32>) {
    loop {
        let job = jobs.recv().unwrap_or_default();
        if job == 0 {
            break;
        }
        work(job);
    }
}

fn work(_: u32) {}
