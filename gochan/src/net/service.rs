//! The poller for those who wait outside of workers: plain threads, and goroutines on `Backend::Threads`. Its thread is
//! started by the first such wait.

use crate::base::actors::OwnedThread;
use crate::base::fork;
use crate::base::lock::lock;
use crate::poll::{Home, Poller};
use crate::sched::worker::poller::wake;
use std::io;
use std::sync::{Arc, Mutex};
use std::thread;

static HOME: Mutex<Option<Arc<Home>>> = Mutex::new(None);

/// Where sources are watched that first wait outside of a worker.
///
/// # Errors
/// The system refuses the thread, or the descriptors of the poller.
pub(super) fn home() -> io::Result<Arc<Home>> {
    fork::refuse_after_fork();
    let mut home = lock(&HOME);
    if let Some(home) = &*home {
        return Ok(home.clone());
    }
    let mut poller = Poller::new()?;
    let new = poller.home().clone();
    let body = move || {
        let _owned = OwnedThread::new();
        loop {
            poller.poll(None, wake);
        }
    };
    thread::Builder::new().name("gochan-net".to_owned()).stack_size(128 * 1024).spawn(body)?;
    *home = Some(new.clone());
    Ok(new)
}
