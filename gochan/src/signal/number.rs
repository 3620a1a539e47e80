//! Signals by name.

use std::ffi::c_int;
use std::fmt;

/// A signal. `Display` prints as Go does: `interrupt`, `terminated`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[doc(alias = "os.Signal")]
pub struct Signal(c_int);

macro_rules! signals {
    ($($(#[$doc:meta])* $name:ident = $number:ident, $text:literal;)*) => {
        impl Signal {
            $($(#[$doc])* pub const $name: Signal = Signal(libc::$number);)*

            fn names(self) -> Option<(&'static str, &'static str)> {
                match self {
                    $(Signal::$name => Some((stringify!($number), $text)),)*
                    _ => None,
                }
            }
        }
    };
}

signals! {
    /// The terminal is closed; by convention, reload the configuration.
    HANGUP = SIGHUP, "hangup";
    /// Ctrl-C.
    #[doc(alias = "os.Interrupt")]
    INTERRUPT = SIGINT, "interrupt";
    /// Ctrl-\\. Unless the program has a listener or a handler for it, it dumps all goroutines and ends the program.
    QUIT = SIGQUIT, "quit";
    /// A request to end the program.
    TERMINATE = SIGTERM, "terminated";
    /// For the program to define.
    USER1 = SIGUSR1, "user defined signal 1";
    /// For the program to define.
    USER2 = SIGUSR2, "user defined signal 2";
    /// A timer of `alarm` or `setitimer`.
    ALARM = SIGALRM, "alarm clock";
    /// A write to a pipe without readers.
    PIPE = SIGPIPE, "broken pipe";
    /// A child process has changed its state.
    CHILD = SIGCHLD, "child exited";
    /// A stopped process goes on.
    CONTINUE = SIGCONT, "continued";
    /// Ctrl-Z.
    STOP_BY_TERMINAL = SIGTSTP, "stopped";
    /// The size of the terminal has changed.
    WINDOW_CHANGE = SIGWINCH, "window changed";
}

impl Signal {
    /// The signal with this number.
    pub const fn from_number(number: c_int) -> Signal {
        Signal(number)
    }

    /// Its number on this system.
    pub const fn number(self) -> c_int {
        self.0
    }
}

impl fmt::Display for Signal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.names() {
            Some((_, text)) => f.write_str(text),
            None => write!(f, "signal {}", self.0),
        }
    }
}

impl fmt::Debug for Signal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.names() {
            Some((name, _)) => f.write_str(name),
            None => write!(f, "Signal({})", self.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signals_print_as_in_go() {
        assert_eq!(Signal::INTERRUPT.to_string(), "interrupt");
        assert_eq!(Signal::TERMINATE.to_string(), "terminated");
        assert_eq!(Signal::from_number(50).to_string(), "signal 50");
        assert_eq!(format!("{:?}", Signal::from_number(libc::SIGUSR2)), "SIGUSR2");
    }
}
