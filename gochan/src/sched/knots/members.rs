//! Goroutines that are counted from their spawns to their ends.

use super::are_watched;
use super::party::Party;
use crate::sched::fork;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Those that a count is of, while knots are watched for. Each is here for at least as long as it is counted.
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

    /// One more, which will be spawned.
    pub(crate) fn add(&self) -> Member {
        let Some(mut list) = self.watched() else { return Member::Unknown };
        list.unstarted += 1;
        Member::Unstarted
    }

    /// It is the calling goroutine.
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

    /// It has counted itself down.
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

    /// None for those that have not started.
    pub(crate) fn get(&self) -> Vec<Option<Party>> {
        let list = self.lock();
        let started = list.started.iter().copied().map(Some);
        started.chain((0..list.unstarted).map(|_| None)).collect()
    }

    fn lock(&self) -> MutexGuard<'_, List> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// None: nobody watches, or the list may be locked by a thread that a forked child has not got.
    fn watched(&self) -> Option<MutexGuard<'_, List>> {
        (are_watched() && !fork::is_forked_child()).then(|| self.lock())
    }
}
