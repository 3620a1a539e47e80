//! A bubble: a worker all by itself, whose goroutines run one after the other on one thread, under a clock of their own
//! and in an order that a [`Director`] chooses.
//!
//! The worker is like any other to those who spawn, wake and wait; its thread finds it where every thread finds its
//! worker. What differs is the loop that drives it, and three cold places: where a budget is used up, where the clock
//! is asked, and where a chain of tasks would go on without the loop. A director that wants to be asked after every
//! single operation has the budget kept at zero.
//!
//! Time stands still while anybody can run. When all wait, those go on who wait for just that ([`wait_for_quiet`]),
//! else the clock jumps to the next deadline; without one, nobody will ever go on.

use super::attention;
use super::attributes::Attributes;
use super::clock::Moment;
use super::goroutine::Goroutine;
use super::group::Group;
use super::park::{Owner, Parker, WaitReason};
use super::private;
use super::runtime::Workers;
use super::scopes;
use super::scopes::Unseen;
use super::spawn::JoinHandle;
use super::task::TaskRef;
use super::ticks;
use super::worker::{BUDGET, Worker};
use crate::callback::abort_on_unwind;
use crate::chan::lock::assert_none_held;
use std::cell::{Cell, RefCell};
use std::collections::{HashMap, VecDeque};
use std::panic::Location;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Who decides in a bubble what happens next.
pub(crate) trait Director {
    /// Which of those that can run is next. `current` could go on as well, unless it is none or has asked to let others
    /// run; the answer `None` says that it does.
    fn choose(&self, ready: &Ready, current: Option<Current>) -> Option<usize>;

    /// True if it is to be asked after every operation, and not only now and then.
    fn is_asked_often(&self) -> bool;

    /// What has happened.
    fn saw(&self, event: Event);

    /// True if the run is to end here.
    fn has_seen_enough(&self) -> bool;

    /// A goroutine holds the thread, and nobody can make it let go: reports that and never comes back.
    fn stuck(&self, what: &str) -> !;
}

/// The goroutine that a director may let go on.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Current {
    pub(crate) number: u32,
    /// It asked to let others run.
    pub(crate) yields: bool,
}

/// A step of a goroutine, or of the clock. Goroutines are numbered from 1 in the order of their spawns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Event {
    /// By the goroutine that runs, or by an alarm.
    Spawned(u32),
    /// By what the goroutine that runs does, or by the clock.
    Woken(u32),
    /// It has its first turn.
    Started(u32),
    /// It is about to begin an operation; it is the one that runs.
    Arrived(u32),
    /// It has completed an operation; it is the one that runs.
    Operated(u32),
    /// It waits.
    Parked(u32, WaitReason, Option<&'static Location<'static>>),
    Ended(u32),
    /// The clock has jumped, by so much.
    Jumped(Duration),
    /// All wait, which is what some have waited for.
    Quiet,
}

/// How a run has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    /// All goroutines have ended.
    Finished,
    /// The first one has ended, and those that are left wait.
    Left,
    /// All wait, the first one included, and there is no deadline.
    Deadlock,
    /// The director has seen enough.
    Stopped,
}

/// Something that can run.
#[derive(Clone, Copy)]
pub(super) enum Runnable {
    Started(&'static Goroutine),
    Fresh(TaskRef),
}

impl Runnable {
    fn id(&self) -> u64 {
        match self {
            Runnable::Started(goroutine) => goroutine.id(),
            Runnable::Fresh(task) => task.id(),
        }
    }
}

/// Those that can run, in the order in which they became able to.
#[derive(Default)]
pub(crate) struct Ready(VecDeque<(u32, Runnable)>);

impl Ready {
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// The number of the goroutine at `index`.
    pub(crate) fn number(&self, index: usize) -> u32 {
        self.0[index].0
    }
}

pub(crate) struct Bubble {
    worker: &'static Worker,
    director: Box<dyn Director>,
    beginning: Instant,
    now: Cell<Instant>,
    ready: RefCell<Ready>,
    /// Who has been chosen to be next while another one was running.
    chosen: Cell<Option<(u32, Runnable)>>,
    numbers: RefCell<HashMap<u64, u32>>,
    running: Cell<u32>,
    /// Those who wait for all others to wait.
    waiting_for_quiet: RefCell<Vec<Owner>>,
    /// Orders what has the same deadline.
    deadlines_set: Cell<u32>,
    /// The operation that the one who runs tells of has not begun.
    is_before: Cell<bool>,
}

impl std::fmt::Debug for Bubble {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Bubble").field("worker", &self.worker).finish_non_exhaustive()
    }
}

/// Before any operation: in an exploration other goroutines may run here, and what the caller has just looked at may
/// change. Elsewhere nothing happens.
#[inline(always)]
#[track_caller]
pub(crate) fn point_before() {
    assert_none_held();
    if attention::is_due_everywhere() {
        explored_point(true);
    }
}

