//! Goroutines that are counted from spawn to end.

use super::are_watched;
use super::party::Party;
use crate::base::fork;
use crate::base::lock::lock;
use std::sync::{Mutex, MutexGuard};

/// The counted goroutines, while knots are detected. Each is a member for at least as long as it is counted.
#[derive(Debug)]
pub(crate) struct Members(Mutex<List>);

#[derive(Debug)]
struct List {
    unstarted: usize,
    started: Vec<Party>,
}

/// One of them.
#[derive(Debug)]
pub(crate) enum Member {
    Unknown,
    Unstarted,
    Started(Party),
}

impl Members {
    pub(crate) const fn new() -> Members {
        Members(Mutex::new(List { unstarted: 0, started: Vec::new() }))
    }

    /// Adds one that will be spawned.
    pub(crate) fn add(&self) -> Member {
        let Some(mut list) = self.watched() else { return Member::Unknown };
        list.unstarted += 1;
        Member::Unstarted
    }

    /// The calling goroutine is this member.
    pub(crate) fn start(&self, member: &mut Member) {
        if let Member::Unstarted = member
            && let Some(mut list) = self.watched()
        {
            let party = Party::current();
            list.unstarted -= 1;
            list.started.push(party);
            *member = Member::Started(party);
        }
    }

    /// It has decremented the counter.
    pub(crate) fn remove(&self, member: &Member) {
        let Some(mut list) = self.watched() else { return };
        match member {
            Member::Unknown => {}
            Member::Unstarted => list.unstarted -= 1,
            Member::Started(party) => {
                let index = list.started.iter().position(|started| started == party);
                list.started.swap_remove(index.expect("it is removed once"));
            }
        }
    }

    /// `None` for those that have not started.
    pub(crate) fn get(&self) -> Vec<Option<Party>> {
        let list = self.lock();
        let started = list.started.iter().copied().map(Some);
        started.chain((0..list.unstarted).map(|_| None)).collect()
    }

    fn lock(&self) -> MutexGuard<'_, List> {
        lock(&self.0)
    }

    /// `None` if knots are not detected, or a thread that does not exist in a forked child may have locked the list.
    fn watched(&self) -> Option<MutexGuard<'_, List>> {
        (are_watched() && !fork::is_forked_child()).then(|| self.lock())
    }
}
