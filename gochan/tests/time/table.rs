//! Rows TM-03 and TM-04: what `stop`, `reset` and a receive answer in every state, held against Go's own answers.
//!
//! A row begins with what is done first; then, for each operation, what it answers and what is answered after it. The
//! rows were printed by a Go program (Go 1.27) that does the same. Go's negative durations answer as zero does.

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::thread;
use std::time::{Duration, Instant};

use crate::common::watchdog;
use futures_core::Stream;
use gochan::Select;
use gochan::prelude::*;
use gochan::time::{FuncTimer, Ticker, Timer, after_func, sleep};

const NEAR: Duration = Duration::from_millis(20);

fn length(name: &str) -> Duration {
    match name {
        "zero" => Duration::ZERO,
        "near" => NEAR,
        "far" => Duration::from_secs(3600),
        "longest" => Duration::MAX,
        _ => unreachable!("{name}"),
    }
}

/// Lets a `near` time come, and not a second one.
fn pass() {
    sleep(NEAR + NEAR / 2);
}

/// Answers: `T` true, `F` false, `v` a time was received, `.` nothing was there, a digit counts runs.
/// After each operation: receive, receive, stop, stop, receive.
const TIMER: &str = "
    operations:                             | stop   | reset far | reset zero | try
    new zero                                | T..FF. | T..TF. | Tv.FF. | v..FF.
    new far                                 | T..FF. | T..TF. | Tv.FF. | ...TF.
    new longest                             | T..FF. | T..TF. | Tv.FF. | ...TF.
    new near, pass                          | T..FF. | T..TF. | Tv.FF. | v..FF.
    new near, receive                       | F..FF. | F..TF. | Fv.FF. | ...FF.
    new far, stop                           | F..FF. | F..TF. | Fv.FF. | ...FF.
    new far, stop, stop                     | F..FF. | F..TF. | Fv.FF. | ...FF.
    new near, pass, stop                    | F..FF. | F..TF. | Fv.FF. | ...FF.
    new near, receive, stop                 | F..FF. | F..TF. | Fv.FF. | ...FF.
    new far, reset far                      | T..FF. | T..TF. | Tv.FF. | ...TF.
    new far, reset zero                     | T..FF. | T..TF. | Tv.FF. | v..FF.
    new far, reset longest                  | T..FF. | T..TF. | Tv.FF. | ...TF.
    new near, pass, reset far               | T..FF. | T..TF. | Tv.FF. | ...TF.
    new near, pass, reset zero              | T..FF. | T..TF. | Tv.FF. | v..FF.
    new near, pass, reset near, pass        | T..FF. | T..TF. | Tv.FF. | v..FF.
    new near, receive, reset far            | T..FF. | T..TF. | Tv.FF. | ...TF.
    new near, receive, reset zero           | T..FF. | T..TF. | Tv.FF. | v..FF.
    new near, receive, reset near, receive  | F..FF. | F..TF. | Fv.FF. | ...FF.
    new far, stop, reset far                | T..FF. | T..TF. | Tv.FF. | ...TF.
    new far, stop, reset zero               | T..FF. | T..TF. | Tv.FF. | v..FF.
    new far, stop, reset near, pass         | T..FF. | T..TF. | Tv.FF. | v..FF.
    new near, pass, stop, reset far         | T..FF. | T..TF. | Tv.FF. | ...TF.
    new near, pass, stop, reset zero        | T..FF. | T..TF. | Tv.FF. | v..FF.
    new near, receive, stop, reset far      | T..FF. | T..TF. | Tv.FF. | ...TF.
    new far, reset zero, stop               | F..FF. | F..TF. | Fv.FF. | ...FF.
";

/// As above; Go's `Stop` and `Reset` of a ticker answer nothing: `-`.
/// After each operation: receive, receive, a period passes, receive, receive, stop, receive.
const TICKER: &str = "
    operations:                             | stop    | reset far | reset near | try
    new far                                 | -....-. | -....-. | -..v.-. | .....-.
    new longest                             | -....-. | -....-. | -..v.-. | .....-.
    new near, pass                          | -....-. | -....-. | -..v.-. | v..v.-.
    new near, pass, pass                    | -....-. | -....-. | -..v.-. | v..v.-.
    new near, receive                       | -....-. | -....-. | -..v.-. | ...v.-.
    new near, pass, receive                 | -....-. | -....-. | -..v.-. | ...v.-.
    new far, stop                           | -....-. | -....-. | -..v.-. | .....-.
    new far, stop, stop                     | -....-. | -....-. | -..v.-. | .....-.
    new near, pass, stop                    | -....-. | -....-. | -..v.-. | .....-.
    new near, receive, stop                 | -....-. | -....-. | -..v.-. | .....-.
    new far, reset far                      | -....-. | -....-. | -..v.-. | .....-.
    new far, reset near, pass               | -....-. | -....-. | -..v.-. | v..v.-.
    new near, pass, reset far               | -....-. | -....-. | -..v.-. | .....-.
    new near, receive, reset far            | -....-. | -....-. | -..v.-. | .....-.
    new near, pass, reset near              | -....-. | -....-. | -..v.-. | ...v.-.
    new near, pass, reset near, pass        | -....-. | -....-. | -..v.-. | v..v.-.
    new far, stop, reset far                | -....-. | -....-. | -..v.-. | .....-.
    new far, stop, reset near, pass         | -....-. | -....-. | -..v.-. | v..v.-.
    new near, pass, stop, reset near, pass  | -....-. | -....-. | -..v.-. | v..v.-.
