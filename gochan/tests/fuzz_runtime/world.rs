//! What a round is about: its rules, and what its goroutines and threads share.

use std::env;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::*};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use fastrand::Rng;
use gochan::context::CancelHandle;
use gochan::prelude::*;

use crate::keyed::Keyed;
use crate::shelf::Shelf;
use crate::sync::Locks;
use crate::values::{Ledger, Value};
use crate::{channels, context, futures, goroutines, keyed, lanes, select, sync, timers};

/// A group of operations to draw from.
pub(crate) type Subject = (&'static str, fn(&Arc<World>, &mut Rng));

const SUBJECTS: [Subject; 9] = [
    ("channels", channels::operate),
    ("lanes", lanes::operate),
    ("futures", futures::operate),
    ("select", select::operate),
    ("goroutines", goroutines::operate),
    ("sync", sync::operate),
    ("keyed", keyed::operate),
    ("context", context::operate),
    ("timers", timers::operate),
];

/// How far a round goes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rules {
    /// Nothing is forgotten.
    pub(crate) strict: bool,
    /// Every value must be dropped. Not where destructors panic: rustc leaks what a function is about to return when a
    /// local variable's destructor panics.
    pub(crate) exact: bool,
    /// Code that the runtime calls panics now and then.
    pub(crate) panics: bool,
    /// Code that the runtime calls uses the runtime now and then.
    pub(crate) reenters: bool,
    /// Some of the panics are `goexit`s.
    pub(crate) goexit: bool,
}

impl Rules {
    fn draw(random: &mut Rng) -> Rules {
        let (strict, panics) = (random.u8(..4) > 0, random.bool());
        let drawn = Rules {
            strict,
            exact: strict && !panics,
            panics,
            reenters: random.bool(),
            goexit: random.bool(),
        };
        let Ok(given) = env::var("GOCHAN_FUZZ_RULES") else { return drawn };
        let has = |name| given.split(',').any(|word| word == name);
        Rules {
            strict: has("strict") || has("exact"),
            exact: has("exact"),
            panics: has("panics"),
            reenters: has("reenters"),
            goexit: has("goexit"),
        }
    }
}

pub(crate) struct World {
    pub(crate) rules: Rules,
    pub(crate) ledger: Arc<Ledger>,
    /// Evil wakers that exist.
    pub(crate) wakers: AtomicUsize,
    pub(crate) shelf: Shelf,
    pub(crate) locks: Locks,
    pub(crate) keyed: Keyed,
    /// Ends with the round.
    pub(crate) ctx: Context,
    cancel: CancelHandle,
    /// Channels that the round closes at its end: one may wait for them without a limit.
    channels: Mutex<Vec<Chan<Value>>>,
    subjects: Vec<Subject>,
    ending: AtomicBool,
    /// Goroutines and threads that may still use the world.
    live: AtomicUsize,
    /// Re-entering code that is running.
    acting: AtomicUsize,
    whims: AtomicU64,
}

/// A use of the world that its end waits for.
pub(crate) struct Live(Arc<World>);

impl Live {
    pub(crate) fn world(&self) -> &Arc<World> {
        &self.0
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        self.0.live.fetch_sub(1, SeqCst);
    }
}

/// Re-entering code that runs.
pub(crate) struct Acting<'a>(&'a World);

impl Drop for Acting<'_> {
    fn drop(&mut self) {
        self.0.acting.fetch_sub(1, Relaxed);
    }
}

impl World {
    pub(crate) fn new(random: &mut Rng) -> Arc<World> {
        let rules = Rules::draw(random);
        let (ctx, cancel) = background().with_cancel();
        let channels = (0..random.usize(2..=5)).map(|_| new_channel(random)).collect();
        Arc::new(World {
            rules,
            ledger: Arc::default(),
            wakers: AtomicUsize::new(0),
            shelf: Shelf::default(),
            locks: Locks::new(random),
            keyed: Keyed::default(),
            ctx,
            cancel,
            channels: Mutex::new(channels),
            subjects: subjects(random),
            ending: AtomicBool::new(false),
            live: AtomicUsize::new(0),
            acting: AtomicUsize::new(0),
            whims: AtomicU64::new(random.u64(..) | 1),
        })
    }

