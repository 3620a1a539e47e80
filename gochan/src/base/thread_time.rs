//! Whether another thread has been running: a thread that has had no processor has not neglected its work.

use std::time::Duration;

/// A thread whose running time other threads can read.
#[derive(Debug)]
pub(crate) struct ThreadTime {
    #[cfg(target_os = "linux")]
    clock: libc::clockid_t,
    #[cfg(target_os = "linux")]
    id: libc::pid_t,
}

#[cfg(target_os = "linux")]
impl ThreadTime {
    /// The calling thread. `None` if the system does not provide its clock.
    pub(crate) fn of_this_thread() -> Option<ThreadTime> {
        let mut clock = 0;
        // SAFETY: the thread is the calling one, and the clock is written to a local.
        let error = unsafe { libc::pthread_getcpuclockid(libc::pthread_self(), &raw mut clock) };
        // SAFETY: has no preconditions.
        let id = unsafe { libc::gettid() };
        (error == 0).then_some(ThreadTime { clock, id })
    }

    /// Its number in the operating system.
    #[allow(dead_code, reason = "for the stacks of busy goroutines, which not all platforms show")]
    pub(crate) fn id(&self) -> libc::pid_t {
        self.id
    }

    /// The time that the thread has spent on a processor. `None` if it has ended.
    pub(crate) fn running(&self) -> Option<Duration> {
        let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
        // SAFETY: an id that is no longer valid is an error, and the time is written to a local.
        let error = unsafe { libc::clock_gettime(self.clock, &raw mut time) };
        let (seconds, nanoseconds) = (u64::try_from(time.tv_sec).ok()?, u32::try_from(time.tv_nsec).ok()?);
        (error == 0).then(|| Duration::new(seconds, nanoseconds))
    }

    /// Whether the thread waits in a system call, and is not just kept from running by other threads. Takes some ten
    /// microseconds.
    pub(crate) fn waits_in_system(&self) -> bool {
        let Ok(stat) = std::fs::read_to_string(format!("/proc/self/task/{}/stat", self.id)) else {
            return true;
        };
        // The name, in parentheses, may contain any character.
        let state = stat.rsplit_once(") ").and_then(|(_, fields)| fields.chars().next());
        state != Some('R')
    }
}

/// Elsewhere no thread is queried, and wall time decides.
#[cfg(not(target_os = "linux"))]
impl ThreadTime {
    pub(crate) fn of_this_thread() -> Option<ThreadTime> {
        None
    }

    pub(crate) fn running(&self) -> Option<Duration> {
        None
    }

    pub(crate) fn waits_in_system(&self) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use crate::base::thread_time::*;
    use std::sync::mpsc;
    use std::time::Instant;

    #[cfg(target_os = "linux")]
    #[test]
    fn a_thread_that_runs_and_one_that_waits_are_told_apart() {
        let (tell, told) = mpsc::channel();
        let (end, ended) = mpsc::channel::<()>();
        let sleeper = std::thread::spawn(move || {
            tell.send(ThreadTime::of_this_thread().unwrap()).unwrap();
            let _ = ended.recv();
        });
        let of_sleeper = told.recv().unwrap();
        let start = Instant::now();
        while !of_sleeper.waits_in_system() {
            assert!(start.elapsed() < Duration::from_secs(10));
        }
        let slept = of_sleeper.running().unwrap();
        let own = ThreadTime::of_this_thread().unwrap();
        let before = own.running().unwrap();
        while own.running().unwrap() - before < Duration::from_millis(2) {}
        assert!(!own.waits_in_system());
        assert_eq!(of_sleeper.running().unwrap(), slept);
        drop(end);
        sleeper.join().unwrap();
    }
}