";

/// `begin` waits until the function has begun, `run` until it has ended.
/// After each operation: how many more runs come to their end, stop, stop.
const FUNC: &str = "
    operations:                             | stop | reset far | reset zero
    new far                                 | T0FF | T0TF | T1FF
    new longest                             | T0FF | T0TF | T1FF
    new zero, begin                         | F1FF | F1TF | F2FF
    new zero, run                           | F0FF | F0TF | F1FF
    new near, run                           | F0FF | F0TF | F1FF
    new far, stop                           | F0FF | F0TF | F1FF
    new far, stop, stop                     | F0FF | F0TF | F1FF
    new zero, run, stop                     | F0FF | F0TF | F1FF
    new zero, begin, stop                   | F1FF | F1TF | F2FF
    new far, reset far                      | T0FF | T0TF | T1FF
    new far, reset zero, begin              | F1FF | F1TF | F2FF
    new far, reset zero, run                | F0FF | F0TF | F1FF
    new zero, begin, reset far              | T1FF | T1TF | T2FF
    new zero, run, reset far                | T0FF | T0TF | T1FF
    new zero, run, reset zero, run          | F0FF | F0TF | F1FF
    new far, stop, reset far                | T0FF | T0TF | T1FF
    new far, stop, reset zero, run          | F0FF | F0TF | F1FF
    new zero, run, stop, reset far          | T0FF | T0TF | T1FF
    new zero, begin, stop, reset far        | T1FF | T1TF | T2FF
    new far, reset far, stop                | F0FF | F0TF | F1FF
";

/// What the rows are about.
trait Subject {
    /// Does what `step` says, and returns the answer, if there is one.
    fn step(&mut self, step: &str) -> Option<char>;
}

