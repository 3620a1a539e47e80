//! A bubble: a single worker whose goroutines run one after the other on one thread, under a clock of their own and in
//! an order that a [`Director`] chooses. The goroutines reach it through the worker's [`driver`].
//!
//! To code that spawns, wakes and waits, it is a worker like any other; its thread finds it where every thread finds
//! its worker. The differences are the loop that drives it, and three cold places: where a budget is used up, where the
//! clock is read, and where a chain of tasks would continue without the loop. For a director that is asked after every
//! single operation, the budget is kept at zero.
//!
//! Time stands still while any goroutine can run, unless the director decides otherwise. When all wait, the goroutines
//! in `wait_for_quiet` go on; if there are none, the clock jumps to the next deadline; without a deadline no
//! goroutine will ever go on. See [`time`].

mod driver;
mod end;
mod time;

use super::director::{Choice, Current, Director, End, Event, Options, Ready};
use super::own_workers;
use crate::base::attributes::Attributes;
use crate::base::callback::abort_on_unwind;
use crate::base::clock::{self, Moment};
use crate::base::policy::BUDGET;
use crate::base::slow_path;
use crate::base::test_group::TestGroup;
use crate::base::touch::Touch;
use crate::knots;
use crate::sched::goroutine::Goroutine;
use crate::sched::here;
use crate::sched::park::Owner;
use crate::sched::runtime;
use crate::sched::runtime::Workers;
use crate::sched::worker::Worker;
use crate::sched::worker::driver::{Point, Runnable};
use crate::spawn::join::JoinHandle;
use std::cell::{Cell, RefCell};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap, HashMap};
use std::panic::Location;
use std::ptr;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// The number of turns in which goroutines that are not in a knot must come to rest.
const MANY_TURNS: u32 = 1000;

/// The number of the first goroutine of a run.
const FIRST: u32 = 1;

pub(crate) struct Bubble {
    worker: &'static Worker,
    group: Arc<TestGroup>,
    director: Box<dyn Director>,
    beginning: Instant,
    now: Cell<Instant>,
    ready: RefCell<Ready>,
    /// The goroutine that was chosen to be next while another one was running.
    chosen: Cell<Option<(u32, Runnable)>>,
    running: Cell<u32>,
    /// The goroutine that was running when the clock was chosen to be next.
    aside: Cell<Option<(u32, Runnable)>>,
    /// The times of timers that are ready and that nothing waits for: all that have been set, and none that were
    /// stopped since.
    unawaited: RefCell<BinaryHeap<Reverse<Moment>>>,
    /// The operations since the last wake, spawn, park or end; unsuccessful polls weigh most.
    in_vain: Cell<u32>,
    /// The total time by which jumps of the clock have delayed goroutines that could run.
    held_up: Cell<Duration>,
    /// Set once the first goroutine has ended: until when time passes.
    end: Cell<Option<Moment>>,
    /// The goroutines that wait for all others to wait.
    waiting_for_quiet: RefCell<Vec<Owner>>,
    /// How many of them are about to return, and expect that no time has passed.
    returning: Cell<usize>,
    /// The location of the running goroutine, if known.
    point: Cell<Option<Point>>,
    /// The operation was a poll that found nothing.
    is_poll: Cell<bool>,
    /// The actions of the running goroutine make no difference to any other.
    is_unseen: Cell<bool>,
    /// The goroutines that have had a turn and not ended, by their ids.
    started: RefCell<BTreeMap<u64, &'static Goroutine>>,
    /// Set once those that are left are made to end: for how many turns that may go on.
    turns_to_end: Cell<Option<u32>>,
    /// The touches of the selects that wait.
    selects: RefCell<HashMap<usize, Vec<Touch>>>,
    /// Where it is allocated.
    memory: Cell<*mut Bubble>,
}

impl std::fmt::Debug for Bubble {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Bubble").field("worker", &self.worker).finish_non_exhaustive()
    }
}

