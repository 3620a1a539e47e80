//! Row DL-06: the profile of all goroutines, and leaks that are found while the program runs. Both are the process's, so
//! most tests have a process of their own.

use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::time::{Duration, Instant};

use crate::common::process::{Outcome, scenarios};
use crate::common::{on_threads, patience, until, watchdog};
use gochan::prelude::*;
use gochan::runtime::{self, FindingKind, GoroutineGroup, Profile, State, WaitReason, gosched, profile};
use gochan::time::sleep;
use gochan::{Builder, JoinHandle};

scenarios!(a_crowd, names, not_started, leaks_beside_pools, no_leaks, settings_of_the_program, a_deadlock,);

/// As `until`, for what needs this worker.
fn until_here(condition: impl Fn() -> bool) {
    let start = Instant::now();
    while !condition() {
        assert!(start.elapsed() < patience(), "the awaited condition never came");
        gosched();
    }
}

fn waiting(group: &&GoroutineGroup) -> bool {
    matches!(group.state, State::Waiting(_))
}

#[gochan::main]
fn a_crowd() {
    let gate = chan!(());
    let start = Instant::now();
    let receivers: Vec<_> = (0..100).map(|_| go!([gate] { recv!(gate) })).collect();
    let line = line!() - 1;
    let crowd_waits = |profile: Profile| {
        let crowd = &profile.groups()[0];
        crowd.count == 100 && waiting(&crowd)
    };
    until_here(|| crowd_waits(profile()));
    let all = profile();
    assert_eq!((all.count(), all.groups().len()), (101, 2), "{all}");
    let [crowd, main] = all.groups() else { panic!("{all}") };
    assert_eq!((crowd.count, crowd.state), (100, State::Waiting(WaitReason::Recv)), "{all}");
    assert_eq!((crowd.spawned_at.unwrap().line(), crowd.waiting_at.unwrap().line()), (line, line), "{all}");
    let waits = crowd.waits.unwrap();
    // The clock of waits goes in steps.
    let longest = start.elapsed() + Duration::from_millis(500);
    assert!(waits.shortest <= waits.mean && waits.mean <= waits.longest && waits.longest <= longest, "{all}");
    assert!(waits.mean <= waits.total / 99 && waits.total <= 100 * waits.longest, "{all}");
    assert_eq!((main.count, main.state, main.name.as_deref()), (1, State::Runnable, Some("main")), "{all}");
    assert_eq!((main.waiting_at, main.waits), (None, None), "{all}");

    let text = all.to_string();
    assert!(text.starts_with("101 goroutines in 2 groups\n\n100 goroutines [chan receive, "), "{text}");
    let place = format!("spawned at {}:{line}:", file!());
    assert!(text.contains(&place), "{text}");
    let json: serde_json::Value = serde_json::from_str(&all.to_json()).expect("it is JSON");
    assert_eq!((&json["goroutines"], &json["groups"][0]["spawned_at"]["line"]), (&101.into(), &line.into()));
    close!(gate);
    receivers.into_iter().for_each(|one| one.join().unwrap());
    // On the threads backend, one that is just ending may still count.
    until_here(|| profile().count() == 1);
}

fn named(names: impl Iterator<Item = String>, gate: &Chan<()>) -> Vec<JoinHandle<()>> {
    let spawn = |name| {
        let gate = gate.clone();
        Builder::new().name(name).spawn(move || recv!(gate))
    };
    names.map(spawn).collect()
}

#[gochan::main]
fn names() {
    let waiting_groups = || profile().groups().iter().filter(waiting).cloned().collect::<Vec<_>>();
    let counts = |groups: &[GoroutineGroup]| groups.iter().map(|group| group.count).collect::<Vec<_>>();
    let gate = chan!(());
    let actors = named((0..60).map(|n| ["left", "right", "right"][n % 3].to_owned()), &gate);
    until_here(|| counts(&waiting_groups()).iter().sum::<usize>() == 60);
    let groups = waiting_groups();
    let seen: Vec<_> = groups.iter().map(|group| (group.count, group.name.as_deref().unwrap())).collect();
    assert_eq!(seen, [(40, "right"), (20, "left")]);
    close!(gate);
    actors.into_iter().for_each(|one| one.join().unwrap());

    let gate = chan!(());
    let connections = named((0..60).map(|n| format!("connection {n}")), &gate);
    until_here(|| counts(&waiting_groups()).iter().sum::<usize>() == 60);
    let groups = waiting_groups();
    assert_eq!((counts(&groups), &groups[0].name), (vec![60], &None));
    close!(gate);
    connections.into_iter().for_each(|one| one.join().unwrap());
}

