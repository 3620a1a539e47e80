//! The actions of the process for signals: installs gochan's handlers and removes them again.
//!
//! The first subscriber of a signal installs a handler over the action that it finds; the last one restores that
//! action. So without subscribers a signal has its previous effect. In between, another crate may install a handler
//! over ours. Then ours cannot be removed from under it; if it is called at all, it serves the subscribers, or without
//! any only calls the previous action.
//!
//! A signal that gets subscribers again while a foreign handler lies over ours gets another handler of ours on top,
//! because not every handler calls the previous one. It must be a different function, or the handlers would call each
//! other in an endless loop. A layer is used up once a foreign handler may call it. If all layers are, subscribers
//! depend on that handler.

use super::arrival::{self, LAYERS, Previous, SIGNALS, action, bit, layer_of};
use crate::base::lock::lock;
use std::ffi::c_int;
use std::mem::zeroed;
use std::sync::{Mutex, MutexGuard};

/// Signals that cannot be caught, and those of faulting instructions, after which the program cannot continue.
const REFUSED: [c_int; 5] = [libc::SIGKILL, libc::SIGSTOP, libc::SIGILL, libc::SIGFPE, libc::SIGSEGV];

/// The actions of all signals. The lock comes after the hub's.
pub(super) struct Handlers {
    slots: [SignalSlot; SIGNALS],
    /// Signals whose action is ours, unless other code has changed it.
    installed: u64,
    /// The actions that handlers read: never freed, and therefore shared.
    previous: Vec<&'static Previous>,
}

struct SignalSlot {
    /// The action that each layer was put over.
    under: Vec<libc::sigaction>,
    /// The number of layers that other handlers may call.
    used_up: usize,
    /// The layer that was installed last, until it is removed or found under another handler.
    top: Option<usize>,
    /// The action before `ignore`.
    ignored: Option<libc::sigaction>,
}

static HANDLERS: Mutex<Handlers> = Mutex::new(Handlers {
    slots: [const { SignalSlot { under: Vec::new(), used_up: 0, top: None, ignored: None } }; SIGNALS],
    installed: 0,
    previous: Vec::new(),
});

impl Handlers {
    pub(super) fn lock() -> MutexGuard<'static, Handlers> {
        lock(&HANDLERS)
    }

    /// Signals for which handlers of ours may have to be removed.
    pub(super) fn installed(&self) -> u64 {
        self.installed
    }

    /// Signals for which `ignore` was called.
    pub(super) fn ignored(&self) -> u64 {
        let ignored =
            (1..=SIGNALS as c_int).filter(|&signal| self.slots[signal as usize - 1].ignored.is_some());
        ignored.fold(0, |set, signal| set | bit(signal))
    }

    /// Ensures that a handler of ours is called for `signal`, which exists.
    pub(super) fn install(&mut self, signal: c_int) {
        let now = self.look(signal);
        let slot = self.slot(signal);
        let before = slot.ignored.unwrap_or(now);
        if slot.top.is_some() {
            // The action is ours. If the signal is ignored, that ends now.
            if slot.ignored.take().is_some() {
                swap(signal, &before);
            }
            return;
        }
        let layer = if slot.used_up < LAYERS {
            slot.used_up
        } else if arrival::is_system(&before) {
            // No handler below calls ours.
            LAYERS - 1
        } else {
            if slot.ignored.take().is_some() {
                swap(signal, &before);
            }
            return;
        };
        self.set_under(signal, layer, before);
        let replaced = swap(signal, &arrival::action_of(layer, &before));
        if replaced.sa_sigaction != now.sa_sigaction {
            // Other code has installed it since the check.
            self.set_under(signal, layer, replaced);
        }
        let slot = self.slot(signal);
        slot.top = Some(layer);
        slot.ignored = None;
        self.installed |= bit(signal);
    }

    /// Restores the action from before ours, unless another handler lies over ours.
    pub(super) fn uninstall(&mut self, signal: c_int) {
        self.look(signal);
        self.installed &= !bit(signal);
        let slot = self.slot(signal);
        let Some(layer) = slot.top.take() else { return };
        let under = slot.under[layer];
        if let Some(ignored) = &mut slot.ignored {
            *ignored = under;
            return;
        }
        let replaced = swap(signal, &under);
        if layer_of(&replaced) != Some(layer) {
            // Other code has put it over ours since the check.
            swap(signal, &replaced);
            slot.used_up = slot.used_up.max(layer + 1);
        }
    }

    /// Ignores `signal` by the system's action, which started programs inherit.
    pub(super) fn ignore(&mut self, signal: c_int) {
        self.look(signal);
        let slot = self.slot(signal);
        if slot.ignored.is_none() {
            // SAFETY: all zero is an action.
            let mut ignoring: libc::sigaction = unsafe { zeroed() };
            ignoring.sa_sigaction = libc::SIG_IGN;
            slot.ignored = Some(swap(signal, &ignoring));
        }
    }

    /// Restores the action of `signal` from before it was ignored.
    pub(super) fn unignore(&mut self, signal: c_int) {
        self.look(signal);
        let Some(before) = self.slot(signal).ignored.take() else { return };
        let replaced = swap(signal, &before);
        if replaced.sa_sigaction != libc::SIG_IGN {
            // Other code has installed it since the check.
            swap(signal, &replaced);
        }
    }

    /// Notes what other code has done to the action of `signal` since the last check. Returns the action.
    fn look(&mut self, signal: c_int) -> libc::sigaction {
        let now = action(signal).expect("the signal was checked to exist");
        let slot = self.slot(signal);
        if now.sa_sigaction != libc::SIG_IGN {
            slot.ignored = None;
        }
        let top = layer_of(&slot.ignored.unwrap_or(now));
        if let Some(before) = slot.top
            && slot.top != top
        {
            slot.used_up = slot.used_up.max(before + 1);
        }
        slot.top = top;
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
        let under_layers = &mut self.slot(signal).under;
        under_layers.truncate(layer);
        under_layers.push(under);
    }

    fn slot(&mut self, signal: c_int) -> &mut SignalSlot {
        &mut self.slots[signal as usize - 1]
    }
}

/// Returns an error that says why the action of `signal` cannot be changed.
pub(super) fn check(signal: c_int) -> Result<(), String> {
    if !(1..=SIGNALS as c_int).contains(&signal) {
        return Err("there is no such signal".to_owned());
    }
    if REFUSED.contains(&signal) {
        return Err("it cannot be caught, or the program cannot continue after it".to_owned());
    }
    if action(signal).is_none() {
        return Err(std::io::Error::last_os_error().to_string());
    }
    Ok(())
}

/// True if the signal is ignored and has no handler.
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
