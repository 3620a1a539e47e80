//! Whether another thread has been running: a thread that has had no processor has not neglected its work.

use std::time::Duration;

/// A thread, to be asked by others.
#[derive(Debug)]
pub(super) struct ThreadTime {
    #[cfg(target_os = "linux")]
    clock: libc::clockid_t,
    #[cfg(target_os = "linux")]
    id: libc::pid_t,
}

#[cfg(target_os = "linux")]
impl ThreadTime {
    /// Of the calling thread. None if the system does not tell.
    pub(super) fn of_this_thread() -> Option<ThreadTime> {
        let mut clock = 0;
        // SAFETY: the thread is the calling one, and the clock is written to a local.
        let error = unsafe { libc::pthread_getcpuclockid(libc::pthread_self(), &raw mut clock) };
        // SAFETY: has no preconditions.
        let id = unsafe { libc::gettid() };
        (error == 0).then_some(ThreadTime { clock, id })
    }

    /// Its number in the system.
    #[allow(dead_code, reason = "for the stacks of busy goroutines, which not all platforms show")]
    pub(super) fn id(&self) -> libc::pid_t {
        self.id
    }

    /// For how long the thread has been on a processor. None if it has ended.
    pub(super) fn running(&self) -> Option<Duration> {
        let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
        // SAFETY: an id that is no longer valid is an error, and the time is written to a local.
        let error = unsafe { libc::clock_gettime(self.clock, &raw mut time) };
        let (seconds, nanoseconds) = (u64::try_from(time.tv_sec).ok()?, u32::try_from(time.tv_nsec).ok()?);
        (error == 0).then(|| Duration::new(seconds, nanoseconds))
    }

    /// Whether the thread waits in a call to the system, and is not just kept from running by other threads. Some ten
    /// microseconds.
    pub(super) fn waits_in_system(&self) -> bool {
        let Ok(stat) = std::fs::read_to_string(format!("/proc/self/task/{}/stat", self.id)) else {
            return true;
        };
        // The name, in parentheses, may contain anything.
        let state = stat.rsplit_once(") ").and_then(|(_, fields)| fields.chars().next());
        state != Some('R')
    }
}

/// Elsewhere no thread is asked, and the time on the wall decides.
#[cfg(not(target_os = "linux"))]
impl ThreadTime {
    pub(super) fn of_this_thread() -> Option<ThreadTime> {
        None
    }

    pub(super) fn running(&self) -> Option<Duration> {
        None
    }

    pub(super) fn waits_in_system(&self) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
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
