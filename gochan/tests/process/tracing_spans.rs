//! The feature `tracing`: what a goroutine says is in its span, whoever ran in between.

// gochan-lint: allow-file(missing_done) a panic fails the test
use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::fmt::Debug;
use std::sync::atomic::{AtomicU64, Ordering::*};
use std::sync::{LazyLock, Mutex, MutexGuard};

use crate::common::process::scenarios;
use crate::common::until;
use gochan::Builder;
use gochan::prelude::*;
use gochan::runtime::current_id;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber, info};

scenarios!(spans_of_many);

/// What the subscriber has seen.
#[derive(Default)]
struct Seen {
    /// The fields of each span.
    spans: HashMap<u64, HashMap<String, String>>,
    closed: HashSet<u64>,
    /// The `said` of each event, and its span.
    events: Vec<(String, Option<u64>)>,
    faults: Vec<String>,
}

static SEEN: LazyLock<Mutex<Seen>> = LazyLock::new(Mutex::default);

fn seen() -> MutexGuard<'static, Seen> {
    SEEN.lock().unwrap()
}

thread_local! {
    static ENTERED: RefCell<Vec<u64>> = const { RefCell::new(Vec::new()) };
}

struct Watcher(AtomicU64);

struct Fields<'a>(&'a mut HashMap<String, String>);

impl Visit for Fields<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.0.insert(field.name().to_owned(), format!("{value:?}").trim_matches('"').to_owned());
    }
}

impl Subscriber for Watcher {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, attributes: &Attributes<'_>) -> Id {
        let id = self.0.fetch_add(1, Relaxed) + 1;
        let mut fields = HashMap::new();
        attributes.record(&mut Fields(&mut fields));
        seen().spans.insert(id, fields);
        Id::from_u64(id)
    }

    fn record(&self, span: &Id, values: &Record<'_>) {
        let mut seen = seen();
        values.record(&mut Fields(seen.spans.get_mut(&span.into_u64()).expect("a span that was made")));
    }

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut fields = HashMap::new();
        event.record(&mut Fields(&mut fields));
        let span = ENTERED.with_borrow(|entered| entered.last().copied());
        seen().events.push((fields.remove("said").expect("an event of this test"), span));
    }

    fn enter(&self, span: &Id) {
        ENTERED.with_borrow_mut(|entered| entered.push(span.into_u64()));
    }

    fn exit(&self, span: &Id) {
        let left = ENTERED.with_borrow_mut(Vec::pop);
        if left != Some(span.into_u64()) {
            seen().faults.push(format!("left {span:?} inside of {left:?}"));
        }
    }

    fn try_close(&self, span: Id) -> bool {
        if !seen().closed.insert(span.into_u64()) {
            seen().faults.push(format!("{span:?} closed twice"));
        }
        true
    }
}

fn spans_of_many() {
    tracing::subscriber::set_global_default(Watcher(AtomicU64::new(0))).expect("the first one");
    let wg = WaitGroup::new();
    let mut handles = Vec::new();
    for pair in 0..20 {
        let (ping, pong) = (chan!(u32), chan!(u32));
        for (role, from, to) in [("ping", &pong, &ping), ("pong", &ping, &pong)] {
            let (from, to, wg) = (from.clone(), to.clone(), wg.clone());
            wg.add(1);
            handles.push(Builder::new().name(format!("{role} {pair}")).spawn(move || {
                for turn in 0..50 {
                    if role == "ping" {
                        send!(to <- turn);
                    }
                    recv!(from);
                    info!(said = format!("{} {role} {pair}", current_id().unwrap()));
                    if role == "pong" {
                        send!(to <- turn);
                    }
                }
                wg.done();
            }));
        }
    }
    let site = line!() - 15;
    // Short ones, that run one after the other on one stack.
    for _ in 0..200 {
        handles.push(go!({ info!(said = format!("{} short", current_id().unwrap())) }));
    }
    wg.wait();
    let goroutines = handles.len();
    handles.into_iter().for_each(|handle| handle.join().unwrap());
    until(|| seen().closed.len() == goroutines);

    let seen = seen();
    assert_eq!(seen.faults, [""; 0]);
    assert_eq!(seen.spans.len(), goroutines);
    assert_eq!(seen.events.len(), 20 * 2 * 50 + 200);
    for (said, span) in &seen.events {
        let fields = &seen.spans[&span.expect("an event in a span")];
        let (id, name) = said.split_once(' ').unwrap();
        assert_eq!(fields["id"], id, "{said}");
        assert!(fields["spawned_at"].starts_with(file!()), "{fields:?}");
        if name != "short" {
            assert_eq!(fields["name"], name);
            assert!(fields["spawned_at"].contains(&format!(":{site}:")), "{fields:?}, not {site}");
        }
    }
}

/// The subscriber is the process's.
#[test]
fn what_a_goroutine_says_is_in_its_span() {
    scenario("spans_of_many").run().prints("");
}