impl Bubble {
    /// A bubble for the goroutines of `group`. It lives until it is [freed](Bubble::free): goroutines that are left in it
    /// may still refer to it.
    pub(crate) fn new(group: Arc<TestGroup>, director: Box<dyn Director>) -> &'static Bubble {
        let workers: &'static Workers = runtime::make_private(1, group.clone());
        // Moments are relative to the first one, which must not be later.
        Moment::now();
        let beginning = Instant::now();
        slow_path::bubbles_begin();
        slow_path::watch_holders();
        let memory = Box::into_raw(Box::new(Bubble {
            worker: &workers.all()[0],
            group,
            director,
            beginning,
            now: Cell::new(beginning),
            ready: RefCell::default(),
            chosen: Cell::new(None),
            aside: Cell::new(None),
            unawaited: RefCell::default(),
            in_vain: Cell::new(0),
            held_up: Cell::new(Duration::ZERO),
            end: Cell::new(None),
            running: Cell::new(0),
            waiting_for_quiet: RefCell::default(),
            returning: Cell::new(0),
            point: Cell::new(None),
            is_poll: Cell::new(false),
            is_unseen: Cell::new(false),
            started: RefCell::default(),
            turns_to_end: Cell::new(None),
            selects: RefCell::default(),
            memory: Cell::new(ptr::null_mut()),
        }));
        // SAFETY: allocated above. Who frees it promises that it is not referred to any more.
        let bubble: &'static Bubble = unsafe { &*memory };
        bubble.memory.set(memory);
        bubble.worker.set_driver(Some(bubble));
        bubble
    }

    #[inline]
    pub(crate) fn now(&self) -> Instant {
        self.now.get()
    }

    fn set_now(&self, now: Instant) {
        self.now.set(now);
        clock::set_virtual(Some(now));
    }

    /// Runs `f` as the first goroutine, and everything that follows from it, on the calling thread. Returns its result
    /// if it has ended. The bubble may be used again only if all goroutines have ended.
    pub(crate) fn run<F, T>(
        &'static self,
        attributes: Attributes,
        site: &'static Location<'static>,
        f: F,
    ) -> (End, Option<std::thread::Result<T>>)
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        self.unawaited.borrow_mut().clear();
        self.returning.set(0);
        self.in_vain.set(0);
        self.held_up.set(Duration::ZERO);
        self.end.set(None);
        self.group.forget_numbers();
        self.running.set(0);
        self.selects.borrow_mut().clear();
        self.worker.enter();
        self.now.set(self.beginning);
        clock::begin_virtual(self.beginning);
        let first = own_workers::spawn_first(self.worker.workers, attributes, site, f);
        let end = abort_on_unwind("a worker", || self.drive(&first));
        if end == End::Finished {
            clock::set_virtual(None);
            self.worker.leave();
        } else {
            self.worker.release_stacks();
        }
        let result = first.has_ended().then(|| first.join());
        (end, result)
    }

    /// True if goroutines are left that have begun. They will never continue, but may refer to the thread-locals of the
    /// thread that has driven them, so that thread must not end.
    pub(crate) fn has_goroutines_left(&self) -> bool {
        self.worker.has_started_any()
    }

    fn drive<T>(&'static self, first: &JoinHandle<T>) -> End {
        let mut turns_since_knot = 0;
        loop {
            if self.director.has_seen_enough() {
                return End::Stopped;
            }
            self.worker.run_errands();
            if self.has_knot() {
                turns_since_knot += 1;
                if turns_since_knot > MANY_TURNS {
                    return End::Knot;
                }
            }
            if let Some(next) = self.next() {
                self.turn(next);
            } else if self.worker.workers.alive() == 0 {
                // The destructors of alarms may do anything: they run on a goroutine, as all user code does.
                self.worker.alarms.discard_on_goroutines();
                self.collect();
                if self.ready.borrow().len() == 0 {
                    return End::Finished;
                }
            } else if !self.fire_due() && !self.wake_for_quiet() {
                if !first.has_ended() && self.has_knot() && self.has_deadline() {
                    return End::Knot;
                }
                let has_jumped = self.jump_as_all_wait();
                if !has_jumped {
                    return if first.has_ended() { End::Left } else { End::Deadlock };
                }
            }
        }
    }

    /// True if some goroutines are known to wait for each other forever. The others are given time to come to rest, so
    /// that a deadlock of all is reported as such.
    fn has_knot(&self) -> bool {
        !self.group.tolerates_knots() && knots::is_found_in_test(&self.group)
    }

    fn next(&'static self) -> Option<(u32, Runnable)> {
        self.collect();
        if let Some(chosen) = self.chosen.take() {
            return Some(chosen);
        }
        if let Some(aside) = self.aside.take() {
            self.let_clock_act();
            self.ready.borrow_mut().push(aside);
        }
        if !self.director.is_asked_often() {
            self.fire_due();
        }
        loop {
            if self.ready.borrow().len() == 0 {
                return None;
            }
            match self.choose(None, self.offered_deadline()) {
                Choice::Jump => self.jump(),
                Choice::Stay => return self.take(0),
                Choice::Run(index) => return self.take(index),
            };
        }
    }

    #[inline]
    fn choose(&self, current: Option<Current>, deadline: Option<Duration>) -> Choice {
        let ready = self.ready.borrow();
        let options = Options { ready: &ready, current, deadline };
        let choice = self.director.choose(&options);
        debug_assert!(choice != Choice::Jump || options.can_jump(), "there is no deadline");
        choice
    }

    fn take(&self, index: usize) -> Option<(u32, Runnable)> {
        self.ready.borrow_mut().take(index)
    }

    /// Lists the goroutines that have become able to run since the last call.
    fn collect(&'static self) {
        self.worker.take_runnable(|runnable| {
            let id = runnable.id();
            let number = self.group.number_of(id);
            self.in_vain.set(0);
            self.director.saw(match runnable {
                Runnable::Fresh(_) => Event::Spawned(number),
                Runnable::Started(_) => Event::Woken(number),
            });
            self.ready.borrow_mut().push((number, runnable));
        });
    }

    fn turn(&'static self, (number, runnable): (u32, Runnable)) {
        let begins = matches!(runnable, Runnable::Fresh(_));
        if begins {
            self.director.saw(Event::Started(number));
        }
        self.running.set(number);
        // It may be no more after the turn.
        let id = runnable.id();
        let budget = if self.director.is_asked_often() { 0 } else { BUDGET };
        let goroutine = self.worker.driven_turn(runnable, budget);
        self.note_started(id, goroutine, begins);
        self.collect();
        self.running.set(0);
        match goroutine {
            None => {
                self.in_vain.set(0);
                if number == FIRST {
                    // Without the jumps the others would be further by this time.
                    self.end.set(Some(Moment::of(self.now()) + self.held_up.get()));
                }
                self.director.saw(Event::Ended(number));
            }
            // A goroutine that has only yielded is not parked.
            Some(goroutine) => {
                if let Some(wait) = goroutine.status().wait() {
                    self.in_vain.set(0);
                    self.director.saw(Event::Parked(number, wait.reason, wait.place));
                }
            }
        }
    }

    /// Goroutine `id` has had a turn. None: it has ended.
    #[inline]
    fn note_started(&self, id: u64, goroutine: Option<&'static Goroutine>, begins: bool) {
        match goroutine {
            Some(goroutine) if begins => _ = self.started.borrow_mut().insert(id, goroutine),
            Some(_) => {}
            None if begins => {}
            None => _ = self.started.borrow_mut().remove(&id),
        }
    }

    /// The running goroutine is at `point`.
    fn spend(&self, point: Point) {
        self.point.set(Some(point));
        here::spend();
        self.point.set(None);
    }

    fn wake_for_quiet(&self) -> bool {
        let waiting = std::mem::take(&mut *self.waiting_for_quiet.borrow_mut());
        let any = !waiting.is_empty();
        self.returning.set(self.returning.get() + waiting.len());
        if any {
            self.director.saw(Event::Quiet);
        }
        waiting.into_iter().for_each(Owner::wake);
        any
    }
}
