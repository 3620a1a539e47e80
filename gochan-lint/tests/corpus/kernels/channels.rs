//! After bugs of Go programs: channels.
use gochan::prelude::*;
use gochan::time::after;
use std::sync::Arc;
use std::time::Duration;

/// A request that times out leaves its goroutine behind.
fn finish_request(work: impl FnOnce() -> u32 + Send + 'static) -> Result<u32, String> {
    let ch = chan!(u32);
    go!([ch] {
        send!(ch <- work()); //~ leaked_send
    });
    select! {
        result = <-ch => Ok(result),
        <-after(Duration::from_secs(1)) => Err("timeout".to_owned()),
    }
}
/// An error that nobody reads.
fn builds() -> u32 {
    let errors = chan!(String);
    go!([errors] {
        send!(errors <- "failed".to_owned()); //~ leaked_send
    });
    1
}
/// The reader breaks out of its loop.
fn progress() {
    let ch = chan!(u32);
    go!([ch] {
        for n in 0..1000 {
            send!(ch <- n); //~ leaked_send
        }
        close!(ch);
    });
    for n in &ch {
        if n == 10 {
            break;
        }
    }
}
/// The watcher is stopped while it sends.
struct WatchChan {
    results: Chan<u32>,
    stop: Chan<()>,
}
impl WatchChan {
    fn process(&self) {
        for n in 0.. {
            send!(self.results <- n); //~ leaked_send
        }
    }
    fn consume(&self) {
        loop {
            select! {
                n = <-self.results => println!("{n}"),
                <-self.stop => return,
            }
        }
    }
}
fn watches() {
    let chan = Arc::new(WatchChan { results: chan!(u32), stop: chan!(()) });
    go!([chan] { chan.process(); });
    go!([chan] { chan.consume(); });
    close!(chan.stop);
}
/// A send after the close, by a method.
struct Transport {
    writes: Chan<u32>,
}
impl Transport {
    fn close(&self) {
        close!(self.writes);
    }
    fn write(&self) {
        send!(self.writes <- 1);
    }
}
fn handles(t: &Transport) {
    t.close();
    t.write(); //~ send_after_close
}
/// Closed by two.
fn closed_by_two() {
    let done = chan!(());
    for _ in 0..2 {
        go!([done] {
            close!(done); //~ double_close
        });
    }
    recv!(done);
}
/// A compaction that is asked for before its loop runs.
struct Compactor {
    ch: Chan<()>,
}
impl Compactor {
    fn maybe_compact(&self) {
        send!(self.ch <- ());
    }
    fn start(&self) {
        self.maybe_compact();
        let ch = self.ch.receiver();
        go!({ for _ in ch.iter().take(2) {} });
    }
}
fn compacts() {
    let c = Compactor { ch: chan!((), 1) };
    c.maybe_compact();
    c.start(); //~ self_deadlock_send
}
/// Nothing ever stops the quiescer.
struct Stopper {
    quiescer: Chan<()>,
}
impl Stopper {
    fn should_quiesce(&self) -> Receiver<()> {
        self.quiescer.receiver()
    }
}
fn quiesces() {
    let stopper = Stopper { quiescer: chan!(()) };
    recv!(stopper.should_quiesce()); //~ leaked_receive
}
/// The goroutines are counted for all and waited for one by one.
fn plugins(list: &[u32]) {
    let group = WaitGroup::new();
    group.add(list.len() as isize);
    for &plugin in list {
        go!([group] {
            defer!(group.done());
            println!("{plugin}");
        });
        group.wait(); //~ wait_in_spawn_loop
    }
}
/// The results are waited for before they are read.
fn exports(list: Vec<u32>) -> u32 {
    let (results, wg) = (chan!(u32), WaitGroup::new());
    for n in list {
        wg.add(1);
        go!([results, wg] {
            defer!(wg.done());
            send!(results <- n);
        });
    }
    wg.wait(); //~ wait_before_drain
    close!(results);
    results.iter().sum()
}
/// Counted too late.
struct Tasks {
    wg: WaitGroup,
}
impl Tasks {
    fn run_worker(&self) {
        self.wg.add(1); //~ add_in_goroutine
        let wg = self.wg.clone();
        go!({ wg.done(); });
    }
    fn stop(&self) {
        self.wg.wait();
    }
}
fn runs() {
    let tasks = Arc::new(Tasks { wg: WaitGroup::new() });
    go!([tasks] { tasks.run_worker(); });
    tasks.stop();
}
/// A missing `done` on an error.
fn fetches(urls: Vec<String>) {
    let wg = WaitGroup::new();
    for url in urls {
        wg.add(1);
        go!([wg] {
            if url.is_empty() {
                return; //~ missing_done
            }
            println!("{url}");
            wg.done(); //~ done_not_deferred
        });
    }
    wg.wait();
}
/// The context of a stream that nobody cancels.
fn streams(parent: &Context) {
    let (ctx, cancel) = parent.with_cancel();
    std::mem::forget(cancel); //~ lost_cancel
    go!({ ctx.done().recv(); });
}
/// A receiver that closes what others send on.
fn receives(ch: Chan<u32>) {
    for n in &ch {
        if n == 0 {
            break;
        }
    }
    close!(ch); //~ receiver_close
}
/// The only sender gives up, the loop reads zeros.
fn reads_zeros(ch: &Receiver<u32>, out: &Chan<u32>) {
    loop {
        let n = recv!(ch); //~ ok_ignored
        send!(out <- n);
    }
}
