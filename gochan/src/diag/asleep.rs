//! Whether a worker's thread sleeps in a call to the system, in which, and what to write instead.

use crate::base::thread_time::ThreadTime;
use std::time::{Duration, Instant};

/// What is known of a thread that has been in one turn for long.
#[derive(Debug, Default)]
pub(super) struct Sleep {
    /// A moment of the turn, and how long the thread had been running by then.
    noted: Option<(Instant, Duration)>,
}

impl Sleep {
    /// Between two looks at how long the thread has been running.
    const LOOK: Duration = Duration::from_millis(400);

    /// Where the thread sleeps, if it has done little else since the last look but one.
    pub(super) fn look(&mut self, thread: &ThreadTime) -> Option<Asleep> {
        let running = thread.running()?;
        let Some((since, before)) = self.noted else {
            self.noted = Some((Instant::now(), running));
            return None;
        };
        let passed = since.elapsed();
        if passed < Sleep::LOOK {
            return None;
        }
        self.noted = Some((Instant::now(), running));
        let has_slept = running.saturating_sub(before) < passed / 10;
        (has_slept && thread.waits_in_system()).then(|| Asleep { call: call_of(thread.id()) })
    }
}

/// A thread that sleeps in a call to the system.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Asleep {
    /// The number of the call, if the system tells it.
    call: Option<libc::c_long>,
}

/// The number is the first word of the file, unless the thread runs.
fn call_of(thread: libc::pid_t) -> Option<libc::c_long> {
    let text = std::fs::read_to_string(format!("/proc/self/task/{thread}/syscall")).ok()?;
    text.split_whitespace().next()?.parse().ok().filter(|&call| call >= 0)
}

impl Asleep {
    /// Completes "its thread sleeps in".
    pub(super) fn place(self) -> String {
        match (self.call, self.known()) {
            (_, Some((_, name, _))) => format!("the system call {name}"),
            (Some(call), None) => format!("system call {call}"),
            (None, None) => "the system".to_owned(),
        }
    }

    /// A sentence.
    pub(super) fn remedy(self) -> &'static str {
        self.known().map_or(ANYTHING, |&(_, _, remedy)| remedy)
    }

    fn known(self) -> Option<&'static (libc::c_long, &'static str, &'static str)> {
        CALLS.iter().find(|(call, ..)| Some(*call) == self.call)
    }
}

const ANYTHING: &str = "Move what it calls into gochan::blocking";

/// Also that of `Condvar`, `Once`, channels, `park` and joins of threads.
const LOCK: &str = "It may wait for a std or parking_lot lock, whose holder may be a goroutine of this worker. Use the locks of \
                    gochan::sync and the channels of gochan, which park the goroutine only, or move the wait into \
                    gochan::blocking";
const SLEEP: &str = "Use gochan::time::sleep, which parks the goroutine only";
const SOURCE: &str = "Use gochan::net for sockets, gochan::process for children and their pipes, and gochan::fs for files, or \
                      move the call into gochan::blocking";
const EVENTS: &str =
    "Wait with gochan::net, or run such an event loop on a thread of its own or in gochan::blocking";
const CHILD: &str = "Use gochan::process, or move the wait into gochan::blocking";
const FILE: &str = "Use gochan::fs, or move the call into gochan::blocking";
const SIGNAL: &str = "Use gochan::signal, or move the wait into gochan::blocking";

/// The calls that a thread is likely to be found in, with their names and what to do instead.
const CALLS: &[(libc::c_long, &str, &str)] = &[
    (libc::SYS_futex, "futex", LOCK),
    (libc::SYS_nanosleep, "nanosleep", SLEEP),
    (libc::SYS_clock_nanosleep, "clock_nanosleep", SLEEP),
    (libc::SYS_read, "read", SOURCE),
    (libc::SYS_readv, "readv", SOURCE),
    (libc::SYS_recvfrom, "recvfrom", SOURCE),
    (libc::SYS_recvmsg, "recvmsg", SOURCE),
    (libc::SYS_write, "write", SOURCE),
    (libc::SYS_writev, "writev", SOURCE),
    (libc::SYS_sendto, "sendto", SOURCE),
    (libc::SYS_sendmsg, "sendmsg", SOURCE),
    (libc::SYS_accept, "accept", SOURCE),
    (libc::SYS_accept4, "accept4", SOURCE),
    (libc::SYS_connect, "connect", SOURCE),
    (libc::SYS_ppoll, "ppoll", EVENTS),
    (libc::SYS_pselect6, "pselect6", EVENTS),
    (libc::SYS_epoll_pwait, "epoll_pwait", EVENTS),
    #[cfg(target_arch = "x86_64")]
    (libc::SYS_poll, "poll", EVENTS),
    #[cfg(target_arch = "x86_64")]
    (libc::SYS_select, "select", EVENTS),
    #[cfg(target_arch = "x86_64")]
    (libc::SYS_epoll_wait, "epoll_wait", EVENTS),
    #[cfg(target_arch = "x86_64")]
    (libc::SYS_open, "open", FILE),
    (libc::SYS_openat, "openat", FILE),
    (libc::SYS_pread64, "pread64", FILE),
    (libc::SYS_pwrite64, "pwrite64", FILE),
    (libc::SYS_fsync, "fsync", FILE),
    (libc::SYS_fdatasync, "fdatasync", FILE),
    (libc::SYS_flock, "flock", ANYTHING),
    (libc::SYS_fcntl, "fcntl", ANYTHING),
    (libc::SYS_wait4, "wait4", CHILD),
    (libc::SYS_waitid, "waitid", CHILD),
    (libc::SYS_rt_sigtimedwait, "rt_sigtimedwait", SIGNAL),
    (libc::SYS_rt_sigsuspend, "rt_sigsuspend", SIGNAL),
];

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;

    #[test]
    fn calls_are_named_where_they_are_known() {
        let at = |call| Asleep { call };
        assert_eq!(at(Some(libc::SYS_futex)).place(), "the system call futex");
        assert_eq!(at(Some(libc::SYS_futex)).remedy(), LOCK);
        assert_eq!(at(Some(libc::SYS_reboot)).place(), format!("system call {}", libc::SYS_reboot));
        assert_eq!((at(None).place().as_str(), at(None).remedy()), ("the system", ANYTHING));
        let known = CALLS.iter().map(|(call, ..)| call).collect::<std::collections::BTreeSet<_>>();
        assert_eq!(known.len(), CALLS.len());
    }

    #[test]
    fn a_thread_sleeps_if_it_does_little_else() {
        let (tell, told) = mpsc::channel();
        let (end, ended) = mpsc::channel::<()>();
        let sleeper = std::thread::spawn(move || {
            tell.send(ThreadTime::of_this_thread().unwrap()).unwrap();
            let _ = ended.recv();
        });
        let (of_sleeper, own) = (told.recv().unwrap(), ThreadTime::of_this_thread().unwrap());
        let (mut its, mut mine) = (Sleep::default(), Sleep::default());
        let start = Instant::now();
        let asleep = loop {
            assert_eq!(mine.look(&own), None);
            if let Some(asleep) = its.look(&of_sleeper) {
                break asleep;
            }
            assert!(start.elapsed() < Duration::from_secs(20));
        };
        assert!(start.elapsed() >= Sleep::LOOK);
        assert!(asleep.call.is_none() || asleep.place() == "the system call futex", "{asleep:?}");
        drop(end);
        sleeper.join().unwrap();
    }
}
