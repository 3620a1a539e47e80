//! What takes a process of its own: signals, forks, deadlocks and settings. Each test starts the binary again, with
//! the name of a scenario.

#[path = "../common/mod.rs"]
mod common;

mod busy_machine;
mod crowded;
mod deadlock;
mod deadlock_alive;
mod deadlock_alive_in_part;
mod deadlock_in_test;
mod deadlock_of_some;
mod deadlock_partial;
#[cfg(unix)]
mod fork;
mod goroutine;
mod goroutine_stack;
mod metrics;
mod os_threads;
#[cfg(all(feature = "virtual", target_os = "linux", target_arch = "x86_64", target_env = "gnu"))]
mod own_tls;
mod polling;
mod pool_threads;
mod profile;
mod program_end;
mod settings;
#[cfg(unix)]
mod signals;
#[cfg(unix)]
mod signals_handlers;
#[cfg(unix)]
mod signals_ignored;
#[cfg(unix)]
mod signals_shared;
#[cfg(unix)]
mod signals_wakers;
mod stack_guard;
mod stack_limits;
#[cfg(target_os = "linux")]
mod stderr;
mod stuck;
mod thread_scopes;
mod trace;
#[cfg(feature = "tracing")]
mod tracing_formatter;
#[cfg(feature = "tracing")]
mod tracing_spans;
mod user_code;
mod worker_threads;
