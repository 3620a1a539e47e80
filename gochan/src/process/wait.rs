//! Waiting for a child until a context ends.

use crate::Context;
use crate::io::ready::Ending;
use crate::spawn::blocking::blocking;
use std::io::{self, Read};
use std::os::fd::{AsFd, OwnedFd};
use std::process::{Child, ExitStatus, Output};
use std::time::Duration;

/// Waits for the end of `child`. If `ctx` ends first, that is the error.
#[track_caller]
pub(super) fn wait_until(ctx: &Context, child: &mut Child) -> io::Result<ExitStatus> {
    let ending = Ending::of(ctx)?;
    let Some(process) = descriptor(child) else { return look_until(child, &ending) };
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(status);
        }
        ending.wait_for([Some(process.as_fd())])?;
    }
}

/// A descriptor that can be read when the child has ended. The child has not been waited for, so the number is its own.
#[cfg(target_os = "linux")]
fn descriptor(child: &Child) -> Option<OwnedFd> {
    use std::os::fd::FromRawFd;

    // SAFETY: a system call with two numbers. A descriptor that it returns belongs to nothing else.
    unsafe {
        let descriptor = libc::syscall(libc::SYS_pidfd_open, child.id() as libc::pid_t, 0);
        (descriptor >= 0).then(|| OwnedFd::from_raw_fd(descriptor as i32))
    }
}

#[cfg(not(target_os = "linux"))]
fn descriptor(_: &Child) -> Option<OwnedFd> {
    None
}

/// Looks at the child again and again.
#[track_caller]
fn look_until(child: &mut Child, ending: &Ending) -> io::Result<ExitStatus> {
    const LONGEST: Duration = Duration::from_millis(50);
    let mut pause = Duration::from_millis(1);
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(status);
        }
        ending.check()?;
        crate::time::sleep(pause);
        pause = (2 * pause).min(LONGEST);
    }
}

/// Kills and reaps the child, whose result is not wanted.
#[track_caller]
pub(super) fn end(child: &mut Child) {
    // It may have ended meanwhile; then there is nothing to kill.
    let _ = child.kill();
    let _ = blocking(|| child.wait());
}

/// Reads what the child writes and waits for its end. Kills it when `ctx` ends first, or at an error.
#[track_caller]
pub(super) fn output_until(ctx: &Context, mut child: Child) -> io::Result<Output> {
    let result = read_both(ctx, &mut child).and_then(|(stdout, stderr)| {
        let status = wait_until(ctx, &mut child)?;
        Ok(Output { status, stdout, stderr })
    });
    if result.is_err() {
        end(&mut child);
    }
    result
}

/// All that the child writes to its pipes.
#[track_caller]
fn read_both(ctx: &Context, child: &mut Child) -> io::Result<(Vec<u8>, Vec<u8>)> {
    let ending = Ending::of(ctx)?;
    let (mut stdout, mut stderr) = (child.stdout.take(), child.stderr.take());
    let (mut out, mut err) = (Vec::new(), Vec::new());
    blocking(|| {
        while stdout.is_some() || stderr.is_some() {
            let descriptors = [stdout.as_ref().map(AsFd::as_fd), stderr.as_ref().map(AsFd::as_fd)];
            let [out_ready, err_ready] = ending.poll(descriptors)?;
            if out_ready {
                read_some(&mut stdout, &mut out)?;
            }
            if err_ready {
                read_some(&mut stderr, &mut err)?;
            }
        }
        Ok((out, err))
    })
}

/// Reads what is there, without waiting, and closes the pipe at its end. It can be read.
fn read_some<R: Read>(pipe: &mut Option<R>, bytes: &mut Vec<u8>) -> io::Result<()> {
    let mut buffer = [0; 8192];
    let Some(open) = pipe else { return Ok(()) };
    match open.read(&mut buffer) {
        Ok(0) => *pipe = None,
        Ok(length) => bytes.extend_from_slice(&buffer[..length]),
        Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
        Err(error) => return Err(error),
    }
    Ok(())
}
