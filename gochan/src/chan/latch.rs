//! Channels that one event closes, such as the end of a goroutine.

use super::{Chan, Receiver, Sender};
use crate::base::touch::Touch;
use crate::points;
use crate::spawn::join::JoinHandle;
use crate::spawn::scope::ScopedJoinHandle;
use crate::spawn::shared_end::Watcher;
use std::any::Any;
use std::sync::Arc;
use std::task::Wake;

impl<T> JoinHandle<T> {
    /// A channel that closes when the goroutine has ended, by returning, by a panic or by `goexit`; nothing is ever
    /// sent. So the end can be an arm of [`select!`](macro@crate::select), after which [`join`](JoinHandle::join) does
    /// not wait:
    ///
    /// ```
    /// use gochan::prelude::*;
    /// use std::time::Duration;
    ///
    /// let sum = go!({ (1..=4).sum::<i32>() });
    /// select! {
    ///     <-sum.finished() => assert_eq!(sum.join().unwrap(), 10),
    ///     <-after(Duration::from_secs(60)) => panic!("still at it"),
    /// }
    /// ```
    ///
    /// Every call returns the same channel. It outlives the handle: a goroutine that is detached closes it as well,
    /// once its result has been dropped. Never blocks; the first call allocates. A Go program would have the goroutine
    /// close a channel `done`.
    pub fn finished(&self) -> Receiver<()> {
        let watcher: &dyn Any = self.watcher(Latch::new);
        watcher.downcast_ref::<Latch>().expect("handles have no other watcher").receiver()
    }
}

impl<T> ScopedJoinHandle<'_, T> {
    /// A channel that closes when the goroutine has ended, as [`JoinHandle::finished`].
    pub fn finished(&self) -> Receiver<()> {
        self.handle().finished()
    }
}

/// Both halves of a channel on which nothing is ever sent, and which is closed as a part of another operation.
pub(crate) struct Latch(Option<(Sender<()>, Receiver<()>)>);

impl Latch {
    pub(crate) fn new() -> Latch {
        Latch(Some(Chan::new().split()))
    }

    pub(crate) fn receiver(&self) -> Receiver<()> {
        self.halves().1.clone()
    }

    /// Closes the channel.
    pub(crate) fn open(&self) {
        if points::are_due() {
            points::touch(Touch::EVERYTHING);
        }
        if let Some(waiting) = self.halves().0.close_without_waking() {
            waiting.wake_all();
        }
    }

    fn halves(&self) -> &(Sender<()>, Receiver<()>) {
        self.0.as_ref().expect("they are there until the drop")
    }
}

impl Drop for Latch {
    fn drop(&mut self) {
        if points::are_due() && self.halves().1.has_closed() {
            // Dropping a closed channel has no effect on others.
            points::hidden(|| self.0 = None);
        }
    }
}

impl Watcher for Latch {
    fn ended(&self) {
        self.open();
    }
}

/// Whatever wakes an async task can open a latch.
impl Wake for Latch {
    fn wake(self: Arc<Self>) {
        self.open();
    }
}
