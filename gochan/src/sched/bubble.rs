//! A bubble: a worker all by itself, whose goroutines run one after the other on one thread, under a clock of their own
//! and in an order that a [`Director`] chooses.
//!
//! The worker is like any other to those who spawn, wake and wait; its thread finds it where every thread finds its
//! worker. What differs is the loop that drives it, and three cold places: where a budget is used up, where the clock
//! is asked, and where a chain of tasks would go on without the loop. A director that wants to be asked after every
//! single operation has the budget kept at zero.
//!
//! Time stands still while anybody can run, unless the director chooses otherwise. When all wait, those go on who wait for
//! just that ([`wait_for_quiet`]), else the clock jumps to the next deadline; without one, nobody will ever go on. See
//! [`time`].

mod time;

pub(crate) use time::note_unawaited;

use super::attention;
use super::attributes::Attributes;
use super::clock::Moment;
use super::goroutine::Goroutine;
use super::group::Group;
use super::knots;
use super::park::{Owner, Parker, WaitReason};
use super::private;
use super::runtime::Workers;
use super::scopes;
use super::scopes::Unseen;
use super::spawn::JoinHandle;
use super::task::TaskRef;
use super::ticks;
use super::touch::Touch;
use super::worker::{BUDGET, Worker};
use crate::callback::abort_on_unwind;
use crate::chan::lock::assert_none_held;
use std::cell::{Cell, RefCell};
use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, VecDeque};
use std::panic::Location;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Goroutines that are not in a knot have so many turns to come to rest.
const MANY_TURNS: u32 = 1000;

/// Who decides in a bubble what happens next.
pub(crate) trait Director {
    /// What happens next. The answers of a run, by the numbers of the goroutines, are all that it takes to have the same
    /// run again.
    fn choose(&self, options: &Options<'_>) -> Choice;

    /// True if it is to be asked after every operation, and not only now and then.
    fn is_asked_often(&self) -> bool;

    /// What has happened.
    fn saw(&self, event: Event);

    /// True if the run is to end here.
    fn has_seen_enough(&self) -> bool;

    /// A goroutine holds the thread, and nobody can make it let go: reports that and never comes back.
    fn stuck(&self, what: &str) -> !;

    /// True if it wants to be asked even where other goroutines see no difference but by what they try and do not wait
    /// for, such as before an unlock and before the end of a goroutine.
    fn is_asked_everywhere(&self) -> bool {
        false
    }

    /// What the operation touches that the running goroutine is about to begin. `saw` an arrival follows, unless the
    /// goroutine cannot be switched out; then [`Director::begins`] does.
    fn announces(&self, _: &[Touch]) {}

    /// The operation that was announced begins.
    fn begins(&self) {}

    /// What the running goroutine touches when its next wait is over.
    fn announces_after_wait(&self, _: Touch) {}

    /// Which of so many equally good possibilities the running goroutine takes. None: it draws for itself.
    fn picks(&self, _: u32) -> Option<u32> {
        None
    }
}

/// The goroutine that a director may let go on.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Current {
    pub(crate) number: u32,
    /// It asked to let others run.
    pub(crate) yields: bool,
}

/// What a [`Director`] chooses from.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Options<'a> {
    /// Those that can run, apart from `current`. Empty only if there is a `current` and a deadline.
    pub(crate) ready: &'a Ready,
    /// None between two turns; then [`Choice::Stay`] is none.
    pub(crate) current: Option<Current>,
    /// How far ahead the next deadline is, if the clock may jump there now. Zero: it is due.
    pub(crate) deadline: Option<Duration>,
}

impl Options<'_> {
    /// True if [`Choice::Stay`] is among the options.
    pub(crate) fn can_stay(&self) -> bool {
        self.current.is_some_and(|current| !current.yields || self.ready.len() == 0)
    }

    /// True if [`Choice::Jump`] is among the options.
    pub(crate) fn can_jump(&self) -> bool {
        self.deadline.is_some()
    }
}

