use gochan::prelude::*;

struct Job {
    id: i32,
}

fn main() {
    let (jobs, ids) = (chan!(Job, 1), chan!(i32));
    let job = Job { id: 1 };
    select! {
        <-ids => {}
        ids <- job. => {}
    }
    select! {
        Some(job) = <-jobs => println!("{}", job.),
        default => {}
    }
    select! {
        id = <-ids => println!("{id}"),
        Some(job) = <-jo
    }
    select! {
        Some(job) = <-jobs
        <-ids => {}
    }
    select! {
        id = <-ids => {}
        job
    }
    select! {
        jobs <-
    }
    with_context!(ctx = background(). => println!("{ctx}"));
    with_context!(ctx = background().with_cancel() => ctx.);
}
