//! What the caller keeps of an operation: its index, and the type of its value.

use std::fmt;
use std::marker::PhantomData;

/// A receive in a [`Select`](super::Select).
pub struct RecvArm<T> {
    pub(super) token: Token<T>,
}

/// A send in a [`Select`](super::Select).
pub struct SendArm<T> {
    pub(super) token: Token<T>,
}

pub(super) struct Token<T> {
    pub(super) select: u64,
    pub(super) index: usize,
    _item: PhantomData<fn(T) -> T>,
}

impl<T> Token<T> {
    pub(super) fn new(select: u64, index: usize) -> Token<T> {
        Token { select, index, _item: PhantomData }
    }
}

impl<T> Clone for RecvArm<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for RecvArm<T> {}

impl<T> Clone for SendArm<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for SendArm<T> {}

impl<T> Clone for Token<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Token<T> {}

impl<T> RecvArm<T> {
    /// The number that [`Selected::index`](super::Selected::index) has when this arm is chosen.
    pub fn index(&self) -> usize {
        self.token.index
    }
}

impl<T> SendArm<T> {
    /// The number that [`Selected::index`](super::Selected::index) has when this arm is chosen.
    pub fn index(&self) -> usize {
        self.token.index
    }
}

impl<T> fmt::Debug for RecvArm<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RecvArm({})", self.index())
    }
}

impl<T> fmt::Debug for SendArm<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SendArm({})", self.index())
    }
}
