use gochan::prelude::*;

struct Job;

fn main() {
    let jobs = chan!(Job);
    select! {
        job = <-jobs => drop(job),
    }
    select! {
        job, ok = <-jobs => drop((job, ok)),
    }
}
