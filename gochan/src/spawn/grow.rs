//! More stack for known deep code.

use crate::base::above::{Above, Watch};
use crate::base::coroutine::{self, on_stack};
use crate::sched::goroutine::Goroutine;
use crate::stack::pool::{self, Pool};
use crate::stack::{Slot, guards, overflow};
use std::sync::Arc;

/// What is left of the stack when the closure begins.
const LEAST: usize = 128 * 1024;
/// The size of what is added.
const SEGMENT: usize = 1 << 20;

/// Calls `f` with at least 128 KiB of stack.
///
/// A function that calls itself to a depth that depends on its input, as those for trees and parsers do, calls itself
/// through `grow` and so needs no stack for the greatest depth. If less than 128 KiB are left, `f` runs on a segment of
/// 1 MiB, on the same thread, which is returned when `f` has returned or panicked. Otherwise this is a comparison and a
/// call. Between two calls of `grow` the function and all that it calls may use 128 KiB.
///
/// In a goroutine, `f` may do all that goroutines do: wait, panic, [`goexit`](super::current::goexit). Dumps show its
/// functions. On other threads, whose stacks the runtime does not know, the outermost call always takes a segment. Where there are
/// no coroutines, as on Windows, `f` runs on what the stack has left.
///
/// Go's stacks grow by themselves. In Rust, frames have addresses that do not change, so this is explicit; without it a
/// goroutine has what [`Builder::stack_size`](crate::Builder::stack_size) says.
///
/// # Panics
/// If there is no memory for a segment.
///
/// ```
/// use gochan::runtime::grow;
///
/// struct Tree(Option<Box<Tree>>);
///
/// fn depth(tree: &Tree) -> usize {
///     grow(|| tree.0.as_ref().map_or(0, |below| 1 + depth(below)))
/// }
///
/// let mut tree = Tree(None);
/// for _ in 0..10_000 {
///     tree = Tree(Some(Box::new(tree)));
/// }
/// let handle = gochan::go!({
///     let depth = depth(&tree);
///     // Drops are recursive as well.
///     while let Some(below) = tree.0.take() {
///         tree = *below;
///     }
///     depth
/// });
/// assert_eq!(handle.join().unwrap(), 10_000);
/// ```
#[doc(alias("SetMaxStack", "morestack", "stacker"))]
#[inline]
#[track_caller]
pub fn grow<R>(f: impl FnOnce() -> R) -> R {
    if !coroutine::ARE_HERE || room().is_some_and(|room| room >= LEAST) {
        return f();
    }
    let segment = match Segment::take() {
        Ok(segment) => segment,
        Err(error) => panic!("no memory for a segment of {SEGMENT} bytes of stack: {error}"),
    };
    segment.call(f)
}

/// The bytes that are left of the stack. None: it is neither a goroutine's nor a segment.
#[inline]
fn room() -> Option<usize> {
    let here = 0_u8;
    let top = (&raw const here).addr();
    let own = Goroutine::current().map(Goroutine::stack).filter(|stack| stack.contains(&top));
    own.map(|stack| top - stack.start).or_else(|| overflow::segment_of(top).map(|slot| top - slot.floor()))
}

/// Its slot goes back when this is dropped, also by a panic.
struct Segment {
    slot: Slot,
    pool: Arc<Pool>,
}

impl Segment {
    #[cold]
    fn take() -> std::io::Result<Segment> {
        // On a plain thread there may be no workers.
        Above::workers_made();
        overflow::alternate_stack();
        let (pool, mut slot) = (pool::for_segments(SEGMENT), Vec::with_capacity(1));
        pool.take(1, &mut slot)?;
        guards::hold(slot[0]);
        Ok(Segment { slot: slot[0], pool })
    }

    fn call<R>(&self, f: impl FnOnce() -> R) -> R {
        on_stack(crate::sched::goroutine::CoroutineStack::of_segment(self.slot), f)
    }
}

impl Drop for Segment {
    fn drop(&mut self) {
        guards::release_hold(self.slot);
        self.pool.put([self.slot]);
    }
}