/// What a [`Director`] answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Choice {
    /// The current one goes on.
    Stay,
    /// The one at this index of [`Options::ready`] is next. The current one, if any, becomes the last of those.
    Run(usize),
    /// The clock jumps to the next deadline, although some can run. Then the director is asked anew, with no current one:
    /// that is the last of the ready ones.
    Jump,
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
    Arrived(u32, Operation),
    /// It has completed an operation; it is the one that runs. None: the operation that it has arrived at or waited in.
    Operated(u32, Option<Operation>),
    /// It waits.
    Parked(u32, WaitReason, Option<&'static Location<'static>>),
    Ended(u32),
    /// The clock has jumped, by so much; by nothing if what comes was due.
    Jumped {
        by: Duration,
        all_wait: bool,
    },
    /// All wait, which is what some have waited for.
    Quiet,
}

impl Event {
    /// The one whose step it is.
    pub(crate) fn goroutine(&self) -> Option<u32> {
        match *self {
            Event::Started(number)
            | Event::Arrived(number, _)
            | Event::Operated(number, _)
            | Event::Parked(number, ..)
            | Event::Ended(number) => Some(number),
            Event::Spawned(_) | Event::Woken(_) | Event::Jumped { .. } | Event::Quiet => None,
        }
    }
}

/// What a goroutine does at a point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Operation {
    /// As its caller knows it.
    pub(crate) name: &'static str,
    /// Of the call. Destructors are called from nowhere.
    pub(crate) place: Option<&'static Location<'static>>,
}

impl Operation {
    /// What a goroutine does last. Its name completes a sentence, and its place is nowhere.
    pub(crate) const END: Operation = Operation { name: "its end", place: None };
}

/// Where in an operation a goroutine is.
#[derive(Debug, Clone, Copy)]
enum Point {
    Before(Operation),
    After(Operation),
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
    /// Some wait for each other, and will for ever; others would go on.
    Knot,
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

impl std::fmt::Debug for Runnable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Runnable::Started(_) => "Started",
            Runnable::Fresh(_) => "Fresh",
        })
    }
}

/// Those that can run, in the order in which they became able to.
#[derive(Debug, Default)]
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

/// The number of the goroutine that a run begins with.
const FIRST: u32 = 1;

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
    /// Who was running when it turned out that the clock is next.
    aside: Cell<Option<(u32, Runnable)>>,
    /// When timers are ready that nobody waits for: all that have been set, and not those that were stopped since.
    unawaited: RefCell<BinaryHeap<Reverse<Moment>>>,
    /// What has been done since anybody was woken, spawned, parked or ended; looks in vain weigh most.
    in_vain: Cell<u32>,
    /// By how much jumps of the clock have held up those that could run.
    held_up: Cell<Duration>,
    /// Once the first goroutine has ended: until when time passes.
    end: Cell<Option<Moment>>,
    /// Those who wait for all others to wait.
    waiting_for_quiet: RefCell<Vec<Owner>>,
    /// How many of them are on the way back, and expect no time to have passed.
    returning: Cell<usize>,
    /// Orders what has the same deadline.
    deadlines_set: Cell<u32>,
    /// Where the one who runs is, if it has told.
    point: Cell<Option<Point>>,
    /// It was a look that found nothing.
    is_poll: Cell<bool>,
    /// It has said what it is about to touch.
    is_announced: Cell<bool>,
    /// What the goroutine does that runs makes no difference to any other.
    is_unseen: Cell<bool>,
    /// What the selects touch that wait.
    selects: RefCell<HashMap<usize, Vec<Touch>>>,
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
pub(crate) fn point_before(what: &'static str) {
    assert_none_held();
    if attention::is_due_everywhere() {
        explored_point(Point::Before(Operation { name: what, place: Some(Location::caller()) }));
    }
}

/// As [`point_before`], on behalf of `place`; None in a destructor.
#[inline(always)]
pub(crate) fn point_before_at(what: &'static str, place: Option<&'static Location<'static>>) {
    assert_none_held();
    if attention::is_due_everywhere() {
        explored_point(Point::Before(Operation { name: what, place }));
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
        note_operation(what, Some(Location::caller()));
    }
}

