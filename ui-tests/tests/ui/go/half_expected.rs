use gochan::prelude::*;

fn worker(id: u32, jobs: Receiver<u32>, results: Sender<u32>) {
    for job in jobs {
        send!(results <- job + id);
    }
}

fn main() {
    let (jobs, results) = (chan!(u32), chan!(u32));
    go!(worker(1, jobs, results));
}
