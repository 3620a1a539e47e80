//! The sources of a poller by their tokens.

use super::word::Words;
use mio::Token;
use std::sync::Arc;

/// A token is the number of a slot, and above it the generation of what is in the slot.
const NUMBER: u32 = usize::BITS / 2;

/// See the module documentation.
#[derive(Debug, Default)]
pub(super) struct Slots {
    slots: Vec<Slot>,
    free: Vec<usize>,
}

#[derive(Debug, Default)]
struct Slot {
    generation: usize,
    words: Option<Arc<Words>>,
}

impl Slots {
    /// None: there are too many.
    pub(super) fn insert(&mut self, words: Arc<Words>) -> Option<Token> {
        let number = self.free.pop().unwrap_or_else(|| {
            self.slots.push(Slot::default());
            self.slots.len() - 1
        });
        if number >> NUMBER != 0 {
            return None;
        }
        let slot = &mut self.slots[number];
        slot.words = Some(words);
        Some(Token(slot.generation << NUMBER | number))
    }

    fn at(token: Token) -> (usize, usize) {
        (token.0 & ((1 << NUMBER) - 1), token.0 >> NUMBER)
    }

    pub(super) fn remove(&mut self, token: Token) {
        let (number, generation) = Slots::at(token);
        if let Some(slot) = self.slots.get_mut(number)
            && slot.generation == generation
        {
            slot.words = None;
            // The largest one is the waker's.
            slot.generation = (generation + 1) % ((1 << NUMBER) - 1);
            self.free.push(number);
        }
    }

    /// None if the source has gone.
    pub(super) fn get(&self, token: Token) -> Option<&Words> {
        let (number, generation) = Slots::at(token);
        let slot = self.slots.get(number).filter(|slot| slot.generation == generation)?;
        slot.words.as_deref()
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &Words> {
        self.slots.iter().filter_map(|slot| slot.words.as_deref())
    }
}

#[cfg(all(test, not(any(gochan_model, gochan_loom))))]
mod tests {
    use super::*;

    #[test]
    fn the_token_of_what_has_gone_finds_nothing() {
        let mut slots = Slots::default();
        let first = slots.insert(Arc::new(Words::new())).unwrap();
        slots.remove(first);
        let second = slots.insert(Arc::new(Words::new())).unwrap();
        assert_eq!(Slots::at(first).0, Slots::at(second).0, "the slot is used again");
        assert!(slots.get(first).is_none() && slots.get(second).is_some());
        slots.remove(first);
        assert!(slots.get(second).is_some(), "a late removal hits nothing");
        assert_eq!(slots.all().count(), 1);
    }

    #[test]
    fn generations_leave_out_the_token_of_the_waker() {
        let mut slots = Slots::default();
        slots.insert(Arc::new(Words::new())).unwrap();
        slots.slots[0].generation = (1 << NUMBER) - 2;
        slots.remove(Token(((1 << NUMBER) - 2) << NUMBER));
        assert_eq!(slots.insert(Arc::new(Words::new())), Some(Token(0)));
    }
}
