//! The runtime of the process: settings, and functions for goroutines.
//!
//! The first `go!` starts the runtime with default settings. A [`Builder`] sets others before that.
//!
//! # Environment
//!
//! | variable | value | what it sets |
//! |---|---|---|
//! | `GOCHAN_MAXPROCS` | a number of at least 1 | [worker threads](Builder::workers), Go's `GOMAXPROCS` |
//! | `GOCHAN_BACKEND` | `coroutines`, `threads`, `virtual` | [how goroutines are implemented](Backend) |
//! | `GOCHAN_STACK` | bytes, or `64K`, `1M` | [the stack of a goroutine](Builder::stack_size) |
//! | `GOCHAN_DEADLOCK` | `report`, `ignore` | [whether a deadlock ends the process](Builder::deadlock_report) |
//! | `GOCHAN_STUCK` | `500ms`, `10s`, `off` | [when a goroutine that keeps its worker busy is reported](Builder::stuck_after) |
//! | `GOCHAN_LEAKS` | `5m`, `1h`, `off` | [after how long growing groups of waiting goroutines are reported](Builder::leaks_after) |
//! | `GOCHAN_BLOCKING` | a number of at least 1 | [concurrent calls of `blocking`](Builder::blocking_threads) |
//! | `GOCHAN_TRACEBACK` | `none`, `single`, `all`, `system` | [which stacks are shown](Traceback), Go's `GOTRACEBACK` |
//! | `GOCHAN_TRACE` | a file | records a trace of what ran when, see below |
//!
//! They are read once and override the program's settings. An invalid value ends the process with a message. Three more
//! are for [tests](mod@crate::test): `GOCHAN_TEST_TIMEOUT` sets their time limit, `GOCHAN_SEED` repeats one
//! interleaving of an exploration, and `GOCHAN_EXPLORE` sets the number, duration and kind of explorations.
//!
//! # Seeing inside
//!
//! [`dump`] shows the state of every goroutine, where it waits, and its stack; so do SIGQUIT (Ctrl-\\) under
//! `#[gochan::main]` and the report of a deadlock. [`goroutines`], [`stacks`] and [`metrics`] return the same as values
//! and numbers. A goroutine that keeps its worker to itself [is reported](Builder::stuck_after), also with its stack.
//!
//! [`profile`] counts goroutines by the places where they were spawned and where they wait: as text, as values, as
//! JSON, and with the feature `pprof` for `go tool pprof`. With `GOCHAN_LEAKS=5m` in the environment, the runtime
//! compares such counts while the program runs, and reports growing groups of goroutines that wait for longer than
//! that: goroutine leaks. Neither stops the program or slows goroutines down.
//!
//! With `GOCHAN_TRACE=file.json` in the environment, each worker records which goroutine it ran when, what that
//! goroutine waited for, and what woke it. Turns of less than a few microseconds are timed sixteen at a time; while
//! there are many of them, one in thirty-three is shown, and the trace counts the others with their total time. So it
//! is cheap enough to be left on. When the process exits, the last 65536 records of each worker are written in a format
//! that [Perfetto](https://ui.perfetto.dev) opens. Traces need coroutines, as do the reports of goroutines that keep a
//! worker to themselves.
//!
//! # Virtual threads
//!
//! On [`Backend::Virtual`] each goroutine has thread-locals of its own. To all code, std's and that of other crates, it is
//! a thread: it has a [`ThreadId`](std::thread::ThreadId), an `errno`, a count of panics, and destructors of thread-locals
//! that run at its end. So the waits that section *Safety* of the crate's documentation forbids are allowed: in the
//! initialiser of a thread-local, in a scope of the thread, while a lock of std or `parking_lot` is held. Such a lock,
//! `Condvar`, `Barrier`, `mpsc` and `thread::park` park the goroutine and not its worker. Deadlock reports and dumps name
//! such a wait, and explorations switch there. A goroutine may also wait while a panic unwinds through it.
//!
//! It needs the feature `virtual`, and Linux on x86-64 with glibc. Elsewhere, or if the check at the start fails, a message
//! on standard error says why, and the program runs on [`Backend::Threads`]. Choose it by `GOCHAN_BACKEND=virtual`, by
//! [`Builder::backend`], or by `#[gochan::main(backend = "virtual")]`.
//!
//! What it costs: each switch to another goroutine writes the thread pointer, each start of a goroutine copies the
//! program's thread-locals, and a goroutine has a second page. What code keeps for each thread it keeps for each goroutine
//! now: seeds, caches, and a heap in an allocator that has thread-locals, such as mimalloc, but not in glibc's.
//!
//! It relies on parts of glibc that glibc does not promise: `_dl_allocate_tls`, `__call_tls_dtors`, `__pthread_keys`, the
//! layout that glibc exports for debuggers, and that zero is a good start for the rest of its record of a thread. The
//! check at the start tries these by what they do. Tested with glibc 2.36 and 2.41.
//!
//! What does not work as on a thread:
//!
//! * A call that blocks in the kernel, such as a read from a socket or `JoinHandle::join` of a std thread, blocks the
//!   worker, as it does on coroutines. So does a wait inside of libc itself, such as for a `pthread_mutex_t`.
//! * A library with thread-locals of the *initial-exec* model that is loaded by `dlopen` while goroutines live: its
//!   thread-locals are zero in them, and not what it has initialised them to.
//! * What the kernel knows of a thread is the worker's: `gettid`, signal mask, affinity, CPU clocks, robust and
//!   priority-inheriting mutexes. `pthread_getattr_np` and `pthread_getaffinity_np` of the goroutine itself fail.
//! * Memory that libc keeps for a thread and frees at its end, such as the text of an unread `dlerror`, is not freed.
//! * ThreadSanitizer, LeakSanitizer and valgrind do not know the thread-locals. Use [`Backend::Threads`] with them.
//! * Goroutines stay on their worker.
//!
//! The feature replaces libc's function `syscall` in the program by one that passes all system calls on but `futex`.

