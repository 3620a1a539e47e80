//! Exploration: one test under many interleavings, each drawn from a seed that repeats it.
//!
//! All goroutines of a run are in one bubble, and its director decides after every operation which one continues
//! ([`schedule`]). The decision follows from the seed and from the goroutines' actions so far. So a seed represents one
//! interleaving, as long as the body depends on nothing else.
//!
//! A run that has failed is repeated ([`again`]): with switches left out that the failure does not need ([`shrink`]),
//! and to record the locations of operations that cannot report theirs ([`trace`]).

mod again;
mod choices;
mod digest;
pub(super) mod exhaustive;
mod explorer;
mod history;
mod orders;
mod progress;
mod schedule;
mod script;
mod search;
mod seeds;
mod settings;
mod shrink;
mod stack;
mod strikes;
mod trace;

use super::drive::{TimedOut, group_of, on_thread, timed_out};
use super::options::{Body, Test};
use super::own_workers::CountedThread;
use crate::base::report::print_for_test;
use again::{Again, see_again};
use explorer::{Failure, Plan, Runs};
use progress::{Line, PAUSE, Progress, describe, number_of};
use schedule::Schedule;
use seeds::Seeds;
use settings::Settings;
use std::sync::Arc;
use std::sync::mpsc::Sender;
use std::time::Instant;

/// Runs `body` under the requested number of schedules, up to the first that fails.
#[track_caller]
pub(super) fn run(test: &Test, runs: u32, body: impl Body) {
    let _thread = CountedThread::of_tests();
    let settings = Settings::from_environment().unwrap_or_else(|error| panic!("{error}"));
    let test = &settings.apply_to(test);
    let seeds = Seeds::from_environment(test, runs, &settings).unwrap_or_else(|error| panic!("{error}"));
    let progress = Arc::new(Progress::default());
    let Some((run, failure)) = explore(test, &settings, &seeds, &progress, body) else {
        if let Some(seed) = seeds.replayed() {
            print_for_test(&format!("the interleaving of GOCHAN_SEED={seed} does not fail\n"));
        } else {
            let (runs, different) = (progress.run() + 1, progress.different());
            print_for_test(&format!("{runs} runs pass, {different} of them different interleavings\n"));
        }
        return;
    };
    let switches = failure.script.0.len();
    let (failure, again) = see_again(test, failure, body);
    let mut text = match seeds.replayed() {
        None => format!("interleaving {}, seed {}", number_of(run, seeds.count()), failure.seed),
        Some(seed) => format!("seed {seed}"),
    };
    if seeds.replayed().is_none() && progress.different() <= run {
        text = format!("of the runs so far, {} were different interleavings\n{text}", progress.different());
    }
    if failure.script.0.len() < switches {
        text += &format!(", shrunk from {switches} switches to {}", failure.script.0.len());
    }
    text += "\nwhat happened, in this order:\n";
    text += &failure.trace.render(test.place);
    text += match again {
        Again::Same => "",
        Again::Otherwise => {
            "a second run of this seed went otherwise: the test depends on something besides its goroutines, such as real \
             time, random numbers, the order of a HashMap or a static\n"
        }
        Again::NoEnd => {
            "a second run of this seed did not come to its end: the first one has left something behind that it waits for, \
             such as a locked static\n"
        }
    };
    let settings = settings.of_one_run();
    text += &format!("to see it again: {settings}GOCHAN_SEED={} cargo test {}", failure.seed, name());
    failure.verdict.raise_with(&text);
}

/// The first run that fails, and its number from 0.
#[track_caller]
fn explore(
    test: &Test,
    settings: &Settings,
    seeds: &Seeds,
    progress: &Arc<Progress>,
    body: impl Body,
) -> Option<(usize, Failure)> {
    let begun = Instant::now();
    // If a run is requested, at least one is made.
    let limit = settings.time.filter(|_| seeds.replayed().is_none());
    let group = group_of(test);
    let drive = {
        let (test, group, progress) = (test.clone(), group.clone(), progress.clone());
        let (seeds, strategy) = (seeds.clone(), settings.strategy());
        move |tell: Sender<Option<(usize, Failure)>>| {
            let stuck = {
                let (tell, progress) = (tell.clone(), progress.clone());
                move |failure| _ = tell.send(Some((progress.run(), failure)))
            };
            let mut explored = Runs::new(&test, &group, stuck);
            let mut seeds = seeds.iter().enumerate();
            let mut seeds = seeds.by_ref().take_while(|_| limit.is_none_or(|limit| begun.elapsed() < limit));
            let failure = seeds.find_map(|(run, seed)| {
                progress.begin(run, seed);
                let schedule = Schedule::new(seed, strategy, test.jumps);
                let failure = explored.run(seed, Plan::Draw(schedule), body);
                progress.ended(explored.interleavings());
                let failure = failure?;
                Some((run, failure))
            });
            let _ = tell.send(failure);
            explored.goroutines_left()
        }
    };
    let deadline = test.timeout.map(|timeout| begun + timeout);
    let answer = match Line::new() {
        None => on_thread(deadline, None, drive),
        Some(mut line) => {
            let mut look = || line.show(|took| describe(&name(), progress.run(), seeds.count(), took, limit));
            on_thread(deadline, Some((PAUSE, &mut look)), drive)
        }
    };
    match answer {
        Ok(failure) => {
            if let (None, Some(limit)) = (&failure, limit) {
                print_for_test(&format!("{} interleavings in {limit:?}\n", progress.run() + 1));
            }
            failure
        }
        Err(TimedOut) => {
            timed_out(test, &group).and(&progress.tell(seeds.count())).raise();
            None
        }
    }
}

/// The location of the test.
fn name() -> String {
    std::thread::current().name().unwrap_or_default().to_owned()
}
