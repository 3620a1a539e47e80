use gochan::prelude::*;

struct Job {
    id: i32,
}

fn work(id: i32) {
    println!("{id}");
}

fn main() {
    let ch = chan!(i32);
    let job = Job { id: 1 };
    go!(job.);
    go!(work(job.));
    send!(ch <- job.);
}