/// After an operation that never waits: in an exploration other goroutines may run here. Elsewhere none does, since what
/// does not wait does not switch. A goroutine that calls such operations in a loop, and so holds up its worker, is
/// reported: by what it calls and where.
#[inline(always)]
#[track_caller]
pub(crate) fn point(what: &'static str) {
    assert_none_held();
    if attention::is_due_everywhere() {
        note_operation(what, Location::caller());
    }
}

/// As [`point`], after the operations that never wait and that loops live on nevertheless: `select!` with `default`, and the
/// looks at a context. They end a turn that has taken long.
#[inline(always)]
pub(crate) fn point_of_poll() {
    assert_none_held();
    if attention::is_due() {
        end_long_turn(Unseen::Switches);
    }
}

/// As [`point_of_poll`], after a spawn: a loop that spawns lets the spawned goroutines run.
#[inline(always)]
pub(crate) fn point_of_spawn() {
    assert_none_held();
    if attention::is_due() {
        end_long_turn(Unseen::Stays);
    }
}

/// An operation that never waits, before and after which others may run in an exploration, but not within.
#[inline(always)]
#[track_caller]
pub(crate) fn between_points<R>(what: &'static str, operation: impl FnOnce() -> R) -> R {
    point_before();
    let result = operation();
    point(what);
    result
}

/// True for what is made where every operation is a point: it may leave its fast paths for the slow ones, which have
/// the time to look for points.
#[inline]
pub(crate) fn is_explored() -> bool {
    attention::is_due_everywhere()
        && Worker::current().and_then(Worker::bubble).is_some_and(|bubble| bubble.director.is_asked_often())
}

/// What [`point`] looks at first, for operations so short that one such look is all they can bear.
#[inline(always)]
pub(crate) fn has_points() -> bool {
    attention::is_due_everywhere()
}

/// A point of an exploration, if the caller is in one.
#[cold]
#[inline(never)]
fn explored_point(is_before: bool) {
    if let Some(worker) = Worker::current()
        && let Some(bubble) = worker.bubble()
        && bubble.director.is_asked_often()
    {
        bubble.is_before.set(is_before);
        worker.spend();
        bubble.is_before.set(false);
    }
}

#[cold]
#[inline(never)]
fn note_operation(what: &'static str, place: &'static Location<'static>) {
    match Worker::current() {
        Some(worker) if worker.bubble().is_some() => explored_point(false),
        Some(worker) => worker.note_operation(what, place),
        None => {}
    }
}

#[cold]
#[inline(never)]
fn end_long_turn(unseen: Unseen) {
    match Worker::current() {
        // By its budget, where turns are not timed.
        Some(worker) if worker.bubble().is_some() => worker.spend(),
        Some(worker) => worker.end_long_turn(unseen),
        None => {}
    }
}

/// As [`ticks::now`], by the clock that the caller lives by.
pub(crate) fn ticks() -> u64 {
    match Worker::current().and_then(Worker::bubble) {
        Some(bubble) => (bubble.now() - bubble.beginning).as_micros() as u64 * ticks::PER_US,
        None => ticks::now(),
    }
}

/// Waits until every other goroutine of the caller's bubble waits. False outside of one.
pub(crate) fn wait_for_quiet(place: &'static Location<'static>) -> bool {
    let Some(bubble) = Worker::current().and_then(Worker::bubble) else { return false };
    let parker = Parker::current();
    bubble.waiting_for_quiet.borrow_mut().push(parker.owner());
    parker.park(WaitReason::Quiet, place);
    true
}