/// As [`point`], on behalf of `place`; None in a destructor, which nobody is told of.
#[inline(always)]
pub(crate) fn point_at(what: &'static str, place: Option<&'static Location<'static>>) {
    assert_none_held();
    if attention::is_due_everywhere() {
        note_operation(what, place);
    }
}

/// As [`point`], for what nobody would call in a loop to look for something: nothing is reported outside of explorations. It is where an unlock is seen by others before the caller does anything else.
#[inline(always)]
#[track_caller]
pub(crate) fn point_after(what: &'static str) {
    point_after_at(what, Some(Location::caller()));
}

/// As [`point_after`], on behalf of `place`; None in a destructor.
#[inline(always)]
pub(crate) fn point_after_at(what: &'static str, place: Option<&'static Location<'static>>) {
    assert_none_held();
    if attention::is_due_everywhere() {
        explored_point(Point::After(Operation { name: what, place }));
    }
}

/// As [`point`], after the operations that never wait and that loops live on nevertheless: `select!` with `default`, and the
/// looks at a context. They end a turn that has taken long.
#[inline(always)]
pub(crate) fn point_of_poll(what: &'static str, place: &'static Location<'static>) {
    assert_none_held();
    if attention::is_due() {
        end_long_turn(Unseen::Switches, what, place);
    }
}

/// As [`point_of_poll`], after a spawn: a loop that spawns lets the spawned goroutines run.
#[inline(always)]
pub(crate) fn point_of_spawn(site: &'static Location<'static>) {
    assert_none_held();
    if attention::is_due() {
        end_long_turn(Unseen::Stays, "go", site);
    }
}

/// An operation that never waits, before and after which others may run in an exploration, but not within.
#[inline(always)]
#[track_caller]
pub(crate) fn between_points<R>(what: &'static str, operation: impl FnOnce() -> R) -> R {
    point_before(what);
    let result = operation();
    point(what);
    result
}

/// As [`point_before_at`], before an operation that says what it touches.
#[inline(always)]
pub(crate) fn point_before_touching(
    touches: impl FnOnce() -> Touch,
    what: &'static str,
    place: Option<&'static Location<'static>>,
) {
    assert_none_held();
    if attention::is_due_everywhere() {
        announce(&[touches()]);
        explored_point(Point::Before(Operation { name: what, place }));
    }
}

/// As [`between_points`], for an operation that says what it touches.
#[inline(always)]
#[track_caller]
pub(crate) fn between_points_touching<R>(
    touches: impl FnOnce() -> Touch,
    what: &'static str,
    operation: impl FnOnce() -> R,
) -> R {
    point_before_touching(touches, what, Some(Location::caller()));
    let result = operation();
    point(what);
    result
}

/// Before what others can hardly tell from what comes before it, such as an unlock: a point in a search through all
/// interleavings, and in no other exploration.
#[inline(always)]
pub(crate) fn fine_point_before(touches: impl FnOnce() -> Touch, what: &'static str) {
    if attention::is_due_everywhere() {
        fine_point(&[touches()], what);
    }
}

/// As [`fine_point_before`] for what touches several things, if [`has_points`].
#[cold]
pub(crate) fn fine_point(touches: &[Touch], what: &'static str) {
    let Some(bubble) = explored() else { return };
    announce(touches);
    if bubble.director.is_asked_everywhere() {
        explored_point(Point::Before(Operation { name: what, place: None }));
    } else {
        bubble.is_announced.set(false);
        bubble.director.begins();
    }
}

/// Before the end of the goroutine `id`, as [`fine_point`].
#[cold]
pub(crate) fn point_before_end(id: u64) {
    fine_point(&Touch::end(id), Operation::END.name);
}

/// Says what the operation touches that the next point comes before; else it counts as touching everything.
#[cold]
#[inline(never)]
pub(crate) fn announce(touches: &[Touch]) {
    if let Some(bubble) = explored() {
        bubble.is_announced.set(true);
        bubble.director.announces(touches);
    }
}

/// The running goroutine touches this without having announced it.
#[cold]
#[inline(never)]
pub(crate) fn touch(touch: Touch) {
    if let Some(bubble) = explored() {
        bubble.director.announces(&[touch]);
        bubble.director.begins();
    }
}

