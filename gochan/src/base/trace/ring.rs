//! The ring in which a worker records its turns. It is read while it is written.
//!
//! Each note consists of words that are stored one by one, and a counter holds the number of all notes written. The
//! reader copies the notes, reads the counter again, and drops those that may have been overwritten meanwhile.

use crate::shim::atomic::{AtomicU64, AtomicUsize, Ordering::*, fence};

/// The last `CAPACITY` notes of one thread.
#[derive(Debug)]
pub(crate) struct NoteRing<const CAPACITY: usize> {
    notes: Box<[Note]>,
    /// The number of all notes ever written.
    written: AtomicUsize,
}

/// One of: a turn; a wake, which has no `end`; a pause, which has no `id` and begins at `end`; `COUNTED` turns, whose
/// number is in `site`.
#[derive(Debug, Default)]
pub(crate) struct Note {
    pub(crate) id: AtomicU64,
    /// Zero if it is the end of the previous note.
    pub(crate) begin: AtomicU64,
    pub(crate) end: AtomicU64,
    pub(crate) site: AtomicU64,
    /// The address of the location where the goroutine waits. The highest byte holds a `WaitReason` plus one, or
    /// another end of the turn.
    pub(crate) wait: AtomicU64,
}

pub(crate) const WORDS: usize = 5;

impl Note {
    fn words(&self) -> [&AtomicU64; WORDS] {
        [&self.id, &self.begin, &self.end, &self.site, &self.wait]
    }
}

impl<const CAPACITY: usize> NoteRing<CAPACITY> {
    pub(crate) fn new() -> NoteRing<CAPACITY> {
        NoteRing { notes: (0..CAPACITY).map(|_| Note::default()).collect(), written: AtomicUsize::new(0) }
    }

    /// Overwrites the oldest note; words that `fill` does not store keep their values. Only one thread writes.
    #[inline]
    pub(crate) fn write(&self, fill: impl FnOnce(&Note)) {
        let written = self.written.load(Relaxed);
        // Pairs with the Acquire fence in `read`: a reader that sees a word of this note sees that the previous one is
        // written, and leaves this place out.
        fence(Release);
        fill(&self.notes[written % CAPACITY]);
        // Release: a reader that sees the count sees the note.
        self.written.store(written + 1, Release);
    }

    /// The number of notes ever written.
    pub(crate) fn written(&self) -> usize {
        self.written.load(Relaxed)
    }

    /// The notes that are certainly complete, oldest first.
    pub(crate) fn read(&self) -> Vec<[u64; WORDS]> {
        // Acquire pairs with the Release in `write`.
        let written = self.written.load(Acquire);
        let first = written.saturating_sub(CAPACITY);
        let read = |index: usize| self.notes[index % CAPACITY].words().map(|word| word.load(Relaxed));
        let mut notes: Vec<_> = (first..written).map(read).collect();
        // Pairs with the Release fence in `write`.
        fence(Acquire);
        // One more may be partly written.
        let overwritten = (self.written.load(Relaxed) + 1).saturating_sub(CAPACITY).saturating_sub(first);
        notes.drain(..overwritten.min(notes.len()));
        notes
    }
}

#[cfg(all(test, gochan_loom))]
mod model_loom {
    use crate::base::trace::ring::*;
    use loom::thread;
    use std::sync::Arc;

    /// Note number `n` has `n` in the words that are checked.
    fn write(ring: &NoteRing<2>, number: u64) {
        ring.write(|note| {
            note.id.store(number, Relaxed);
            note.site.store(number, Relaxed);
        });
    }

    /// Reads everything up to note 3 at least.
    fn read(ring: &NoteRing<2>) {
        let notes = ring.read();
        assert!(notes.windows(2).all(|pair| pair[1][0] == pair[0][0] + 1), "not in a row: {notes:?}");
        for [id, _, _, site, _] in notes {
            assert_eq!(id, site, "a torn note");
            assert!(id >= 3, "note {id} in the place of a later one");
        }
    }

    fn write_two_more(ring: &NoteRing<2>) {
        (4..=5).for_each(|number| write(ring, number));
    }

    /// One thread writes and the other reads. `here` comes first in the first run, which determines what loom tries: it
    /// compares each access to a word only with the last one.
    fn beside_each_other(here: fn(&NoteRing<2>), there: fn(&NoteRing<2>)) {
        crate::shim::check(3, move || {
            let ring = Arc::new(NoteRing::<2>::new());
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
