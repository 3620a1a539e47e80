//! The messages of a test that fails.

use crate::base::location::SourceLocation;
use crate::base::report;
use crate::base::test_group::{Panicked, TestGroup, shown_id};
use crate::diag::dump::{GoroutineInfo, State, goroutines};
use crate::sched::fresh::Goexit;
use std::any::Any;
use std::fmt::{self, Write};
use std::panic::resume_unwind;
use std::time::Duration;

/// A live goroutine, and its name in the report.
pub(super) struct Leftover(GoroutineInfo, u64);

/// The goroutines of `group` that have started, by id.
pub(super) fn leftover(group: &TestGroup) -> Vec<Leftover> {
    let members = goroutines().into_iter().filter(|goroutine| group.contains(goroutine.id));
    let mut left: Vec<_> = members.map(|info| Leftover(info.clone(), shown_id(info.id))).collect();
    left.sort_by_key(|goroutine| goroutine.1);
    left
}

impl Leftover {
    pub(super) fn id(&self) -> u64 {
        self.0.id
    }

    /// True if one of `entries` matches it: by its name, or by the `file` or `file:line` of its spawn.
    pub(super) fn is_among(&self, entries: &[&str]) -> bool {
        entries.iter().any(|entry| {
            self.0.name.as_deref() == Some(entry)
                || self.0.spawned_at.is_some_and(|site| {
                    ends_as_path(site.file(), entry)
                        || ends_as_path(&format!("{}:{}", site.file(), site.line()), entry)
                })
        })
    }
}

/// The goroutines left at the end of a test, except those that are allowed.
pub(super) struct Left {
    started: Vec<Leftover>,
    unstarted: usize,
}

impl Left {
    /// Of `alive` goroutines, `seen` have started.
    pub(super) fn new(mut seen: Vec<Leftover>, alive: usize, allowed: &[&str]) -> Left {
        let unstarted = alive.saturating_sub(seen.len());
        seen.retain(|goroutine| !goroutine.is_among(allowed));
        Left { started: seen, unstarted }
    }

    pub(super) fn is_nobody(&self) -> bool {
        self.started.is_empty() && self.unstarted == 0
    }
}

/// True if `end` consists of the last components of `path`.
fn ends_as_path(path: &str, end: &str) -> bool {
    path.strip_suffix(end).is_some_and(|rest| rest.is_empty() || rest.ends_with('/') || end.starts_with('/'))
}

impl fmt::Display for Leftover {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let GoroutineInfo { name, state, spawned_at, waiting_at, .. } = &self.0;
        write!(f, "goroutine {}", self.1)?;
        if let Some(name) = name {
            write!(f, " `{name}`")?;
        }
        match state {
            State::Waiting(reason) => write!(f, ": waits in {reason}")?,
            State::Runnable => write!(f, ": runs, or could")?,
            State::Unstarted => write!(f, ": has not started")?,
        }
        if let (State::Waiting(_), Some(place)) = (state, waiting_at) {
            write!(f, " at {place}")?;
        }
        if let Some(site) = spawned_at {
            write!(f, "\n        spawned at {site}")?;
        }
        Ok(())
    }
}

fn places(goroutines: &[Leftover]) -> Vec<Option<SourceLocation>> {
    goroutines.iter().map(|goroutine| goroutine.0.waiting_at).collect()
}

fn list(text: &mut String, goroutines: &[Leftover]) {
    for goroutine in goroutines {
        let _ = write!(text, "\n    {goroutine}");
    }
}

/// The kind of a failure, and what identifies it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Symptom {
    /// The message of the panic.
    Panic(String),
    /// The body ended without returning.
    Body,
    /// Where the goroutines wait.
    Deadlock(Vec<Option<SourceLocation>>),
    /// A deadlock of some goroutines, while others went on.
    Knot,
    Leak(Vec<Option<SourceLocation>>),
    Timeout,
    Stuck,
    Endless,
}

impl Symptom {
    /// True if it shows the same fault as `other`, or a part of it.
    pub(super) fn is_of(&self, other: &Symptom) -> bool {
        fn without_numbers(text: &str) -> impl Iterator<Item = char> + '_ {
            text.chars().filter(|c| !c.is_ascii_digit())
        }
        match (self, other) {
            (Symptom::Panic(one), Symptom::Panic(other)) => without_numbers(one).eq(without_numbers(other)),
            (Symptom::Deadlock(places), Symptom::Deadlock(others))
            | (Symptom::Leak(places), Symptom::Leak(others)) => {
                places.iter().all(|place| others.contains(place))
            }
            (one, other) => one == other,
        }
    }
}

/// The outcome of a test.
#[must_use = "a test fails by raising it"]
pub(super) struct Verdict {
    /// The panic of the body.
    payload: Option<Box<dyn Any + Send>>,
    /// Other failures.
    problems: Vec<(Symptom, String)>,
}

