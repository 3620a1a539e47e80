//! The report of a stack overflow.

use crate::base::status::Status;
use crate::sched::goroutine::Goroutine;
use crate::stack::Slot;
use std::fmt::{self, Write as _};

/// Called by the signal handler with the slot whose guard was touched, and whether it is a segment of `runtime::grow`.
pub(crate) fn report(slot: Slot, is_segment: bool) -> ! {
    let mut text = Text { bytes: [0; 1024], len: 0 };
    let seen = if is_segment {
        Goroutine::current().map(Goroutine::status).and_then(Status::look)
    } else {
        // SAFETY: the slot is in use, hence mapped.
        unsafe { Goroutine::status_on(slot) }.look()
    };
    let _ = match seen.map(|seen| (seen.id, seen.site)) {
        Some((id, Some(site))) => {
            write!(text, "\ngoroutine {id} overflowed its stack\n    spawned at {site}\n")
        }
        Some((id, None)) => write!(text, "\ngoroutine {id} overflowed its stack\n"),
        None => write!(text, "\na goroutine overflowed its stack\n"),
    };
    let size = slot.usable() / 1024;
    let _ = if is_segment {
        writeln!(
            text,
            "    more than 128 KiB were used below a call of gochan::runtime::grow; call it in more places, or give the \
             goroutine a larger stack with gochan::Builder::stack_size\nfatal runtime error: stack overflow"
        )
    } else {
        writeln!(
            text,
            "    the stack is {size} KiB; raise it with gochan::Builder::stack_size, that of main with \
         #[gochan::main(stack_size = ...)], and that of all others with runtime::Builder::stack_size or, for this run, \
         with GOCHAN_STACK={}M\nfatal runtime error: stack overflow",
            (4 * size).div_ceil(1024)
        )
    };
    // SAFETY: write and abort are async-signal-safe, and the buffer is local.
    unsafe {
        libc::write(2, text.bytes.as_ptr().cast(), text.len as _);
        libc::signal(libc::SIGABRT, libc::SIG_DFL);
        libc::abort()
    }
}

/// A buffer to format into where nothing may be allocated.
struct Text {
    bytes: [u8; 1024],
    len: usize,
}

impl fmt::Write for Text {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let room = &mut self.bytes[self.len..];
        let fits = text.len().min(room.len());
        room[..fits].copy_from_slice(&text.as_bytes()[..fits]);
        self.len += fits;
        Ok(())
    }
}
