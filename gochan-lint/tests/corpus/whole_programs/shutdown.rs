//! A service that stops in order: no new work, what is under way ends, a deadline for the rest.

use gochan::context::{self as ctxs, ContextError};
use gochan::prelude::*;
use gochan::signal;
use gochan::sync::{Cond, Mutex};
use gochan::time::{Timer, sleep};
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

#[derive(Default)]
struct Inner {
    waiting: VecDeque<u32>,
    closed: bool,
}

/// A queue with a lock and a condition, as one writes it without channels.
#[derive(Default)]
struct Inbox {
    inner: Mutex<Inner>,
    changed: Cond,
}

impl Inbox {
    fn put(&self, value: u32) -> Result<(), u32> {
        let mut inner = self.inner.lock();
        if inner.closed {
            return Err(value);
        }
        inner.waiting.push_back(value);
        drop(inner);
        self.changed.signal();
        Ok(())
    }

    fn take(&self) -> Option<u32> {
        let mut inner = self.inner.lock();
        loop {
            if let Some(value) = inner.waiting.pop_front() {
                return Some(value);
            }
            if inner.closed {
                return None;
            }
            inner = self.changed.wait(inner);
        }
    }

    fn close(&self) {
        self.inner.lock().closed = true;
        self.changed.broadcast();
    }
}

struct Service {
    inbox: Inbox,
    workers: WaitGroup,
    served: Mutex<Vec<u32>>,
}

impl Service {
    fn start(workers: usize) -> Arc<Service> {
        let service = Arc::new(Service {
            inbox: Inbox::default(),
            workers: WaitGroup::new(),
            served: Mutex::new(Vec::new()),
        });
        for _ in 0..workers {
            let this = service.clone();
            service.workers.go(move || {
                while let Some(request) = this.inbox.take() {
                    sleep(Duration::from_millis(1));
                    this.served.lock().push(request);
                }
            });
        }
        service
    }

    /// Ends when all that was accepted has been served, or with the context's error.
    fn shutdown(self: &Arc<Self>, ctx: &Context) -> Result<(), ContextError> {
        self.inbox.close();
        let idle = chan!(());
        let this = Arc::clone(self);
        go!([idle] {
            this.workers.wait();
            close!(idle);
        });
        select! {
            <-idle => Ok(()),
            <-ctx.done() => ctx.check(),
        }
    }
}

fn clients(ctx: Context, service: Arc<Service>) -> u32 {
    let mut accepted = 0;
    let mut number = 0;
    while ctx.err().is_none() {
        number += 1;
        if service.inbox.put(number).is_err() {
            break;
        }
        accepted += 1;
        select! {
            <-ctx.done() => break,
            <-after(Duration::from_millis(1)) => {}
        }
    }
    accepted
}

fn run() -> Result<(), Box<dyn std::error::Error>> {
    let (ctx, stop) =
        signal::notify_context(&ctxs::background(), &[signal::Signal::INTERRUPT, signal::Signal::TERMINATE]);
    defer!(stop.cancel());
    let service = Service::start(2);
    let clients = go!(clients(ctx.clone(), service.clone()));

    // Nobody presses a key here: the clock does.
    let timer = Timer::new(Duration::from_millis(20));
    select! {
        <-ctx.done() => {
            timer.stop();
        }
        <-timer.channel() => stop.cancel(),
    }
    let accepted = clients.join().map_err(|_| "the clients panicked")?;

    // The signal's context has ended; what is left to do has its own.
    let (grace, done) = ctxs::background().with_timeout(Duration::from_secs(1));
    defer!(done.cancel());
    service.shutdown(&grace)?;
    let served = service.served.lock().len();
    println!("{accepted} accepted, {served} served");
    Ok(())
}

#[gochan::main]
fn main() {
    if let Err(error) = run() {
        eprintln!("{error}");
        std::process::exit(1);
    }
}