#[gochan::main]
fn not_started() {
    if on_threads() {
        return;
    }
    // This goroutine keeps the only worker.
    let plain: Vec<_> = (0..10).map(|_| go!({})).collect();
    let named = Builder::new().name("late").spawn(|| ());
    let all = profile();
    let unstarted = |group: &&GoroutineGroup| group.state == State::Unstarted;
    let seen: Vec<_> = all.groups().iter().filter(unstarted).collect();
    assert_eq!((seen[0].count, seen[0].spawned_at), (10, None), "{all}");
    assert_eq!((seen[1].count, seen[1].name.as_deref()), (1, Some("late")), "{all}");
    assert!(seen[1].spawned_at.is_some(), "{all}");
    assert_eq!(all.count(), 12, "{all}");
    plain.into_iter().for_each(|one| one.join().unwrap());
    named.join().unwrap();
}

#[test]
fn dl_06_a_profile_groups_goroutines_by_place() {
    for name in ["a_crowd", "names"] {
        scenario(name).run().prints("");
    }
    scenario("not_started").workers(1).run().prints("");
}

#[test]
fn dl_06_profiles_under_load_are_whole() {
    let _watchdog = watchdog();
    let stop = chan!(());
    let goroutines = if on_threads() { 50 } else { 1000 };
    let spinners: Vec<_> = (0..goroutines)
        .map(|_| {
            go!([stop] {
                while !stop.is_closed() {
                    go!({ gosched() }).join().unwrap();
                }
            })
        })
        .collect();
    let line = line!() - 7;
    let of_spinners = |profile: &Profile| {
        let theirs = |group: &&GoroutineGroup| group.spawned_at.is_some_and(|place| place.line() == line);
        profile.groups().iter().filter(theirs).map(|group| group.count).sum::<usize>()
    };
    until(|| of_spinners(&profile()) == goroutines);
    for _ in 0..20 {
        let profile = profile();
        assert_eq!(of_spinners(&profile), goroutines, "{profile}");
        assert!(profile.groups().is_sorted_by(|a, b| a.count >= b.count), "{profile}");
    }
    close!(stop);
    spinners.into_iter().for_each(|one| one.join().unwrap());
}

/// What has been found to leak: how many goroutines, and the whole text.
fn found() -> Option<(usize, String)> {
    let profile = profile();
    let [finding] = profile.findings() else {
        assert!(profile.findings().is_empty(), "{profile}");
        return None;
    };
    assert_eq!(finding.kind, FindingKind::Leak);
    Some((leading_number(&finding.text), finding.text.clone()))
}

fn leading_number(text: &str) -> usize {
    text.split_once(' ').and_then(|(number, _)| number.parse().ok()).expect("it begins with a number")
}

/// Workers that wait for jobs.
fn pool(jobs: &Chan<u32>) -> Vec<JoinHandle<u32>> {
    (0..8).map(|_| go!([jobs] { jobs.iter().sum() })).collect()
}

/// The line of the leak.
static LEAKS_AT: AtomicU32 = AtomicU32::new(0);

/// Goroutines that nobody receives from become ever more, until enough of them have been found.
fn leak(is_enough: impl Fn(usize) -> bool) -> (Chan<u32>, Vec<JoinHandle<()>>) {
    let results = chan!(u32);
    let mut leaked = Vec::new();
    while !found().is_some_and(|(count, _)| is_enough(count)) {
        LEAKS_AT.store(line!() + 1, Relaxed);
        leaked.push(go!([results] { send!(results <- 1) }));
        sleep(Duration::from_millis(5));
    }
    (results, leaked)
}

#[gochan::main]
fn leaks_beside_pools() {
    let (idle, busy) = (chan!(u32), chan!(u32));
    let mut workers = pool(&idle);
    workers.extend(pool(&busy));
    (0..100).for_each(|job| send!(busy <- job));
    let (results, mut leaked) = leak(|_| true);
    let (first, text) = found().unwrap();
    println!("{}\n{text}", LEAKS_AT.load(Relaxed));
    // It has doubled since, so it has been reported again.
    let (more_results, more) = leak(|count| count >= 2 * first);
    // What leaked goes on.
    for results in [results, more_results] {
        go!({ while results.recv().is_some() {} });
    }
    leaked.extend(more);
    leaked.into_iter().for_each(|one| one.join().unwrap());
    until_here(|| found().is_none());
    close!(idle);
    close!(busy);
    assert_eq!(workers.into_iter().map(|worker| worker.join().unwrap()).sum::<u32>(), 99 * 50);
}

