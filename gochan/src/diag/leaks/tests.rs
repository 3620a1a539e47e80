//! Model programs with and without leaks, and the leaks found in them.

use super::*;
use crate::base::status::{Seen, Wait};
use crate::diag::location_key::LocationKey;
use crate::sched::park::WaitReason;
use std::panic::Location;

/// In moments of the model.
const LIMIT: u64 = 40;
const EVERY: u64 = LIMIT / LOOKS as u64;

type Site = &'static Location<'static>;

/// A goroutine of the model.
#[derive(Clone, Copy)]
struct Goroutine {
    site: Site,
    reason: WaitReason,
    /// When its wait began; `None` while it runs.
    since: Option<u64>,
    /// The moment when it ends.
    until: u64,
}

struct Program {
    random: fastrand::Rng,
    now: u64,
    goroutines: Vec<Goroutine>,
    detector: Detector,
    begin: Instant,
    /// The reports about each group.
    reported: HashMap<Site, Vec<usize>>,
}

const NEVER: u64 = u64::MAX;

impl Program {
    fn new(seed: u64) -> Program {
        Program {
            random: fastrand::Rng::with_seed(seed),
            now: 10 * LIMIT,
            goroutines: Vec::new(),
            detector: Detector::default(),
            begin: Instant::now(),
            reported: HashMap::new(),
        }
    }

    fn spawn(&mut self, site: Site, reason: WaitReason, until: u64) {
        self.goroutines.push(Goroutine { site, reason, since: Some(self.now), until });
    }

    fn at(&self, moment: u64) -> Instant {
        self.begin + Duration::from_secs(moment)
    }

    /// One moment passes, in which the goroutines that are due end.
    fn step(&mut self) {
        self.now += 1;
        let now = self.now;
        self.goroutines.retain(|goroutine| goroutine.until > now);
        if now.is_multiple_of(EVERY) {
            self.look();
        }
    }

    fn look(&mut self) {
        let (now, cutoff) = (self.at(self.now), self.at(self.now - LIMIT));
        let mut survey = Survey::new(now, cutoff, Some(self.at(self.now - LIMIT - EVERY)));
        for goroutine in &self.goroutines {
            let reason = goroutine.reason;
            let wait = goroutine.since.map(|since| Wait {
                reason,
                place: Some(goroutine.site),
                since: self.at(since),
                descriptor: None,
            });
            survey.count(&Seen { id: 1, site: Some(goroutine.site), wait });
        }
        let sights = survey.sights();
        for group in self.detector.look(&sights).report {
            assert_eq!(group.waiting_at, Some(group.spawned_at));
            self.reported.entry(group.spawned_at.0).or_default().push(sights[&group].overdue);
        }
    }

    /// Some of a pool's workers start to work, and others become idle.
    fn work(&mut self, pool: Site, busy: f64) {
        for goroutine in self.goroutines.iter_mut().filter(|goroutine| goroutine.site == pool) {
            let was_idle = goroutine.since.is_some();
            if self.random.f64() < 0.3 {
                goroutine.since = if self.random.f64() < busy {
                    None
                } else if was_idle {
                    goroutine.since
                } else {
                    Some(self.now)
                };
            }
        }
    }
}

#[test]
fn programs_without_leaks_are_never_accused() {
    for seed in 0..100 {
        let mut program = Program::new(seed);
        let [pool, handlers, slow, sleepers] =
            [Location::caller(), Location::caller(), Location::caller(), Location::caller()];
        (0..program.random.usize(1..30)).for_each(|_| program.spawn(pool, WaitReason::Recv, NEVER));
        for moment in 0..50 * LIMIT {
            // Busy hours and quiet ones.
            let busy = if (moment / (5 * LIMIT)).is_multiple_of(2) { 0.8 } else { 0.0 };
            program.work(pool, busy);
            for _ in 0..program.random.usize(..(1.0 + 20.0 * busy) as usize) {
                let until = program.now + program.random.u64(1..LIMIT);
                program.spawn(handlers, WaitReason::Send, until);
            }
            // These wait for longer than the limit, and end in the order in which they came.
            let until = program.now + 3 * LIMIT;
            program.spawn(slow, WaitReason::Select, until);
            if moment % 7 == 0 {
                program.spawn(sleepers, WaitReason::Sleep, NEVER);
            }
            program.step();
        }
        assert!(program.reported.is_empty(), "seed {seed}: {:?}", program.reported);
    }
}

#[test]
fn a_leak_among_what_is_in_order_is_found_soon_and_told_rarely() {
    for seed in 0..100 {
        let mut program = Program::new(seed);
        let [pool, handlers] = [Location::caller(), Location::caller()];
        (0..program.random.usize(1..30)).for_each(|_| program.spawn(pool, WaitReason::Recv, NEVER));
        let mut first = None;
        let mut leaked = 0;
        for moment in 0..50 * LIMIT {
            program.work(pool, 0.5);
            // One of many does not end.
            for _ in 0..program.random.usize(..5) {
                let until = program.now + program.random.u64(1..LIMIT / 4);
                program.spawn(handlers, WaitReason::Send, until);
            }
            if program.random.u8(..3) == 0 {
                program.spawn(handlers, WaitReason::Send, NEVER);
                leaked += 1;
            }
            program.step();
            if first.is_none() && program.reported.contains_key(handlers) {
                first = Some(moment);
            }
        }
        let first = first.unwrap_or_else(|| panic!("seed {seed}: not found"));
        assert!(first <= 8 * LIMIT, "seed {seed}: found after {first}");
        let counts = &program.reported[handlers];
        assert!(counts.windows(2).all(|pair| pair[1] >= 2 * pair[0]), "seed {seed}: {counts:?}");
        assert!(
            2 * counts.last().unwrap() + LIMIT as usize > leaked / 2,
            "seed {seed}: {counts:?} of {leaked}"
        );
        assert_eq!(program.reported.len(), 1, "seed {seed}");
    }
}

#[test]
fn a_survey_counts_by_group() {
    let now = Instant::now() + Duration::from_secs(1000);
    let ago = |seconds| now - Duration::from_secs(seconds);
    let [site, other, place] = [Location::caller(), Location::caller(), Location::caller()];
    let mut survey = Survey::new(now, ago(60), Some(ago(75)));
    let mut see = |site, wait: Option<(WaitReason, u64)>| {
        let wait = wait.map(|(reason, seconds)| Wait {
            reason,
            place: Some(place),
            since: ago(seconds),
            descriptor: None,
        });
        survey.count(&Seen { id: 1, site, wait });
    };
    for seconds in [10, 60, 74, 75, 300] {
        see(Some(site), Some((WaitReason::Recv, seconds)));
    }
    see(Some(site), None);
    see(Some(site), Some((WaitReason::Sleep, 500)));
    see(Some(other), Some((WaitReason::Recv, 59)));
    see(None, Some((WaitReason::Recv, 500)));
    let group = LeakGroup {
        spawned_at: LocationKey(site),
        waiting_at: Some(LocationKey(place)),
        reason: WaitReason::Recv,
    };
    let sight = Sight { overdue: 4, stayed: 2, spawned: 7, longest: Duration::from_secs(300) };
    assert_eq!(survey.sights(), HashMap::from([(group, sight)]));
}