/// Does all that the table says, and compares.
#[track_caller]
fn check<S: Subject>(table: &str, after: &[&str], make: impl Fn(Duration) -> S) {
    let mut rows = table.lines().map(str::trim).filter(|row| !row.is_empty());
    let operations: Vec<_> = rows.next().unwrap().split('|').skip(1).map(str::trim).collect();
    let mut wrong = Vec::new();
    for row in rows {
        let (script, cells) = row.split_once('|').unwrap();
        for (operation, expected) in operations.iter().zip(cells.split('|').map(str::trim)) {
            let mut steps = script.trim().split(", ");
            let mut subject = make(length(steps.next().unwrap().strip_prefix("new ").unwrap()));
            steps.for_each(|step| _ = subject.step(step));
            let answers = [operation].into_iter().chain(after).filter_map(|step| subject.step(step));
            let answers: String = answers.collect();
            if answers != expected {
                wrong.push(format!("{}, {operation}: {answers}, in Go {expected}", script.trim()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn truth(answer: bool) -> char {
    if answer { 'T' } else { 'F' }
}

type Channel = Receiver<Instant>;
/// A way to receive what is there without waiting for it.
type Try = fn(&Channel) -> Option<Instant>;

const TRIES: &[(&str, Try)] = &[
    ("try_recv", |channel| channel.try_recv().ok()),
    ("try_iter", |channel| channel.try_iter().next()),
    ("recv_timeout", |channel| channel.recv_timeout(Duration::ZERO).ok()),
    ("select", |channel| {
        select! {
            Some(time) = <-channel => Some(time),
            default => None,
        }
    }),
    ("select of many", |channel| {
        let never = chan!(());
        select! {
            Some(time) = <-channel => Some(time),
            <-never => None,
            default => None,
        }
    }),
    ("Select", |channel| {
        let mut select = Select::new();
        let arm = select.recv(channel);
        select.try_wait().and_then(|ready| ready.recv(arm))
    }),
    ("Select with a timeout", |channel| {
        let mut select = Select::new();
        let arm = select.recv(channel);
        select.wait_timeout(Duration::ZERO).and_then(|ready| ready.recv(arm))
    }),
    ("future", |channel| ready(pin!(channel.recv_async()).poll(&mut context())).flatten()),
    ("stream", |channel| ready(pin!(channel.stream()).poll_next(&mut context())).flatten()),
    ("Select in a task", |channel| {
        let mut select = Select::new();
        let arm = select.recv(channel);
        let wait = pin!(select.wait_async()).poll(&mut context());
        ready(wait).and_then(|ready| ready.recv(arm))
    }),
    ("goroutine", |channel| {
        let channel = channel.clone();
        go!({ channel.try_recv().ok() }).join().unwrap()
    }),
];

fn context() -> Context<'static> {
    Context::from_waker(Waker::noop())
}

fn ready<T>(poll: Poll<T>) -> Option<T> {
    if let Poll::Ready(value) = poll { Some(value) } else { None }
}

/// Receives in one of these ways.
struct By<S>(S, Try);

impl Subject for By<Timer> {
    fn step(&mut self, step: &str) -> Option<char> {
        let By(timer, attempt) = self;
        let channel = timer.channel();
        assert_eq!((channel.len(), channel.capacity(), channel.is_closed()), (0, 0, false));
        match step.split_once(' ').unwrap_or((step, "")) {
            ("stop", _) => Some(truth(timer.stop())),
            ("reset", d) => Some(truth(timer.reset(length(d)))),
            ("receive", _) => channel.recv().map(|_| 'v'),
            ("try", _) => Some(attempt(channel).map_or('.', |_| 'v')),
            _ => {
                pass();
                None
            }
        }
    }
}

impl Subject for By<Ticker> {
    fn step(&mut self, step: &str) -> Option<char> {
        let By(ticker, attempt) = self;
        let channel = ticker.channel();
        assert_eq!((channel.len(), channel.capacity(), channel.is_closed()), (0, 0, false));
        match step.split_once(' ').unwrap_or((step, "")) {
            ("stop", _) => {
                ticker.stop();
                assert!(!ticker.stop(), "it is stopped");
                Some('-')
            }
            ("reset", d) => {
                ticker.reset(length(d));
                Some('-')
            }
            ("receive", _) => channel.recv().map(|_| 'v'),
            ("try", _) => Some(attempt(channel).map_or('.', |_| 'v')),
            _ => {
                pass();
                None
            }
        }
    }
}

struct Func {
    timer: FuncTimer,
    begun: Receiver<()>,
    gate: Chan<()>,
    ended: Receiver<()>,
}

impl Func {
    fn new(d: Duration) -> Func {
        let gate = Chan::with_capacity(9);
        let (begin, begun) = Chan::with_capacity(9).split();
        let (end, ended) = Chan::with_capacity(9).split();
        let opened = gate.receiver();
        let f = move || {
            begin.send(()).unwrap();
            opened.recv();
            end.send(()).unwrap();
        };
        Func { timer: after_func(d, f), begun, gate, ended }
    }
}

impl Subject for Func {
    fn step(&mut self, step: &str) -> Option<char> {
        match step.split_once(' ').unwrap_or((step, "")) {
            ("stop", _) => Some(truth(self.timer.stop())),
            ("reset", d) => Some(truth(self.timer.reset(length(d)))),
            ("begin", _) => self.begun.recv().and(None),
            ("run", _) => {
                self.begun.recv();
                self.gate.send(()).unwrap();
                self.ended.recv().and(None)
            }
            // Virtual time: this sleep ends when nothing else can go on.
            _ => {
                self.gate.close();
                sleep(NEAR);
                char::from_digit(self.ended.try_iter().count() as u32, 10)
            }
        }
    }
}

const AFTER_TIMER: &[&str] = &["try", "try", "stop", "stop", "try"];
const AFTER_TICKER: &[&str] = &["try", "try", "pass", "try", "try", "stop", "try"];

#[gochan::test(virtual_time)]
fn tm_03_tm_04_timers_answer_as_go_s() {
    for &(way, attempt) in TRIES {
        println!("{way}");
        check(TIMER, AFTER_TIMER, |d| By(Timer::new(d), attempt));
    }
}

#[gochan::test(virtual_time)]
fn tm_04_tm_05_tickers_answer_as_go_s() {
    for &(way, attempt) in TRIES {
        println!("{way}");
        check(TICKER, AFTER_TICKER, |d| By(Ticker::new(d), attempt));
    }
}

#[gochan::test(virtual_time)]
fn tm_04_tm_06_functions_answer_as_go_s() {
    check(FUNC, &["runs", "stop", "stop"], Func::new);
}

/// No answer of this table depends on how long anything takes.
#[test]
fn tm_03_tm_04_timers_answer_as_go_s_in_real_time() {
    let _watchdog = watchdog();
    let ways = TRIES.iter().copied().chain([("thread", on_a_thread as Try)]);
    let tables: Vec<_> = ways
        .map(|(way, attempt)| {
            let table = move || check(TIMER, AFTER_TIMER, |d| By(Timer::new(d), attempt));
            (way, go!(table()), thread::spawn(table))
        })
        .collect();
    for (way, in_goroutine, on_thread) in tables {
        println!("{way}");
        in_goroutine.join().unwrap();
        on_thread.join().unwrap();
    }
}

fn on_a_thread(channel: &Channel) -> Option<Instant> {
    let channel = channel.clone();
    thread::spawn(move || channel.try_recv().ok()).join().unwrap()
}
