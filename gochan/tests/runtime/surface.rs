//! The public surface: every name that code elsewhere relies on, used as it is promised. That it compiles is most of the
//! test; what it does has tests of its own.

#![allow(unused_qualifications, reason = "the paths are what is tested")]

use std::collections::HashMap;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use crate::common::watchdog;
use gochan::prelude::*;

const SOON: Duration = Duration::from_millis(1);
const LATER: Duration = Duration::from_secs(60);

#[gochan::test]
fn the_prelude_has_the_macros_and_the_types_of_everyday_use() {
    fn types(_: Context, _: Chan<i32>, _: Sender<i32>, _: Receiver<i32>, _: WaitGroup) {}
    let ch: Chan<i32> = chan!(i32);
    let buffered: Chan<i32> = chan!(i32, 2);
    types(background(), ch.clone(), ch.sender(), ch.receiver(), WaitGroup::new());
    let timeout: Receiver<Instant> = after(LATER);
    go!([buffered] {
        defer!(close!(buffered));
        send!(buffered <- 1);
        send!(buffered <- 2);
    });
    let one: i32 = recv!(buffered);
    let (two, ok): (i32, bool) = recv!(buffered, ok);
    let (zero, open): (i32, bool) = recv!(buffered, ok);
    assert_eq!((one, two, ok, zero, open), (1, 2, true, 0, false));
    let chosen = select! {
        v = <-ch => v,
        <-timeout => -1,
        default => 7,
    };
    assert_eq!(chosen, 7);
    let answer = with_context!(ctx = background().with_timeout(LATER) => ctx.err().is_none());
    assert!(answer);
    with_context!((ctx, cancel) = background().with_cancel() => {
        cancel.cancel();
        assert!(ctx.check().is_err());
    });
}

#[test]
fn the_crate_root_has_its_types() {
    let _watchdog = watchdog();
    fn types(_: &gochan::Chan<u8>, _: &gochan::Sender<u8>, _: &gochan::Receiver<u8>) {}
    let ch = gochan::Chan::<u8>::with_capacity(1);
    types(&ch, &ch.sender(), &ch.receiver());
    let handle: gochan::JoinHandle<i32> = go!({ 3 });
    let _id = handle.id();
    let _finished: bool = handle.is_finished();
    let joined: thread::Result<i32> = handle.join();
    assert_eq!(joined.unwrap(), 3);
    let built = gochan::Builder::new()
        .name("named")
        .stack_size(64 * 1024)
        .placement(gochan::Placement::Local)
        .spawn(|| "built");
    assert_eq!(built.join().unwrap(), "built");
    let mut sum = 0;
    gochan::scope(|s| {
        s.go(|| sum += 1);
    });
    assert_eq!(sum, 1);
    assert_eq!(gochan::blocking(|| 5), 5);
    let ctx: gochan::Context = gochan::context::background();
    let wg: gochan::WaitGroup = gochan::sync::WaitGroup::new();
    drop((ctx, wg));
}

#[gochan::test]
fn channels_have_their_methods_and_errors() {
    use gochan::chan::{RecvTimeoutError, SendError, SendTimeoutError, TryRecvError, TrySendError};
    let ch = Chan::<String>::with_capacity(1);
    let sent: Result<(), SendError<String>> = ch.send("a".to_owned());
    sent.unwrap();
    assert!(matches!(ch.try_send("b".to_owned()), Err(TrySendError::Full(b)) if b == "b"));
    assert!(matches!(ch.send_timeout("c".to_owned(), SOON), Err(SendTimeoutError::Timeout(c)) if c == "c"));
    assert_eq!((ch.len(), ch.capacity(), ch.is_empty(), ch.is_full()), (1, 1, false, true));
    let received: Option<String> = ch.recv();
    assert_eq!(received.as_deref(), Some("a"));
    assert!(matches!(ch.try_recv(), Err(TryRecvError::Empty)));
    assert!(matches!(ch.recv_timeout(SOON), Err(RecvTimeoutError::Timeout)));
    assert!(!ch.is_closed() && !ch.is_nil());
    assert!(ch.same_channel(&ch.clone()));
    let closed: bool = ch.close();
    assert!(closed && !ch.close() && ch.is_closed());
    let SendError(back) = ch.send("d".to_owned()).unwrap_err();
    assert_eq!(back, "d");
    assert!(matches!(ch.try_send("e".to_owned()), Err(TrySendError::Closed(e)) if e == "e"));
    assert!(matches!(ch.send_timeout("f".to_owned(), SOON), Err(SendTimeoutError::Closed(f)) if f == "f"));
    assert!(matches!(ch.try_recv(), Err(TryRecvError::Closed)));
    assert!(matches!(ch.recv_timeout(SOON), Err(RecvTimeoutError::Closed)));

    let (tx, rx): (Sender<i32>, Receiver<i32>) = chan!(i32, 4).split();
    (0..4).for_each(|n| tx.send(n).unwrap());
    let tried: Vec<i32> = rx.try_iter().take(1).collect();
    assert!(tx.close());
    let mut rest: Vec<i32> = (&rx).into_iter().take(1).collect();
    rest.extend(rx.iter().take(1));
    rest.extend(rx);
    assert_eq!((tried, rest), (vec![0], vec![1, 2, 3]));

    let (chan, sender, receiver) = (Chan::<i32>::nil(), Sender::<i32>::nil(), Receiver::<i32>::nil());
    assert!(chan.is_nil() && sender.is_nil() && receiver.is_nil());
    assert!(Chan::<i32>::default().is_nil());
    assert!(Sender::<i32>::default().is_nil() && Receiver::<i32>::default().is_nil());
    let _: Chan<i32> = Chan::new();
}

