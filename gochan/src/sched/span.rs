//! The feature `tracing`: a span for each goroutine, entered while it runs.
//!
//! Spans are entered on threads, and goroutines of one worker share a thread. So the worker enters a goroutine's span
//! at the begin of each turn and leaves it at the end: events then belong to the goroutine that made them. Without the
//! feature nothing of this is there.

use std::panic::Location;

#[cfg(feature = "tracing")]
mod real {
    use super::Location;
    use crate::sched::attributes;
    use std::cell::RefCell;
    use tracing::{Span, field, info_span};

    fn make(id: u64, site: Option<&'static Location<'static>>) -> Span {
        let span = info_span!(
            parent: None,
            "goroutine",
            id,
            name = field::Empty,
            spawned_at = field::Empty
        );
        if let Some(site) = site {
            span.record("spawned_at", field::display(site));
        }
        if !span.is_none()
            && let Some(name) = attributes::name(id)
        {
            span.record("name", name);
        }
        span
    }

    /// The span of the goroutine on a stack. Used by its worker's thread only.
    #[derive(Debug)]
    pub(in crate::sched) struct Current(RefCell<Option<Span>>);

    impl Current {
        pub(in crate::sched) fn new() -> Current {
            Current(RefCell::new(None))
        }

        /// A turn begins.
        pub(in crate::sched) fn enter(&self, id: u64, site: Option<&'static Location<'static>>) {
            let mut span = self.0.borrow_mut();
            let span = span.get_or_insert_with(|| make(id, site));
            span.with_subscriber(|(id, dispatch)| dispatch.enter(id));
        }

        /// The turn is over.
        pub(in crate::sched) fn exit(&self) {
            if let Some(span) = &*self.0.borrow() {
                span.with_subscriber(|(id, dispatch)| dispatch.exit(id));
            }
        }

        /// The goroutine has ended.
        pub(in crate::sched) fn close(&self) {
            drop(self.0.take());
        }
    }

    /// Of a goroutine that is a thread: in the span while it lives.
    pub(in crate::sched) fn of_thread(id: u64, site: Option<&'static Location<'static>>) -> impl Drop {
        make(id, site).entered()
    }
}

#[cfg(not(feature = "tracing"))]
mod real {
    use super::Location;

    #[derive(Debug)]
    pub(in crate::sched) struct Current;

    impl Current {
        #[inline(always)]
        pub(in crate::sched) fn new() -> Current {
            Current
        }

        #[inline(always)]
        pub(in crate::sched) fn enter(&self, _: u64, _: Option<&'static Location<'static>>) {}

        #[inline(always)]
        pub(in crate::sched) fn exit(&self) {}

        #[inline(always)]
        pub(in crate::sched) fn close(&self) {}
    }

    pub(in crate::sched) fn of_thread(_: u64, _: Option<&'static Location<'static>>) -> impl Sized {}
}

pub(super) use real::{Current, of_thread};