#[gochan::main]
fn no_leaks() {
    let (jobs, requests) = (chan!(u32), chan!(u32));
    let mut workers = pool(&jobs);
    workers.extend(pool(&requests));
    let start = Instant::now();
    let mut sleepers = 0;
    while start.elapsed() < Duration::from_secs(2) {
        // Some hundred goroutines that are soon done, and one more that sleeps for long.
        (0..300).for_each(|job| drop(go!([requests] { send!(requests <- job) })));
        go!({ sleep(Duration::from_secs(3600)) });
        sleepers += 1;
        (0..20).for_each(|job| send!(jobs <- job));
        sleep(Duration::from_millis(5));
    }
    assert!(sleepers > 1);
    // All of them idle now.
    sleep(Duration::from_secs(1));
    assert_eq!(found(), None);
    close!(jobs);
    close!(requests);
    for worker in workers {
        worker.join().unwrap();
    }
}

fn settings_of_the_program() {
    runtime::Builder::new().leaks_after(Duration::from_millis(100)).install().unwrap();
    let (results, leaked) = leak(|_| true);
    go!({ while results.recv().is_some() {} });
    leaked.into_iter().for_each(|one| one.join().unwrap());
}

#[gochan::main]
fn a_deadlock() {
    let ch = chan!(u32);
    go!([ch] { ch.recv() });
    ch.recv();
}

/// The leaks that were reported, each with how many goroutines it had.
#[track_caller]
fn reports(outcome: &Outcome) -> Vec<usize> {
    assert_eq!(outcome.code(), Some(0), "{outcome:#?}");
    const BEGIN: &str = "gochan: warning: goroutine leak: ";
    let mut reports = outcome.stderr.split(BEGIN);
    assert_eq!(reports.next(), Some(""), "{outcome:#?}");
    reports.map(leading_number).collect()
}

#[test]
fn dl_06_leaks_are_reported_once_per_doubling_and_pools_are_not() {
    let outcome = scenario("leaks_beside_pools").env("GOCHAN_LEAKS", "100ms").run();
    let counts = reports(&outcome);
    assert!(counts.len() >= 2, "{outcome:#?}");
    assert!(counts.windows(2).all(|pair| pair[1] >= 2 * pair[0]), "{counts:?}");
    let (line, text) = outcome.stdout.split_once('\n').unwrap();
    let place = format!("at {}:{line}:", file!());
    assert_eq!(outcome.stderr.matches(&place).count(), 2 * counts.len(), "{outcome:#?}");
    assert_eq!(outcome.stderr.matches("spawned at ").count(), counts.len(), "{outcome:#?}");
    for words in ["have waited for more than 100 ms", "[chan send, up to ", "waits at ", "spawned at "] {
        assert!(outcome.stderr.contains(words) && text.contains(words), "{words}: {outcome:#?}");
    }

    let outcome = scenario("settings_of_the_program").without("GOCHAN_LEAKS").run();
    assert!(!reports(&outcome).is_empty(), "{outcome:#?}");
}

#[test]
fn dl_06_who_does_not_leak_or_is_not_looked_for_is_not_told() {
    for setting in ["300ms", "off"] {
        let outcome = scenario("no_leaks").env("GOCHAN_LEAKS", setting).run();
        assert_eq!((outcome.code(), outcome.stderr.as_str()), (Some(0), ""), "{setting}");
    }
    for nonsense in ["soon", "5", "-1s"] {
        let outcome = scenario("no_leaks").env("GOCHAN_LEAKS", nonsense).run();
        outcome.fails_saying(&["GOCHAN_LEAKS", &format!("`{nonsense}`"), "5m"]);
    }
}

#[test]
fn dl_06_looking_for_leaks_does_not_hide_a_deadlock() {
    let outcome = scenario("a_deadlock").env("GOCHAN_LEAKS", "5m").run();
    assert_eq!(outcome.code(), Some(2), "{outcome:#?}");
    outcome.fails_saying(&["all goroutines are asleep - deadlock!"]);
}