#[gochan::test]
fn select_takes_every_form_of_arm() {
    fn choose(
        ctx: &Context,
        rx: &Receiver<i32>,
        tx: &Sender<i32>,
        on: bool,
        never: bool,
    ) -> Result<i32, i32> {
        let job = 9;
        let maybe: Option<&Receiver<i32>> = None;
        let chosen = select! {
            biased;
            v, ok = <-rx, if never => Ok(if ok { v } else { -1 }),
            Some(v) = <-rx, if on => Ok(v),
            Some(v) = <-rx else { return Ok(-2) }, if !on => Ok(v),
            _v = <-maybe => unreachable!("nil"),
            r = tx <- job => r.map(|()| 0).map_err(|gochan::chan::SendError(job)| job),
            <-ctx.done() => Err(job),
            <-after(LATER) => unreachable!("too late"),
        };
        assert_ne!(chosen, Ok(-1));
        chosen
    }
    let ctx = background();
    let (tx, rx) = chan!(i32, 1).split();
    assert_eq!(choose(&ctx, &rx, &tx, true, false), Ok(0));
    assert_eq!(choose(&ctx, &rx, &tx, true, false), Ok(9));
    tx.close();
    assert_eq!(choose(&ctx, &rx, &tx, true, false), Err(9));
    assert_eq!(choose(&ctx, &rx, &tx, false, false), Ok(-2));
    let off = select! {
        Some(_) = <-rx => 1,
        else => 2,
    };
    assert_eq!(off, 2);
    let mut select = gochan::Select::new();
    let arm = select.recv(&rx);
    assert_eq!(select.wait().recv(arm), None);
}

#[gochan::test]
fn context_has_its_constructors_values_and_causes() {
    use gochan::context::{CancelHandle, ContextError, background, todo};
    struct RequestId(u32);
    let (ctx, cancel): (Context, CancelHandle) = background().with_cancel();
    let ctx = ctx.with_value(RequestId(4));
    assert_eq!(ctx.value::<RequestId>().map(|id| id.0), Some(4));
    assert!(ctx.value::<String>().is_none());
    let done: &Receiver<()> = ctx.done();
    assert!(!done.is_closed() && ctx.deadline().is_none());
    let apart = ctx.without_cancel();
    let (called, calls) = chan!((), 1).split();
    let stop = ctx.after_func(move || send!(called <- ()));
    cancel.clone().cancel();
    cancel.cancel();
    calls.recv();
    assert!(!stop.stop());
    assert_eq!(ctx.err(), Some(ContextError::Canceled));
    let checked: Result<(), ContextError> = ctx.check();
    assert_eq!(checked.unwrap_err().to_string(), "context canceled");
    assert!(ctx.cause().is_some() && apart.err().is_none());

    let (late, _cancel) = todo().with_deadline(Instant::now() + SOON);
    late.done().recv();
    assert_eq!(late.err().unwrap().to_string(), "context deadline exceeded");
    assert!(late.deadline().is_some());
    let (late, _cancel) = background().with_timeout(SOON);
    late.done().recv();
    assert_eq!(late.err(), Some(ContextError::DeadlineExceeded));
}

