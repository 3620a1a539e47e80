//! Servers that start a goroutine for whatever comes.

use gochan::prelude::*;
use std::net::TcpListener;

fn serve(listener: tls::Listener) -> std::io::Result<()> {
    for stream in listener.incoming() {
        let stream = stream?;
        go!(handle(stream)); //~ goroutine_in_loop_unbounded
    }
    Ok(())
}

fn accept(ctx: &Context, listener: &TcpListener) {
    while ctx.err().is_none() {
        if let Ok((stream, peer)) = listener.accept() {
            println!("{peer}");
            go!([ctx] { handle_until(&ctx, stream) }); //~ goroutine_in_loop_unbounded
        }
    }
}

struct Dispatcher { jobs: Receiver<Job>, stop: Receiver<()>, results: Sender<Outcome> }

impl Dispatcher {
    fn run(&self) {
        loop {
            select! {
                Some(job) = <-self.jobs else { return } => {
                    let results = self.results.clone();
                    go!({ send!(results <- job.run()); }); //~ goroutine_in_loop_unbounded
                }
                <-self.stop => return,
            }
        }
    }

    fn drain(&self) {
        while let Some(job) = self.jobs.recv() {
            go!(job.run()); //~ goroutine_in_loop_unbounded
        }
    }
}

fn events(feed: Receiver<Event>, subscribers: Arc<Mutex<Vec<Sender<Event>>>>) {
    for event in &feed {
        go!([subscribers] { publish(&subscribers, event) }); //~ goroutine_in_loop_unbounded
    }
}

/// Counted, and still without a limit.
fn counted(urls: Receiver<String>) {
    let wg = WaitGroup::new();
    for url in &urls {
        wg.add(1);
        go!([wg] { defer!(wg.done()); fetch(&url) }); //~ goroutine_in_loop_unbounded
    }
    wg.wait();
}

fn lines(input: std::io::StdinLock) {
    for line in input.lines() {
        go!(parse(line)); //~ goroutine_in_loop_unbounded
    }
}