    /// Does something.
    pub(crate) fn operate(self: &Arc<World>, random: &mut Rng) {
        let (_, operate) = self.subjects[random.usize(..self.subjects.len())];
        operate(self, random);
    }

    /// Whether operations of this subject are drawn in this round.
    pub(crate) fn has(&self, subject: &str) -> bool {
        self.subjects.iter().any(|(name, _)| *name == subject)
    }

    /// True once in `n` times.
    pub(crate) fn whim(&self, n: u64) -> bool {
        self.random().is_multiple_of(n)
    }

    /// Random numbers for code that was not given any.
    pub(crate) fn random(&self) -> u64 {
        let state = self.whims.fetch_add(0x9e37_79b9_7f4a_7c15, Relaxed);
        Rng::with_seed(state).u64(..)
    }

    /// Registers re-entering code, unless there is much of it already.
    pub(crate) fn act(&self) -> Option<Acting<'_>> {
        let acting = Acting(self);
        (self.acting.fetch_add(1, Relaxed) < 6).then_some(acting)
    }

    /// Keeps the round from ending while it is held.
    pub(crate) fn live(self: &Arc<World>) -> Live {
        self.live.fetch_add(1, SeqCst);
        Live(self.clone())
    }

    pub(crate) fn live_count(&self) -> usize {
        self.live.load(SeqCst)
    }

    pub(crate) fn is_ending(&self) -> bool {
        self.ending.load(SeqCst)
    }

    fn channels(&self) -> MutexGuard<'_, Vec<Chan<Value>>> {
        self.channels.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One of the channels that close at the end of the round.
    pub(crate) fn channel(&self, random: &mut Rng) -> Chan<Value> {
        let channels = self.channels();
        if channels.is_empty() {
            // After the end.
            let ch = Chan::new();
            ch.close();
            return ch;
        }
        channels[random.usize(..channels.len())].clone()
    }

    /// Puts a new channel in the place of a closed one.
    pub(crate) fn renew_channel(&self, random: &mut Rng) {
        let new = new_channel(random);
        let mut channels = self.channels();
        if self.is_ending() {
            // Nobody would close it any more.
            return;
        }
        let index = random.usize(..channels.len());
        if channels[index].is_closed() {
            let old = std::mem::replace(&mut channels[index], new);
            drop(channels);
            drop(old);
        }
    }

    /// Makes everything that waits without a limit go on.
    pub(crate) fn end(&self) {
        self.ending.store(true, SeqCst);
        let channels = self.channels().clone();
        for channel in channels {
            crate::verdict::attempt(|| channel.close());
        }
        crate::verdict::attempt(|| self.cancel.cancel());
        self.locks.end();
    }

    /// Lets go of the channels and the shelf, which may hold each other.
    pub(crate) fn clear(&self, random: &mut Rng) {
        let channels = std::mem::take(&mut *self.channels());
        for channel in channels {
            crate::verdict::attempt(|| drop(channel));
        }
        self.shelf.clear(random);
        self.locks.clear();
        self.keyed.clear();
    }
}

/// A channel of one of the capacities at which something changes.
pub(crate) fn new_channel(random: &mut Rng) -> Chan<Value> {
    Chan::with_capacity([0, 0, 1, 2, 8][random.usize(..5)])
}

/// A time in which others do something.
pub(crate) fn moment(random: &mut Rng) -> Duration {
    Duration::from_nanos(random.u64(..200_000))
}

/// All of those asked for, or, in every other round, a few of them.
fn subjects(random: &mut Rng) -> Vec<Subject> {
    let only = env::var("GOCHAN_FUZZ_ONLY").unwrap_or_default();
    let names: Vec<_> = only.split(',').filter(|name| !name.is_empty()).collect();
    for name in &names {
        assert!(SUBJECTS.iter().any(|(known, _)| known == name), "no subject is called {name:?}");
    }
    let mut subjects = SUBJECTS.to_vec();
    subjects.retain(|(name, _)| names.is_empty() || names.contains(name));
    if random.bool() {
        random.shuffle(&mut subjects);
        subjects.truncate(1 + random.usize(..3));
    }
    subjects
}