#[gochan::test]
fn sync_has_its_primitives() {
    use gochan::sync::{
        Cond, Lazy, Map, Mutex, Once, OnceCell, Pool, RwLock, Semaphore, WaitGroup, errgroup, singleflight,
    };
    static LAZY: Lazy<u32> = Lazy::new(|| 8);
    let mutex = Mutex::new(1);
    *mutex.lock() += 1;
    assert_eq!(mutex.try_lock().map(|guard| *guard), Some(2));
    let lock = RwLock::new(1);
    *lock.write() += 1;
    assert_eq!(*lock.read(), 2);
    let (once, mut runs) = (Once::new(), 0);
    once.call_once(|| runs += 1);
    once.call_once(|| runs += 1);
    let cell = OnceCell::new();
    assert_eq!((runs, *cell.get_or_init(|| 5), *LAZY), (1, 5, 8));
    let shared = Arc::new((Mutex::new(false), Cond::new()));
    let other = shared.clone();
    go!({
        *other.0.lock() = true;
        other.1.notify_all();
    });
    let mut ready = shared.0.lock();
    while !*ready {
        ready = shared.1.wait(ready);
    }
    let pool = Pool::new(Vec::<u8>::new);
    drop(pool.get());
    let map: Map<String, i32> = Map::new();
    assert!(map.is_empty());
    let semaphore = Semaphore::new(2);
    assert!(semaphore.try_acquire(1));
    let group: errgroup::Group<String> = errgroup::Group::new();
    group.go(|| Err("first".to_owned()));
    assert_eq!(group.wait().unwrap_err(), "first");
    let flights: singleflight::Group<String, i32> = singleflight::Group::new();
    assert_eq!(flights.do_("key".to_owned(), || 1), flights.run("key".to_owned(), || 1));
    assert_eq!(flights.do_chan("key".to_owned(), || 2).recv(), Some((2, false)));
    flights.forget("key");
    let wg = WaitGroup::new();
    wg.add(1);
    wg.go(|| ());
    wg.done();
    wg.wait();
}

#[gochan::test]
fn time_has_its_clocks() {
    use gochan::time::{Ticker, Timer, after, after_func, now, sleep, tick};
    let start: Instant = now();
    sleep(SOON);
    assert!(start.elapsed() >= SOON);
    let at: Option<Instant> = after(SOON).recv();
    assert!(at.is_some());
    let ticks: Receiver<Instant> = tick(SOON);
    assert!(ticks.recv().is_some());
    let (called, calls) = chan!((), 1).split();
    let _func = after_func(SOON, move || called.send(()).unwrap_or_default());
    calls.recv();
    let timer = Timer::new(LATER);
    let channel: &Receiver<Instant> = timer.channel();
    assert!(channel.is_empty());
    assert!(timer.reset(LATER) && timer.stop() && !timer.stop());
    let ticker = Ticker::new(SOON);
    assert!(ticker.channel().recv().is_some());
    ticker.reset(LATER);
    ticker.stop();
}

#[gochan::test]
fn the_runtime_can_be_asked_and_configured() {
    use gochan::runtime::{self, Backend, PanicPolicy};
    runtime::gosched();
    assert!(go!({ runtime::goexit() }).join().is_err());
    let _count: usize = runtime::num_goroutine();
    let _all: HashMap<u64, String> = runtime::goroutines().iter().map(|g| (g.id, format!("{g:?}"))).collect();
    let _metrics = runtime::metrics();
    let profile: runtime::Profile = runtime::profile();
    assert_eq!(profile.groups().iter().map(|group| group.count).sum::<usize>(), profile.count());
    assert!(profile.findings().is_empty() && profile.to_json().starts_with('{'));
    // The runtime runs already: that is what `install` says.
    let installed = runtime::Builder::new()
        .workers(1)
        .stack_size(128 * 1024)
        .on_panic(PanicPolicy::Report)
        .backend(Backend::Coroutines)
        .leaks_after(Duration::from_secs(300))
        .install();
    assert!(installed.is_err());
}

#[gochan::test]
fn patterns_compose() {
    use gochan::patterns::{merge, or_done, pipeline, tee, worker_pool};
    let (ctx, _cancel) = background().with_cancel();
    let jobs = chan!(i32, 3);
    (1..=3).for_each(|n| send!(jobs <- n));
    close!(jobs);
    let squares = worker_pool(&ctx, 2, jobs.receiver(), |n: i32| n * n);
    let (left, right) = tee(&ctx, or_done(&ctx, squares));
    let doubled = pipeline(&ctx, left).then(|n| 2 * n).output();
    assert_eq!(merge(&ctx, [doubled, right]).iter().sum::<i32>(), 3 * (1 + 4 + 9));
}

#[gochan::test]
fn futures_work_on_the_same_channels() {
    fn is_future<T>(_: impl Future<Output = T>) {}
    let ch = chan!(i32, 1);
    is_future(ch.send_async(1));
    is_future(ch.recv_async());
    let _stream = ch.receiver().stream();
}
