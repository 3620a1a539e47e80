use gochan::prelude::*;

struct Job;

struct Server {
    pending: Job,
}

impl Server {
    fn offer(&mut self, tx: &Chan<Job>) {
        select! {
            tx <- self.pending => {}
        }
    }
}

fn run(_: Job) {}

fn main() {
    let (tx, done) = (chan!(Job), chan!(()));
    let job = Job;
    select! {
        tx <- job => run(job),
        <-done => run(job),
    }
    let job = Job;
    loop {
        select! {
            tx <- job => {}
            <-done => break,
        }
    }
    let job = Job;
    select! {
        tx <- job => {}
        <-done => {}
    }
    run(job);
    Server { pending: Job }.offer(&tx);
    let shared = &Job;
    select! {
        tx <- *shared => {}
    }
}