/// Says what the calling goroutine touches once the wait is over that it is about to begin.
#[cold]
pub(crate) fn announce_after_wait(touch: Touch) {
    if let Some(bubble) = explored() {
        bubble.director.announces_after_wait(touch);
    }
}

/// A select is queued on several channels, which it touches; known by the address of what its waiters share.
#[cold]
pub(crate) fn select_waits(address: usize, touches: Vec<Touch>) {
    if let Some(bubble) = explored() {
        bubble.selects.borrow_mut().insert(address, touches);
    }
}

/// The running goroutine has completed an operation of a select that waits, and so ended its wait on all channels.
#[cold]
pub(crate) fn select_is_won(address: usize) {
    if let Some(bubble) = explored() {
        let touches = bubble.selects.borrow_mut().remove(&address);
        touches.into_iter().flatten().for_each(touch);
    }
}

/// Which of `of` equally good possibilities the caller takes, where an exploration wants to see them all.
#[cold]
pub(crate) fn pick(of: usize) -> Option<usize> {
    explored()?.director.picks(of as u32).map(|picked| picked as usize)
}

/// True in a search through all interleavings: [`pick`] has an answer then.
#[cold]
pub(crate) fn goes_through_all() -> bool {
    explored().is_some_and(|bubble| bubble.director.is_asked_everywhere())
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

/// Runs `f`, whose operations others cannot tell from nothing: there are no points in it.
#[cold]
pub(crate) fn unseen<R>(f: impl FnOnce() -> R) -> R {
    let Some(bubble) = explored() else { return f() };
    bubble.is_unseen.set(true);
    let result = f();
    bubble.is_unseen.set(false);
    result
}

/// The exploration that the caller is in.
fn explored() -> Option<&'static Bubble> {
    let bubble = Worker::current().and_then(Worker::bubble)?;
    (bubble.director.is_asked_often() && !bubble.is_unseen.get()).then_some(bubble)
}

/// A point of an exploration, if the caller is in one.
#[cold]
#[inline(never)]
fn explored_point(point: Point) {
    let Some(bubble) = explored() else { return };
    let is_before = matches!(point, Point::Before(_));
    if is_before && !bubble.is_announced.take() {
        bubble.director.announces(&[Touch::EVERYTHING]);
    }
    bubble.spend(bubble.worker, point);
    if is_before {
        bubble.director.begins();
    }
}

#[cold]
#[inline(never)]
fn note_operation(what: &'static str, place: Option<&'static Location<'static>>) {
    match Worker::current() {
        Some(worker) if worker.bubble().is_some() => {
            explored_point(Point::After(Operation { name: what, place }));
        }
        Some(worker) => {
            if let Some(place) = place {
                worker.note_operation(what, place);
            }
        }
        None => {}
    }
}