impl Bubble {
    /// A bubble for the goroutines of `group`. It is never freed: what is left in it may go on to refer to it.
    pub(crate) fn new(group: Arc<Group>, director: Box<dyn Director>) -> &'static Bubble {
        let workers: &'static Workers = private::make(1, group);
        // Moments are counted from the first one on, which must not be later.
        Moment::now();
        let beginning = Instant::now();
        attention::bubbles_begin();
        let bubble: &'static Bubble = Box::leak(Box::new(Bubble {
            worker: &workers.all()[0],
            director,
            beginning,
            now: Cell::new(beginning),
            ready: RefCell::default(),
            chosen: Cell::new(None),
            numbers: RefCell::default(),
            running: Cell::new(0),
            waiting_for_quiet: RefCell::default(),
            deadlines_set: Cell::new(0),
            is_before: Cell::new(false),
        }));
        bubble.worker.enter_bubble(bubble);
        bubble
    }

    #[inline]
    pub(super) fn now(&self) -> Instant {
        self.now.get()
    }

    /// The place of a new deadline among those of the same time.
    pub(super) fn next_deadline(&self) -> u32 {
        self.deadlines_set.set(self.deadlines_set.get().wrapping_add(1));
        self.deadlines_set.get()
    }

    /// The number of a goroutine of this run.
    pub(crate) fn number(&self, id: u64) -> Option<u32> {
        self.numbers.borrow().get(&id).copied()
    }

    pub(super) fn stuck(&self, what: &str) -> ! {
        self.director.stuck(what)
    }

    /// Runs `f` as the first goroutine, and whatever follows from it, on the calling thread. Its result, if it has
    /// ended. The bubble may be used again only if all goroutines have ended.
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
        self.now.set(self.beginning);
        self.deadlines_set.set(0);
        self.numbers.borrow_mut().clear();
        self.running.set(0);
        self.worker.enter();
        let first = private::spawn_first(self.worker.workers, attributes, site, f);
        let end = abort_on_unwind("a worker", || self.drive(&first));
        if end == End::Finished {
            self.worker.leave();
        } else {
            self.worker.release_stacks();
        }
        let result = first.has_ended().then(|| first.join());
        (end, result)
    }

    /// True if goroutines are left that have begun. They will never go on, but may refer to the thread-locals of the thread
    /// that has driven them, which therefore must not end.
    pub(crate) fn has_goroutines_left(&self) -> bool {
        self.worker.has_started_any()
    }

    fn drive<T>(&'static self, first: &JoinHandle<T>) -> End {
        loop {
            if self.director.has_seen_enough() {
                return End::Stopped;
            }
            if let Some(next) = self.next() {
                self.turn(next);
            } else if private::alive(self.worker.workers) == 0 {
                // What the alarms own may do things when it is dropped: on a goroutine, as all code of the user.
                self.worker.alarms.discard_on_goroutines();
                self.collect();
                if self.ready.borrow().len() == 0 {
                    return End::Finished;
                }
            } else if !self.wake_for_quiet() {
                if first.has_ended() {
                    return End::Left;
                }
                if !self.jump() {
                    return End::Deadlock;
                }
            }
        }
    }

    fn next(&'static self) -> Option<(u32, Runnable)> {
        self.collect();
        if let Some(chosen) = self.chosen.take() {
            return Some(chosen);
        }
        let mut ready = self.ready.borrow_mut();
        if ready.len() == 0 {
            return None;
        }
        let index = self.director.choose(&ready, None).unwrap_or(0);
        ready.0.remove(index)
    }

    /// Lists what has become able to run since the last look.
    fn collect(&'static self) {
        self.worker.take_runnable(|runnable| {
            let id = runnable.id();
            let mut numbers = self.numbers.borrow_mut();
            let next = numbers.len() as u32 + 1;
            let number = *numbers.entry(id).or_insert(next);
            self.director.saw(match runnable {
                Runnable::Fresh(_) => Event::Spawned(number),
                Runnable::Started(_) => Event::Woken(number),
            });
            self.ready.borrow_mut().0.push_back((number, runnable));
        });
    }

    fn turn(&'static self, (number, runnable): (u32, Runnable)) {
        if let Runnable::Fresh(_) = runnable {
            self.director.saw(Event::Started(number));
        }
        self.running.set(number);
        let budget = if self.director.is_asked_often() { 0 } else { BUDGET };
        let goroutine = self.worker.turn_in_bubble(runnable, budget);
        self.collect();
        self.running.set(0);
        match goroutine {
            None => self.director.saw(Event::Ended(number)),
            // Who has merely made room for others is not parked.
            Some(goroutine) => {
                if let Some(wait) = goroutine.status().wait() {
                    self.director.saw(Event::Parked(number, wait.reason, wait.place));
                }
            }
        }
    }

    /// The goroutine that runs has completed an operation, or `yields`. It is to switch out if it is returned; it is
    /// listed already.
    pub(super) fn pause(
        &'static self,
        goroutine: &'static Goroutine,
        yields: bool,
    ) -> Option<&'static Goroutine> {
        self.collect();
        let number = self.running.get();
        let is_before = self.is_before.take();
        if self.director.is_asked_often() {
            self.director.saw(if is_before { Event::Arrived(number) } else { Event::Operated(number) });
        } else {
            self.worker.refill_budget();
        }
        let mut ready = self.ready.borrow_mut();
        if ready.len() == 0 {
            return None;
        }
        let index = self.director.choose(&ready, Some(Current { number, yields }))?;
        if !yields && scopes::is_inside(goroutine, Unseen::Switches) {
            return None;
        }
        self.chosen.set(ready.0.remove(index));
        ready.0.push_back((number, Runnable::Started(goroutine)));
        Some(goroutine)
    }

    fn wake_for_quiet(&self) -> bool {
        let waiting = std::mem::take(&mut *self.waiting_for_quiet.borrow_mut());
        let any = !waiting.is_empty();
        if any {
            self.director.saw(Event::Quiet);
        }
        waiting.into_iter().for_each(Owner::wake);
        any
    }

    /// Sets the clock to the next deadline and fires whatever is due then, in the order in which it was set. False
    /// if there is none.
    fn jump(&'static self) -> bool {
        let worker = self.worker;
        let here = Moment::of(self.now());
        let first = || worker.timers.first_set().min(worker.alarms.first_set());
        let (deadline, _) = first();
        if deadline == Moment::NEVER {
            return false;
        }
        let ahead = deadline.since(here);
        self.now.set(self.now() + ahead);
        if !ahead.is_zero() {
            self.director.saw(Event::Jumped(ahead));
        }
        while first().0 <= deadline {
            if worker.timers.first_set() <= worker.alarms.first_set() {
                worker.timers.fire_first(|goroutine| worker.push_ready(goroutine));
            } else {
                worker.alarms.fire_first();
            }
            self.collect();
        }
        true
    }
}
