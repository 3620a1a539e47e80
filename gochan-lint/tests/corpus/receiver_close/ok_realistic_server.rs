use gochan::prelude::*;
use gochan::context::CancelHandle;
use gochan::sync::{Mutex, errgroup};
use gochan::time::Ticker;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

struct Server {
    jobs: Chan<Job>,
    results: Chan<Report>,
    seen: Arc<Mutex<HashMap<u64, u32>>>,
    wg: WaitGroup,
    stop: CancelHandle,
    name: String,
}

impl Server {
    fn start(ctx: &Context, workers: usize) -> (Server, Receiver<Report>) {
        let (ctx, stop) = ctx.with_cancel();
        let server = Server {
            jobs: chan!(Job, 16),
            results: chan!(Report, 16),
            seen: Arc::default(),
            wg: WaitGroup::new(),
            stop,
            name: "server".to_owned(),
        };
        for id in 0..workers {
            server.wg.add(1);
            let (jobs, results, seen) = (server.jobs.receiver(), server.results.sender(), server.seen.clone());
            go!([wg = server.wg, ctx] {
                defer!(wg.done());
                loop {
                    select! {
                        Some(job) = <-jobs else { return } => {
                            *seen.lock().entry(job.id).or_insert(0) += 1;
                            let report = job.run(id);
                            select! {
                                results <- report => {}
                                <-ctx.done() => return,
                            }
                        }
                        <-ctx.done() => return,
                    }
                }
            });
        }
        go!([wg = server.wg, results = server.results] {
            wg.wait();
            close!(results);
        });
        let reports = server.results.receiver();
        (server, reports)
    }

    fn submit(&self, ctx: &Context, job: Job) -> Result<(), Job> {
        select! {
            self.jobs <- job => Ok(()),
            <-ctx.done() => Err(job),
        }
    }

    fn shutdown(self) {
        close!(self.jobs);
        self.wg.wait();
        self.stop.cancel();
        println!("{} is down", self.name);
    }
}

fn heartbeat(ctx: &Context, out: Sender<u32>) {
    let ticker = Ticker::new(Duration::from_secs(1));
    defer!({ ticker.stop(); });
    let mut beats = 0;
    loop {
        select! {
            <-ticker.channel() => { beats += 1; let _ = out.try_send(beats); }
            <-ctx.done() => return,
        }
    }
}

fn fetch_all(ctx: &Context, urls: Vec<String>) -> Result<Vec<String>, Error> {
    let (group, ctx) = errgroup::Group::with_context(ctx);
    group.set_limit(4);
    let pages = Arc::new(Mutex::new(Vec::new()));
    for url in urls {
        let (ctx, pages) = (ctx.clone(), pages.clone());
        group.go(move || {
            let page = fetch(&ctx, &url)?;
            pages.lock().push(page);
            Ok(())
        });
    }
    group.wait()?;
    let pages = std::mem::take(&mut *pages.lock());
    Ok(pages)
}

#[gochan::main]
fn main() -> Result<(), Error> {
    let (ctx, _cancel) = background().with_timeout(Duration::from_secs(30));
    let (server, reports) = Server::start(&ctx, 4);
    let beats = chan!(u32, 1);
    let beat = go!([ctx, beats] { heartbeat(&ctx, beats.sender()) });
    let printer = go!({ for report in &reports { println!("{report:?}"); } });
    for id in 0..10 {
        server.submit(&ctx, Job { id }).map_err(|_| Error::Stopped)?;
    }
    server.shutdown();
    printer.join().unwrap();
    let pages = fetch_all(&ctx, vec!["a".to_owned()])?;
    println!("{} pages", pages.len());
    drop(_cancel);
    beat.join().unwrap();
    Ok(())
}
