//! The feature `tracing`: the current span is the goroutine's.
//!
//! Each goroutine has a span of its own, and enters others by guards and by `#[instrument]`. Subscribers keep the entered
//! spans by thread, and goroutines of one worker share a thread. So the spans that a goroutine has entered are exited before
//! another one runs, and entered again, in the same order, when it continues.
//!
//! Subscribers are user code, which may panic and may wait. It must not run between the queueing of a waiter and the switch
//! that follows, nor on the worker's own stack (`INVARIANTS.md`). So a goroutine leaves its spans on the thread when it
//! switches out, and the next one to run exits them, on its own stack, before it enters its own. If the same goroutine runs
//! next, nothing is exited. A switch from within such a call of the subscriber changes no spans.
//!
//! Without the feature, all of this compiles to nothing.

use super::goroutine::Goroutine;
use std::panic::Location;

/// Exits and closes the spans of the goroutine that runs here and has ended.
#[inline(always)]
pub(crate) fn end_spans() {
    if cfg!(feature = "tracing")
        && let Some(goroutine) = Goroutine::current()
    {
        goroutine.worker().spans.end(goroutine);
    }
}

#[cfg(feature = "tracing")]
mod real {
    use super::Location;
    use crate::base::attributes;
    use crate::base::callback::{Callbacks, drop_quietly};
    use crate::own_tls;
    use crate::sched::goroutine::Goroutine;
    use std::cell::{Cell, RefCell};
    use std::ptr;
    use tracing::{Dispatch, Span, dispatcher, field, info_span, span::Id};

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

    /// The spans of the goroutine on a stack. Used by its worker's thread only.
    #[derive(Debug)]
    pub(crate) struct Spans {
        own: RefCell<Option<Span>>,
        /// The spans that it has entered, the outermost first, while another goroutine's are on the thread.
        entered: RefCell<Vec<(Dispatch, Id)>>,
    }

    /// The goroutine whose spans are entered on a worker's thread.
    #[derive(Debug)]
    pub(crate) struct OnThread {
        of: Cell<Option<&'static Goroutine>>,
        /// The spans are being changed. The subscriber may have switched out the goroutine that changes them.
        changing: Cell<bool>,
    }

    impl OnThread {
        pub(crate) fn new() -> OnThread {
            OnThread { of: Cell::new(None), changing: Cell::new(false) }
        }

        /// Runs `change` unless a change is going on. A panic of the subscriber ends here.
        fn change(&self, change: impl FnOnce(&mut Callbacks)) {
            if !self.changing.replace(true) {
                let mut callbacks = Callbacks::new();
                change(&mut callbacks);
                drop(callbacks);
                self.changing.set(false);
            }
        }

        /// `goroutine` runs now: its spans are entered, and those of the one before it exited.
        pub(crate) fn arrive(&self, goroutine: &'static Goroutine) {
            // With thread-locals of its own, a goroutine's spans stay entered while others run.
            if own_tls::is_on() || self.of.get().is_some_and(|before| ptr::eq(before, goroutine)) {
                return;
            }
            self.change(|callbacks| {
                if let Some(before) = self.of.replace(Some(goroutine)) {
                    before.spans().exit(callbacks);
                }
                for (dispatch, id) in goroutine.spans().entered.take() {
                    callbacks.run(|| dispatch.enter(&id));
                }
            });
        }

        /// A fresh goroutine begins as `goroutine`, which runs.
        pub(crate) fn begin(&self, goroutine: &'static Goroutine) {
            self.arrive(goroutine);
            self.change(|callbacks| {
                callbacks.run(|| {
                    let span = make(goroutine.id(), goroutine.status().site());
                    span.with_subscriber(|(id, dispatch)| dispatch.enter(id));
                    goroutine.spans().own.replace(Some(span));
                });
            });
        }

        /// `goroutine`, which runs, has ended. Guards that it has leaked end with it.
        pub(crate) fn end(&self, goroutine: &'static Goroutine) {
            let spans = goroutine.spans();
            if spans.own.borrow().is_none() {
                return;
            }
            self.change(|callbacks| spans.exit(callbacks));
            self.of.set(None);
            spans.entered.take();
            drop_quietly(spans.own.take());
        }
    }

    impl Spans {
        pub(crate) fn new() -> Spans {
            Spans { own: RefCell::new(None), entered: RefCell::default() }
        }

        /// Exits every span that is entered on this thread, and notes them.
        fn exit(&self, callbacks: &mut Callbacks) {
            /// With a subscriber that reports a span and ignores its exit, the loop would never end.
            const MANY: usize = 1000;
            let own = self.own.borrow().as_ref().and_then(Span::id);
            let mut exited = Vec::new();
            callbacks.run(|| {
                dispatcher::get_default(|dispatch| {
                    if !dispatch.current_span().is_known() {
                        // The subscriber does not say what is entered; this one is.
                        if let Some(id) = own.clone() {
                            dispatch.exit(&id);
                            exited.push((dispatch.clone(), id));
                        }
                        return;
                    }
                    while exited.len() < MANY
                        && let Some(id) = dispatch.current_span().id()
                    {
                        dispatch.exit(id);
                        exited.push((dispatch.clone(), id.clone()));
                    }
                });
            });
            exited.reverse();
            self.entered.replace(exited);
        }
    }

    /// The span of a goroutine that is a thread, entered while this lives.
    pub(crate) fn of_thread(id: u64, site: Option<&'static Location<'static>>) -> impl Drop {
        make(id, site).entered()
    }
}

#[cfg(not(feature = "tracing"))]
mod real {
    use super::Location;
    use crate::sched::goroutine::Goroutine;

    #[derive(Debug)]
    pub(crate) struct Spans;

    impl Spans {
        #[inline(always)]
        pub(crate) fn new() -> Spans {
            Spans
        }
    }

    #[derive(Debug)]
    pub(crate) struct OnThread;

    impl OnThread {
        pub(crate) fn new() -> OnThread {
            OnThread
        }

        #[inline(always)]
        pub(crate) fn arrive(&self, _: &'static Goroutine) {}

        #[inline(always)]
        pub(crate) fn begin(&self, _: &'static Goroutine) {}

        #[inline(always)]
        pub(crate) fn end(&self, _: &'static Goroutine) {}
    }

    pub(crate) fn of_thread(_: u64, _: Option<&'static Location<'static>>) -> impl Sized {}
}

pub(crate) use real::{OnThread, Spans, of_thread};
