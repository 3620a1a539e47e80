//! The stack of the calling thread.

use super::frames::{Frames, Walked};
use crate::base::coroutine::{DefaultStack, on_stack};
use crate::stack::walk;

/// The stack of the calling thread, which may be nearly full: the walk runs on another stack. `None` if there is no
/// memory for it.
pub(crate) fn walk_own_stack() -> Option<Walked> {
    const ROOM: usize = 64 * 1024;
    let stack = DefaultStack::new(ROOM).ok()?;
    Some(on_stack(stack, || {
        let mut frames = Frames::new();
        walk::frames(0..usize::MAX, |address| frames.push(address));
        frames.walked()
    }))
}
