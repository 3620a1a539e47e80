//! Looking up names, on a few threads of its own: neither a worker nor the threads of `blocking` wait for a name
//! server.

use super::error;
use crate::base::actors::{Source, ThreadKind};
use crate::base::fork;
use crate::base::location::SourceLocation;
use crate::base::lock::lock;
use crate::base::thread_pool::ThreadPool;
use crate::context::Context;
use crate::sched::park::{Owner, Parker, WaitReason};
use crate::sched::worker::Worker;
use std::io;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::panic::{AssertUnwindSafe, Location, catch_unwind};
use std::sync::{Arc, LazyLock, Mutex};

/// Look-ups that are made at the same time; further ones wait for their turn.
const THREADS: usize = 8;

static POOL: LazyLock<ThreadPool> =
    LazyLock::new(|| ThreadPool::new("gochan-lookup", ThreadKind::Owned, Some(THREADS)));

/// The addresses of `host`, as the system finds them. Parks the goroutine, or blocks the thread, until they are found.
///
/// Eight look-ups run at the same time, on threads of their own.
///
/// # Errors
/// The system's, such as that there is no such name.
///
/// ```
/// let addresses = gochan::net::lookup("localhost")?;
/// assert!(addresses.iter().all(|ip| ip.is_loopback()));
/// # Ok::<(), std::io::Error>(())
/// ```
#[doc(alias = "LookupHost")]
#[doc(alias = "LookupIP")]
#[track_caller]
pub fn lookup(host: &str) -> io::Result<Vec<IpAddr>> {
    find(None, host.to_owned(), Location::caller())
}

/// As [`lookup`], until `ctx` ends. The system's call goes on then, and its result is dropped.
///
/// # Errors
/// As for `lookup`, or the end of `ctx`.
#[track_caller]
pub fn lookup_ctx(ctx: &Context, host: &str) -> io::Result<Vec<IpAddr>> {
    find(Some(ctx), host.to_owned(), Location::caller())
}

/// What the caller and the thread that makes the call share.
#[derive(Default)]
struct Call {
    result: Option<io::Result<Vec<IpAddr>>>,
    waiter: Option<Owner>,
}

fn wake(call: &Mutex<Call>, result: Option<io::Result<Vec<IpAddr>>>) {
    let mut locked = lock(call);
    if result.is_some() {
        locked.result = result;
    }
    let waiter = locked.waiter.take();
    drop(locked);
    if let Some(waiter) = waiter {
        waiter.wake();
    }
}

pub(super) fn find(ctx: Option<&Context>, host: String, place: SourceLocation) -> io::Result<Vec<IpAddr>> {
    if let Some(ended) = ctx.and_then(Context::ended) {
        return Err(error::ended(ended));
    }
    if fork::is_forked_child() || Worker::current().is_some_and(|worker| worker.driver().is_some()) {
        // There is no other thread, or virtual time stands still meanwhile.
        return ask(&host);
    }
    let call = Arc::new(Mutex::new(Call::default()));
    let job = {
        let (call, acts) = (call.clone(), Source::new());
        move || {
            let found = catch_unwind(AssertUnwindSafe(|| ask(&host)));
            wake(&call, Some(found.unwrap_or_else(|_| Err(io::Error::other("the look-up panicked")))));
            drop(acts);
        }
    };
    POOL.submit(Box::new(job), None, place)?;
    let stop = ctx.filter(|ctx| !ctx.done().is_nil()).map(|ctx| {
        let call = call.clone();
        ctx.after_func(move || wake(&call, None))
    });
    let found = loop {
        let parker = Parker::current();
        let mut locked = lock(&call);
        if let Some(result) = locked.result.take() {
            break result;
        }
        if let Some(ended) = ctx.and_then(Context::ended) {
            break Err(error::ended(ended));
        }
        locked.waiter = Some(parker.owner());
        drop(locked);
        parker.park(WaitReason::NetLookup, place);
    };
    if let Some(stop) = stop {
        stop.stop();
    }
    found
}

fn ask(host: &str) -> io::Result<Vec<IpAddr>> {
    let mut found: Vec<IpAddr> =
        (host, 0).to_socket_addrs()?.map(|address: SocketAddr| address.ip()).collect();
    let mut seen = Vec::new();
    found.retain(|ip| {
        let new = !seen.contains(ip);
        if new {
            seen.push(*ip);
        }
        new
    });
    Ok(found)
}
