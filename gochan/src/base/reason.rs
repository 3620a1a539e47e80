//! The names of what a goroutine can wait for.

macro_rules! wait_reasons {
    ($($(#[$doc:meta])* $reason:ident => $text:literal,)*) => {
        /// The reason why a goroutine waits, as dumps name it.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[repr(u8)]
        #[non_exhaustive]
        pub enum WaitReason {
            $($(#[$doc])* $reason,)*
        }

        impl WaitReason {
            pub(crate) fn from_code(code: u8) -> Option<WaitReason> {
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
    /// An operation on a nil channel, which never ends.
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
    /// `block_on(future)`.
    BlockOn => "block_on",
    /// `select!`: any of several channel operations.
    Select => "select",
    /// A `select!` without an arm that could ever be ready, which never ends.
    SelectNothing => "select (no cases)",
    /// `Mutex::lock`, including the one at the end of `Cond::wait`.
    Mutex => "Mutex lock",
    /// `RwLock::read`.
    RwLockRead => "RwLock read",
    /// `RwLock::write`.
    RwLockWrite => "RwLock write",
    /// The end of an initialiser that another goroutine runs: `Once`, `OnceCell`, `Lazy`.
    Once => "Once",
    /// `Cond::wait`.
    Cond => "Cond wait",
    /// `Semaphore::acquire`.
    Semaphore => "Semaphore acquire",
    /// The result of a call that another goroutine makes: `singleflight`.
    SingleFlight => "singleflight call",
    /// Room in an `errgroup`, or the end of its tasks.
    ErrGroup => "errgroup",
    /// `Barrier::wait`.
    Barrier => "Barrier wait",
    /// Reading from a socket, or until a descriptor is readable.
    NetRead => "net read",
    /// Writing to a socket, or until a descriptor is writable.
    NetWrite => "net write",
    /// Accepting a connection.
    NetAccept => "net accept",
    /// Connecting a socket.
    NetConnect => "net connect",
    /// Looking up a name.
    NetLookup => "net lookup",
    /// `Backend::Virtual`: a lock, a condition or another wait of std or parking_lot.
    Futex => "futex wait (std's Mutex, Condvar, park)",
    /// `test::wait`.
    Quiet => "test::wait",
}