#[cold]
#[inline(never)]
fn end_long_turn(unseen: Unseen, what: &'static str, place: &'static Location<'static>) {
    let Some(worker) = Worker::current() else { return };
    match worker.bubble() {
        // By its budget, where turns are not timed.
        Some(bubble) => {
            bubble.is_poll.set(unseen == Unseen::Switches);
            bubble.spend(worker, Point::After(Operation { name: what, place: Some(place) }));
            bubble.is_poll.set(false);
        }
        None => worker.end_long_turn(unseen),
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
    bubble.returning.set(bubble.returning.get() - 1);
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
        knots::watch();
        let bubble: &'static Bubble = Box::leak(Box::new(Bubble {
            worker: &workers.all()[0],
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
            numbers: RefCell::default(),
            running: Cell::new(0),
            waiting_for_quiet: RefCell::default(),
            returning: Cell::new(0),
            deadlines_set: Cell::new(0),
            point: Cell::new(None),
            is_poll: Cell::new(false),
            is_announced: Cell::new(false),
            is_unseen: Cell::new(false),
            selects: RefCell::default(),
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
        self.unawaited.borrow_mut().clear();
        self.returning.set(0);
        self.in_vain.set(0);
        self.held_up.set(Duration::ZERO);
        self.end.set(None);
        self.deadlines_set.set(0);
        self.numbers.borrow_mut().clear();
        self.running.set(0);
        self.selects.borrow_mut().clear();
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
        let mut turns_since_knot = 0;
        loop {
            if self.director.has_seen_enough() {
                return End::Stopped;
            }
            self.worker.show_stacks();
            if self.has_knot() {
                turns_since_knot += 1;
                if turns_since_knot > MANY_TURNS {
                    return End::Knot;
                }
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

    /// True if some goroutines are known to wait for each other for ever. The others are given the time to come to rest, so
    /// that a deadlock of all is told as one.
    fn has_knot(&self) -> bool {
        let group = self.worker.workers.group();
        group.is_some_and(|group| !group.tolerates_knots() && knots::is_found_in_test(group))
    }

    fn next(&'static self) -> Option<(u32, Runnable)> {
        self.collect();
        if let Some(chosen) = self.chosen.take() {
            return Some(chosen);
        }
        if let Some(aside) = self.aside.take() {
            self.let_clock_act();
            self.ready.borrow_mut().0.push_back(aside);
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
        self.ready.borrow_mut().0.remove(index)
    }

    /// Lists what has become able to run since the last look.
    fn collect(&'static self) {
        self.worker.take_runnable(|runnable| {
            let id = runnable.id();
            let mut numbers = self.numbers.borrow_mut();
            let next = numbers.len() as u32 + 1;
            let number = *numbers.entry(id).or_insert(next);
            self.in_vain.set(0);
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
            None => {
                self.in_vain.set(0);
                if number == FIRST {
                    // Without the jumps the others would be so much further.
                    self.end.set(Some(Moment::of(self.now()) + self.held_up.get()));
                }
                self.director.saw(Event::Ended(number));
            }
            // Who has merely made room for others is not parked.
            Some(goroutine) => {
                if let Some(wait) = goroutine.status().wait() {
                    self.in_vain.set(0);
                    self.director.saw(Event::Parked(number, wait.reason, wait.place));
                }
            }
        }
    }

    /// The goroutine that runs, on `worker`, is at `point`.
    fn spend(&self, worker: &Worker, point: Point) {
        self.point.set(Some(point));
        worker.spend();
        self.point.set(None);
    }

    /// The goroutine that runs has completed an operation, or yields, if that is asked of it at a place. It is to switch out
    /// if it is returned; it is listed already.
    pub(super) fn pause(
        &'static self,
        goroutine: &'static Goroutine,
        asked: Option<&'static Location<'static>>,
    ) -> Option<&'static Goroutine> {
        self.collect();
        let number = self.running.get();
        let yields = asked.is_some();
        let (point, is_poll) = (self.point.take(), self.is_poll.take());
        let is_explored = self.director.is_asked_often();
        if is_explored {
            if yields {
                // It may be there to part what the runtime knows nothing of.
                self.director.announces(&[Touch::EVERYTHING]);
            }
            let gosched = asked.map(|place| Operation { name: "gosched", place: Some(place) });
            self.director.saw(match point {
                Some(Point::Before(operation)) => Event::Arrived(number, operation),
                Some(Point::After(operation)) => Event::Operated(number, Some(operation)),
                None => Event::Operated(number, gosched),
            });
        } else {
            self.worker.refill_budget();
        }
        self.count_look(yields, is_poll);
        let clock_acts = self.is_stalled() || (!is_explored && self.is_due());
        let deadline = self.offered_deadline();
        let is_alone = self.ready.borrow().len() == 0 && deadline.is_none();
        if (is_alone && !clock_acts) || (!yields && scopes::is_inside(goroutine, Unseen::Switches)) {
            return None;
        }
        let me = (number, Runnable::Started(goroutine));
        if clock_acts {
            self.aside.set(Some(me));
            return Some(goroutine);
        }
        match self.choose(Some(Current { number, yields }), deadline) {
            Choice::Stay => return None,
            Choice::Run(index) => {
                self.chosen.set(self.take(index));
                self.ready.borrow_mut().0.push_back(me);
            }
            // By the loop, which owns what the deadline starts.
            Choice::Jump => self.aside.set(Some(me)),
        }
        Some(goroutine)
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
