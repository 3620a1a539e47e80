//! The names of what a goroutine can wait for.

macro_rules! wait_reasons {
    ($($(#[$doc:meta])* $reason:ident => $text:literal,)*) => {
        /// What a goroutine waits for, as dumps name it.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[repr(u8)]
        #[non_exhaustive]
        pub enum WaitReason {
            $($(#[$doc])* $reason,)*
        }

        impl WaitReason {
            pub(in crate::sched) fn from_code(code: u8) -> Option<WaitReason> {
                [$(WaitReason::$reason),*].get(usize::from(code)).copied()
            }
        }

        impl std::fmt::Display for WaitReason {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(match self {
                    $(WaitReason::$reason => $text,)*
                })
            }
        }
    };
}

wait_reasons! {
    /// Sending on a channel.
    Send => "chan send",
    /// Receiving from a channel.
    Recv => "chan receive",
    /// An operation on a nil channel: for ever.
    NilChannel => "nil channel",
    /// `WaitGroup::wait`.
    WaitGroup => "WaitGroup wait",
    /// `JoinHandle::join`.
    Join => "join",
    /// The end of a `scope`.
    Scope => "end of scope",
    /// `time::sleep`.
    Sleep => "sleep",
    /// `blocking(f)`.
    Blocking => "blocking call",
    /// `select!`: any of several channel operations.
    Select => "select",
    /// A `select!` without an arm that could ever be ready: for ever.
    SelectNothing => "select (no cases)",
    /// `Mutex::lock`, also on the way back from `Cond::wait`.
    Mutex => "Mutex lock",
    /// `RwLock::read`.
    RwLockRead => "RwLock read",
    /// `RwLock::write`.
    RwLockWrite => "RwLock write",
    /// The end of an initialiser that somebody else runs: `Once`, `OnceCell`, `Lazy`.
    Once => "Once",
    /// `Cond::wait`.
    Cond => "Cond wait",
    /// `Semaphore::acquire`.
    Semaphore => "Semaphore acquire",
    /// The result of a call that somebody else makes: `singleflight`.
    SingleFlight => "singleflight call",
    /// Room in an `errgroup`, or the end of its tasks.
    ErrGroup => "errgroup",
    /// `test::wait`.
    Quiet => "test::wait",
}
