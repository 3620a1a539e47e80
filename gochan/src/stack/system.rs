//! The system calls for memory: those of Unix, or none. Where there are none, there are no coroutines.

#[cfg(unix)]
mod unix {
    use std::io;
    use std::ops::Range;
    use std::ptr;

    #[cfg(any(target_os = "linux", target_os = "android", target_vendor = "apple", target_os = "netbsd"))]
    const NO_RESERVE: libc::c_int = libc::MAP_NORESERVE;
    #[cfg(not(any(
        target_os = "linux",
        target_os = "android",
        target_vendor = "apple",
        target_os = "netbsd"
    )))]
    const NO_RESERVE: libc::c_int = 0;
    const FLAGS: libc::c_int = libc::MAP_PRIVATE | libc::MAP_ANON | NO_RESERVE;

    /// What may be done to memory.
    #[derive(Debug, Clone, Copy)]
    pub(crate) struct Access(libc::c_int);

    impl Access {
        pub(crate) const NONE: Access = Access(libc::PROT_NONE);
        pub(crate) const ALL: Access = Access(libc::PROT_READ | libc::PROT_WRITE);
    }

    pub(crate) fn page_size() -> usize {
        // SAFETY: a plain question.
        usize::try_from(unsafe { libc::sysconf(libc::_SC_PAGESIZE) }).unwrap_or(0)
    }

    /// The address of so many bytes of address space, without access.
    pub(crate) fn reserve(bytes: usize) -> io::Result<usize> {
        // SAFETY: an anonymous mapping at an address of the kernel's choice touches no existing memory.
        match unsafe { libc::mmap(ptr::null_mut(), bytes, Access::NONE.0, FLAGS, -1, 0) } {
            libc::MAP_FAILED => Err(io::Error::last_os_error()),
            start => Ok(start as usize),
        }
    }

    /// Changes the access to whole pages.
    ///
    /// # Safety
    /// They have been reserved, and nothing that is in use lies there.
    pub(crate) unsafe fn protect(range: Range<usize>, access: Access) -> io::Result<()> {
        // SAFETY: the caller's promise.
        match unsafe { libc::mprotect(range.start as *mut libc::c_void, range.len(), access.0) } {
            0 => Ok(()),
            _ => Err(io::Error::last_os_error()),
        }
    }

    /// Returns the memory of whole pages to the kernel; guards and access stay.
    ///
    /// # Safety
    /// As for `protect`.
    pub(crate) unsafe fn release(range: Range<usize>) -> io::Result<()> {
        #[cfg(target_vendor = "apple")]
        let advice = libc::MADV_FREE_REUSABLE;
        #[cfg(not(target_vendor = "apple"))]
        let advice = libc::MADV_DONTNEED;
        // SAFETY: the caller's promise.
        match unsafe { libc::madvise(range.start as *mut libc::c_void, range.len(), advice) } {
            0 => Ok(()),
            _ => Err(io::Error::last_os_error()),
        }
    }

    /// New memory in place of the old.
    ///
    /// # Safety
    /// As for `protect`.
    pub(crate) unsafe fn map_anew(range: Range<usize>) -> io::Result<()> {
        let (start, flags) = (range.start as *mut libc::c_void, FLAGS | libc::MAP_FIXED);
        // SAFETY: the caller's promise.
        match unsafe { libc::mmap(start, range.len(), Access::ALL.0, flags, -1, 0) } {
            libc::MAP_FAILED => Err(io::Error::last_os_error()),
            _ => Ok(()),
        }
    }

    /// # Safety
    /// As for `protect`.
    pub(crate) unsafe fn unmap(range: Range<usize>) {
        // SAFETY: the caller's promise.
        unsafe { libc::munmap(range.start as *mut libc::c_void, range.len()) };
    }
}
#[cfg(unix)]
pub(super) use unix::*;

#[cfg(not(unix))]
mod none {
    use std::io;
    use std::ops::Range;

    #[derive(Debug, Clone, Copy)]
    pub(crate) struct Access;

    impl Access {
        pub(crate) const NONE: Access = Access;
        pub(crate) const ALL: Access = Access;
    }

    pub(crate) fn page_size() -> usize {
        64 * 1024
    }

    pub(crate) fn reserve(_: usize) -> io::Result<usize> {
        Err(io::ErrorKind::Unsupported.into())
    }

    pub(crate) unsafe fn protect(_: Range<usize>, _: Access) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }

    pub(crate) unsafe fn release(_: Range<usize>) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }

    pub(crate) unsafe fn map_anew(_: Range<usize>) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }

    pub(crate) unsafe fn unmap(_: Range<usize>) {}
}
#[cfg(not(unix))]
pub(super) use none::*;