//! # Stacks, kernels and limits
//!
//! A stack is address space: 256 KiB by default, of which a page is committed at first. It is reserved without access, so
//! that nothing is charged for it under `vm.overcommit_memory=2`; there, a stack is charged when a goroutine first has it. More
//! by default was measured and not chosen: with 1 MiB, the page tables of a parked goroutine grow from 0.65 to 2.2 KiB, which
//! is a third more memory for it. Deep code has [`grow`](fn@grow) and [`Builder::stack_size`](crate::Builder::stack_size).
//!
//! | kernel | the guard below a stack | limit |
//! |---|---|---|
//! | Linux 6.13 and later | markers in the page table | memory: a million goroutines take 4.7 GB |
//! | earlier ones, gVisor, seccomp filters that refuse `madvise` | `mprotect`, two mappings each, for as many stacks as a quarter of `vm.max_map_count`, usually 16,382. The others borrow a guard for the turns of their goroutine: up to two system calls for a turn | memory, as above |
//! | others | `mprotect` | what the system gives |
//!
//! Pages may have any size; with 16 KiB, a goroutine takes 16 KiB, with 64 KiB 64. The memory of free stacks is returned
//! while the process is idle. When the system gives no memory for another stack, goroutines that have not started wait until
//! others end, [`Builder::try_spawn`](crate::Builder::try_spawn) returns an error, and `go!` panics. Memory that the system has
//! promised and does not have is beyond that: the kernel ends the process.
//!
//! There are as many workers as processors that the process may use when it starts: the affinity mask and, on Linux, the CPU
//! quota of its control group are taken into account. `GOCHAN_MAXPROCS` overrides this.

#[doc(inline)]
pub use crate::__local as local;
pub use crate::base::settings::PanicPolicy;
pub use crate::base::settings::{Backend, Builder, InstallError, Traceback};
pub use crate::diag::dump::{GoroutineInfo, State, dump, goroutines, stacks};
pub use crate::diag::metrics::{Metrics, metrics};
pub use crate::diag::profile::{Finding, FindingKind, GoroutineGroup, Profile, WaitTimes, profile};
pub use crate::diag::stacks::Stack;
pub use crate::sched::fresh::Goexit;
pub use crate::sched::here::current_id;
pub use crate::sched::park::WaitReason;
pub use crate::spawn::current::{goexit, gosched, num_cpu, num_goroutine};
pub use crate::spawn::grow::grow;
pub use crate::spawn::local::{AccessError, LocalKey};
pub use crate::spawn::start::SpawnError;