impl Verdict {
    /// From the result of the body.
    pub(super) fn of_body(result: std::thread::Result<bool>) -> Verdict {
        let mut verdict = Verdict::passed();
        match result {
            Ok(true) => {}
            Ok(false) => verdict.add(Symptom::Body, "the test returned an error".to_owned()),
            Err(payload) if payload.is::<Goexit>() => {
                verdict.add(Symptom::Body, "the test ended by goexit before its body was through".to_owned());
            }
            Err(payload) => verdict.payload = Some(payload),
        }
        verdict
    }

    pub(super) fn passed() -> Verdict {
        Verdict { payload: None, problems: Vec::new() }
    }

    /// A goroutine blocks the thread forever.
    pub(super) fn stuck(what: &str) -> Verdict {
        let problem = format!(
            "{what}. It cannot be switched out then, so nobody will ever end the wait. Use try_send, try_recv or a \
             buffered channel in destructors and deferred code"
        );
        Verdict::of(Symptom::Stuck, problem)
    }

    fn of(symptom: Symptom, problem: String) -> Verdict {
        Verdict { payload: None, problems: vec![(symptom, problem)] }
    }

    /// All failures, for comparison.
    pub(super) fn symptoms(&self) -> Vec<Symptom> {
        let panic =
            self.payload.as_ref().map(|payload| Symptom::Panic(report::message(&**payload).to_owned()));
        panic.into_iter().chain(self.problems.iter().map(|(symptom, _)| symptom.clone())).collect()
    }

    /// True if the body has panicked.
    pub(super) fn is_panic(&self) -> bool {
        self.payload.is_some()
    }

    pub(super) fn is_failure(&self) -> bool {
        self.is_panic() || !self.problems.is_empty()
    }

    /// Adds to the text of the last failure.
    pub(super) fn and(mut self, more: &str) -> Verdict {
        if let Some((_, problem)) = self.problems.last_mut() {
            *problem += "\n";
            *problem += more;
        }
        self
    }

    pub(super) fn add(&mut self, symptom: Symptom, problem: String) {
        self.problems.push((symptom, problem));
    }

    /// No goroutine will ever go on, and the body has not ended.
    pub(super) fn deadlock(goroutines: &[Leftover]) -> Verdict {
        let mut text = "all goroutines of the test are asleep - deadlock!".to_owned();
        list(&mut text, goroutines);
        Verdict::of(Symptom::Deadlock(places(goroutines)), text)
    }

    pub(super) fn timeout(timeout: Duration, goroutines: &[Leftover]) -> Verdict {
        let mut text = format!("the test has not ended after {timeout:?}");
        list(&mut text, goroutines);
        Verdict::of(Symptom::Timeout, text)
    }

    pub(super) fn add_leaks(&mut self, left: &Left) {
        if left.is_nobody() {
            return;
        }
        let mut text = match left.started.len() + left.unstarted {
            1 => "1 goroutine has leaked".to_owned(),
            count => format!("{count} goroutines have leaked"),
        };
        list(&mut text, &left.started);
        if left.unstarted > 0 {
            let _ = write!(text, "\n    {} not started, because others never wait", left.unstarted);
        }
        self.add(Symptom::Leak(places(&left.started)), text);
    }

    pub(super) fn add_panics(&mut self, panics: Vec<Panicked>) {
        for Panicked { id, name, spawned_at, message } in panics {
            let name = name.map(|name| format!(" `{name}`")).unwrap_or_default();
            let problem = format!(
                "goroutine {id}{name} panicked and nobody joined it: {message}\n        spawned at {spawned_at}"
            );
            self.add(Symptom::Panic(message), problem);
        }
    }

    /// Fails the test, unless there was no failure.
    #[track_caller]
    pub(super) fn raise(self) {
        self.raise_with("");
    }

    /// Like `raise`, with an explanation of how the failure came about.
    #[track_caller]
    pub(super) fn raise_with(self, story: &str) {
        if !self.is_failure() {
            return;
        }
        let problems = self.problems.iter().map(|(_, problem)| &**problem);
        let problems =
            problems.chain(Some(story).filter(|story| !story.is_empty())).collect::<Vec<_>>().join("\n");
        match self.payload {
            Some(payload) => {
                if !problems.is_empty() {
                    report::print_for_test(&format!("{problems}\n"));
                }
                resume_unwind(payload)
            }
            None => panic!("{problems}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_end_at_whole_components() {
        assert!(ends_as_path("src/pool.rs", "src/pool.rs"));
        assert!(ends_as_path("a/src/pool.rs", "pool.rs"));
        assert!(ends_as_path("a/src/pool.rs:7", "src/pool.rs:7"));
        assert!(!ends_as_path("a/src/spool.rs", "pool.rs"));
        assert!(!ends_as_path("a/src/pool.rs", "src"));
    }
}
