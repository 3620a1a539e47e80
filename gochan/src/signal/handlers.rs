//! Which actions the process has for signals: putting handlers of ours in place and taking them away again.
//!
//! The first subscriber of a signal installs a handler over the action that it finds, the last one restores that
//! action. So without subscribers the system does by itself what the signal does. In between, another crate may install
//! a handler over ours. That one stays: ours can no longer be taken out from under it. From then on our handler, if it
//! is called at all, serves the subscribers there are, and else only calls the previous action.
//!
//! A signal that gets subscribers again while another handler lies over ours gets another handler of ours, on top,
//! because not every handler calls the previous one. It must be a different function, or the one below would call what
//! lies over it, and so on for ever. A layer is used up once another handler may call it. If all are, the subscribers
//! depend on that.

use super::arrival::{self, LAYERS, Previous, SIGNALS, action, bit, layer_of};
use std::ffi::c_int;
use std::mem::zeroed;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Signals that no program can catch, and those of failing instructions, after which it cannot go on.
const REFUSED: [c_int; 5] = [libc::SIGKILL, libc::SIGSTOP, libc::SIGILL, libc::SIGFPE, libc::SIGSEGV];

/// The actions of all signals. The lock comes after the hub's.
pub(super) struct Handlers {
    places: [Place; SIGNALS],
    /// Signals whose action is ours, unless other code has changed it.
    installed: u64,
    /// What handlers read is never freed, and therefore shared.
    previous: Vec<&'static Previous>,
}

struct Place {
    /// The action that each layer was put over.
    under: Vec<libc::sigaction>,
    /// How many layers other handlers may call.
    used_up: usize,
    /// The layer that was installed last, until it is taken away or found to have another handler over it.
    top: Option<usize>,
    /// The action before `ignore`.
    ignored: Option<libc::sigaction>,
}

static HANDLERS: Mutex<Handlers> = Mutex::new(Handlers {
    places: [const { Place { under: Vec::new(), used_up: 0, top: None, ignored: None } }; SIGNALS],
    installed: 0,
    previous: Vec::new(),
});

impl Handlers {
    pub(super) fn lock() -> MutexGuard<'static, Handlers> {
        HANDLERS.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Signals for which handlers of ours may have to be taken away.
    pub(super) fn installed(&self) -> u64 {
        self.installed
    }

    /// Signals that `ignore` was called for.
    pub(super) fn ignored(&self) -> u64 {
        let ignored =
            (1..=SIGNALS as c_int).filter(|&signal| self.places[signal as usize - 1].ignored.is_some());
        ignored.fold(0, |set, signal| set | bit(signal))
    }

    /// Makes sure that a handler of ours is called for `signal`, which exists.
    pub(super) fn install(&mut self, signal: c_int) {
        let now = self.look(signal);
        let place = self.place(signal);
        let before = place.ignored.unwrap_or(now);
        if place.top.is_some() {
            // The action is ours. If it is ignored, it is to be so no longer.
            if place.ignored.take().is_some() {
                swap(signal, &before);
            }
            return;
        }
        let layer = if place.used_up < LAYERS {
            place.used_up
        } else if arrival::is_system(&before) {
            // Nothing below calls ours.
            LAYERS - 1
        } else {
            if place.ignored.take().is_some() {
                swap(signal, &before);
            }
            return;
        };
        self.set_under(signal, layer, before);
        let replaced = swap(signal, &arrival::action_of(layer, &before));
        if replaced.sa_sigaction != now.sa_sigaction {
            // Other code has installed that one since the look.
            self.set_under(signal, layer, replaced);
        }
        let place = self.place(signal);
        place.top = Some(layer);
        place.ignored = None;
        self.installed |= bit(signal);
    }

    /// Restores the action that was there before ours, unless another handler lies over it.
    pub(super) fn uninstall(&mut self, signal: c_int) {
        self.look(signal);
        self.installed &= !bit(signal);
        let place = self.place(signal);
        let Some(layer) = place.top.take() else { return };
        let under = place.under[layer];
        if let Some(ignored) = &mut place.ignored {
            *ignored = under;
            return;
        }
        let replaced = swap(signal, &under);
        if layer_of(&replaced) != Some(layer) {
            // Other code has put that handler over ours since the look.
            swap(signal, &replaced);
            place.used_up = place.used_up.max(layer + 1);
        }
    }

    /// Ignores `signal`, as the programs do that this one starts: the system knows of it.
    pub(super) fn ignore(&mut self, signal: c_int) {
        self.look(signal);
        let place = self.place(signal);
        if place.ignored.is_none() {
            // SAFETY: all zero is an action.
            let mut ignoring: libc::sigaction = unsafe { zeroed() };
            ignoring.sa_sigaction = libc::SIG_IGN;
            place.ignored = Some(swap(signal, &ignoring));
        }
    }

    /// Lets `signal` do what it did before it was ignored.
    pub(super) fn unignore(&mut self, signal: c_int) {
        self.look(signal);
        let Some(before) = self.place(signal).ignored.take() else { return };
        let replaced = swap(signal, &before);
        if replaced.sa_sigaction != libc::SIG_IGN {
            // Other code has installed that one since the look.
            swap(signal, &replaced);
        }
    }

    /// Finds out what other code has done to the action of `signal` since the last look. Returns the action.
    fn look(&mut self, signal: c_int) -> libc::sigaction {
        let now = action(signal).expect("the signal was checked to exist");
        let place = self.place(signal);
        if now.sa_sigaction != libc::SIG_IGN {
            place.ignored = None;
        }
        let top = layer_of(&place.ignored.unwrap_or(now));
        if let Some(before) = place.top
            && place.top != top
        {
            place.used_up = place.used_up.max(before + 1);
        }
        place.top = top;
        now
    }

    fn set_under(&mut self, signal: c_int, layer: usize, under: libc::sigaction) {
        let previous = Previous::of(&under);
        let known = match self.previous.iter().find(|known| ***known == previous) {
            Some(known) => known,
            None => {
                let known: &'static Previous = Box::leak(Box::new(previous));
                self.previous.push(known);
                known
            }
        };
        arrival::set_previous(signal, layer, known);
        // Layers are used in order.
        let under_layers = &mut self.place(signal).under;
        under_layers.truncate(layer);
        under_layers.push(under);
    }

    fn place(&mut self, signal: c_int) -> &mut Place {
        &mut self.places[signal as usize - 1]
    }
}

/// Says why a program cannot change what `signal` does.
pub(super) fn check(signal: c_int) -> Result<(), String> {
    if !(1..=SIGNALS as c_int).contains(&signal) {
        return Err("there is no such signal".to_owned());
    }
    if REFUSED.contains(&signal) {
        return Err("no program can go on after it, or catch it".to_owned());
    }
    if action(signal).is_none() {
        return Err(std::io::Error::last_os_error().to_string());
    }
    Ok(())
}

/// True if the signal does nothing and has no handler.
pub(super) fn is_ignored(signal: c_int) -> bool {
    action(signal).is_some_and(|action| action.sa_sigaction == libc::SIG_IGN)
}

/// Sets the action of a signal that exists, and returns the one before.
fn swap(signal: c_int, new: &libc::sigaction) -> libc::sigaction {
    // SAFETY: the actions are valid for the call, which copies them; all zero is one. Handlers are ours, which are
    // async-signal-safe, or were installed before by other code.
    unsafe {
        let mut before: libc::sigaction = zeroed();
        let result = libc::sigaction(signal, new, &mut before);
        assert_eq!(result, 0, "the signal was checked to exist");
        before
    }
}
