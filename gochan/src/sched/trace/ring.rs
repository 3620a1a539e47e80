//! The ring that a worker notes its turns in, which is read while it is written.
//!
//! Each note is words that are stored one by one, and a count says how many notes were ever written. The reader copies
//! what there is, looks at the count again, and leaves out what may have been written over meanwhile.

use crate::shim::atomic::{AtomicU64, AtomicUsize, Ordering::*, fence};

/// The last `CAPACITY` notes of one thread.
#[derive(Debug)]
pub(super) struct Ring<const CAPACITY: usize> {
    notes: Box<[Note]>,
    /// Counts all that were ever written.
    written: AtomicUsize,
}

/// One of: a turn; a wake, which has no `end`; a pause, which has no `id` and begins at `end`; `COUNTED` turns, as many as
/// `site` says.
#[derive(Debug, Default)]
pub(super) struct Note {
    pub(super) id: AtomicU64,
    /// Zero: when the note before ended.
    pub(super) begin: AtomicU64,
    pub(super) end: AtomicU64,
    pub(super) site: AtomicU64,
    /// The address of where the goroutine waits. In the highest byte a `WaitReason` plus one, or how else the turn
    /// has ended.
    pub(super) wait: AtomicU64,
}

const WORDS: usize = 5;

impl Note {
    fn words(&self) -> [&AtomicU64; WORDS] {
        [&self.id, &self.begin, &self.end, &self.site, &self.wait]
    }
}

impl<const CAPACITY: usize> Ring<CAPACITY> {
    pub(super) fn new() -> Ring<CAPACITY> {
        Ring { notes: (0..CAPACITY).map(|_| Note::default()).collect(), written: AtomicUsize::new(0) }
    }

    /// Writes a note over the oldest one; words that `fill` does not store keep what they had. Only one thread writes.
    #[inline]
    pub(super) fn write(&self, fill: impl FnOnce(&Note)) {
        let written = self.written.load(Relaxed);
        // Pairs with the Acquire fence in `read`: who has seen a word of this note sees that the one before is written,
        // and leaves this place out.
        fence(Release);
        fill(&self.notes[written % CAPACITY]);
        // Release: who sees the count sees the note.
        self.written.store(written + 1, Release);
    }

    /// How many notes were ever written.
    pub(super) fn written(&self) -> usize {
        self.written.load(Relaxed)
    }

    /// The notes that are surely whole, oldest first.
    pub(super) fn read(&self) -> Vec<[u64; WORDS]> {
        // Acquire pairs with the Release in `write`.
        let written = self.written.load(Acquire);
        let first = written.saturating_sub(CAPACITY);
        let read = |index: usize| self.notes[index % CAPACITY].words().map(|word| word.load(Relaxed));
        let mut notes: Vec<_> = (first..written).map(read).collect();
        // Pairs with the Release fence in `write`.
        fence(Acquire);
        // One more may be half written.
        let overwritten = (self.written.load(Relaxed) + 1).saturating_sub(CAPACITY).saturating_sub(first);
        notes.drain(..overwritten.min(notes.len()));
        notes
    }
}

#[cfg(all(test, gochan_loom))]
mod model_loom {
    use super::*;
    use loom::thread;
    use std::sync::Arc;

    /// Note number `n` has `n` in the words that are looked at.
    fn write(ring: &Ring<2>, number: u64) {
        ring.write(|note| {
            note.id.store(number, Relaxed);
            note.site.store(number, Relaxed);
        });
    }

    /// Reads what was written up to note 3 at least.
    fn read(ring: &Ring<2>) {
        let notes = ring.read();
        assert!(notes.windows(2).all(|pair| pair[1][0] == pair[0][0] + 1), "not in a row: {notes:?}");
        for [id, _, _, site, _] in notes {
            assert_eq!(id, site, "a torn note");
            assert!(id >= 3, "note {id} in the place of a later one");
        }
    }

    fn write_two_more(ring: &Ring<2>) {
        (4..=5).for_each(|number| write(ring, number));
    }

    /// One thread writes and the other reads. `here` comes first in the first run, and what loom tries follows from that:
    /// of the accesses to a word it compares each with the last one only.
    fn beside_each_other(here: fn(&Ring<2>), there: fn(&Ring<2>)) {
        crate::shim::check(3, move || {
            let ring = Arc::new(Ring::<2>::new());
            (1..=3).for_each(|number| write(&ring, number));
            let other = {
                let ring = ring.clone();
                thread::spawn(move || there(&ring))
            };
            here(&ring);
            other.join().unwrap();
            let rest = ring.read();
            assert_eq!(rest.iter().map(|note| note[0]).collect::<Vec<_>>(), [5]);
        });
    }

    #[test]
    fn what_is_read_beside_the_writer_is_whole_and_in_its_place() {
        beside_each_other(read, write_two_more);
        beside_each_other(write_two_more, read);
    }
}
