//! The kernel's information about a thread that waits in a system call.

use super::Copy;
use super::unwind::{REGISTERS, STACK_POINTER};
use crate::diag::stacks::busy::Unseen;
use libc::{c_int, c_long, pid_t};
use std::fs::{self, File};
use std::ops::Range;
use std::os::unix::fs::FileExt;

/// The position of a thread.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum At {
    Running,
    InSystem { call: c_long, first: u64, stack_pointer: u64, at: u64 },
    Unknown,
}

pub(crate) fn ask(thread: pid_t) -> At {
    match fs::read_to_string(format!("/proc/self/task/{thread}/syscall")) {
        Ok(text) => parse(&text),
        Err(_) => At::Unknown,
    }
}

/// `running`, or the number of the call, its six arguments, the stack pointer and the address of the code.
fn parse(text: &str) -> At {
    let mut words = text.split_whitespace();
    let hex = |word: &str| u64::from_str_radix(word.trim_start_matches("0x"), 16).ok();
    let mut parsed = || {
        let call: c_long = words.next()?.parse().ok()?;
        let numbers: Vec<u64> = words.by_ref().map(hex).collect::<Option<_>>()?;
        let (arguments, &[stack_pointer, at]) = numbers.split_last_chunk()?;
        let first = arguments.first().copied().unwrap_or(0);
        // Without a number it is not in a call, but waits for memory.
        Some(if call < 0 { At::Running } else { At::InSystem { call, first, stack_pointer, at } })
    };
    if text.starts_with("running") { At::Running } else { parsed().unwrap_or(At::Unknown) }
}

/// As much as is available without touching the thread. `None` if it has gone on meanwhile.
pub(crate) fn copy(thread: pid_t, at: At, stack: Range<usize>) -> Option<Copy> {
    /// The maximum number of bytes of a stack to copy.
    const LONGEST: usize = 256 * 1024;
    let At::InSystem { stack_pointer, at: code, .. } = at else { return None };
    let start = usize::try_from(stack_pointer).ok()? & !7;
    if !stack.contains(&start) {
        return None;
    }
    let mut memory = vec![0; (stack.end - start).min(LONGEST)];
    // The kernel reads it: if the thread goes on meanwhile, this is no data race.
    File::open("/proc/self/mem").ok()?.read_exact_at(&mut memory, start as u64).ok()?;
    if ask(thread) != at {
        return None;
    }
    let mut registers = [None; REGISTERS];
    registers[STACK_POINTER] = Some(stack_pointer);
    Some(Copy { registers, at: code, start: start as u64, memory, base: stack.end as u64 })
}

/// Whether a signal leaves the behaviour of the thread unchanged.
pub(crate) fn may_be_interrupted(at: At) -> bool {
    let At::InSystem { call, first, .. } = at else { return at == At::Running };
    // Calls that the kernel restarts, by signal(7). Callers restart calls that wait for a lock, as each may return
    // spuriously; std continues sleeps, since the call returns the remaining time.
    const GO_ON: [c_long; 8] = [
        libc::SYS_futex,
        libc::SYS_flock,
        libc::SYS_fcntl,
        libc::SYS_wait4,
        libc::SYS_waitid,
        libc::SYS_openat,
        libc::SYS_nanosleep,
        libc::SYS_clock_nanosleep,
    ];
    // Likewise, unless the descriptor is a socket with a timeout.
    const READ: [c_long; 5] =
        [libc::SYS_read, libc::SYS_readv, libc::SYS_pread64, libc::SYS_recvfrom, libc::SYS_accept4];
    const WRITE: [c_long; 4] = [libc::SYS_write, libc::SYS_writev, libc::SYS_pwrite64, libc::SYS_sendto];
    let is_one_of = |calls: &[c_long]| calls.contains(&call);
    is_one_of(&GO_ON)
        || (is_one_of(&READ) && !has_timeout(first, libc::SO_RCVTIMEO))
        || (is_one_of(&WRITE) && !has_timeout(first, libc::SO_SNDTIMEO))
}

fn has_timeout(descriptor: u64, option: c_int) -> bool {
    let mut time = libc::timeval { tv_sec: 0, tv_usec: 0 };
    let mut bytes = size_of::<libc::timeval>() as libc::socklen_t;
    // SAFETY: the kernel checks the descriptor, and writes to locals of the given length.
    let error = unsafe {
        libc::getsockopt(
            descriptor as c_int,
            libc::SOL_SOCKET,
            option,
            (&raw mut time).cast(),
            &raw mut bytes,
        )
    };
    // A descriptor that is not a socket has no timeout.
    error == 0 && (time.tv_sec, time.tv_usec) != (0, 0)
}

pub(crate) fn why_not(at: At) -> Unseen {
    match at {
        At::InSystem { call, .. } => Unseen::InSystem(call),
        At::Running | At::Unknown => Unseen::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use crate::diag::stacks::busy::copy::waiting::*;

    #[test]
    fn what_the_kernel_tells_is_read() {
        assert_eq!(parse("running\n"), At::Running);
        assert_eq!(parse("-1 0x7ffe10 0x7f3a55\n"), At::Running);
        let text = "230 0x1 0x0 0x7f01 0x7f02 0x0 0xca 0x7ffe18 0x7f3a80\n";
        assert_eq!(parse(text), At::InSystem { call: 230, first: 1, stack_pointer: 0x7ffe18, at: 0x7f3a80 });
        for text in ["", "7", "seven 0x1", "7 0x1 zero 0x2"] {
            assert_eq!(parse(text), At::Unknown, "{text}");
        }
    }
}
