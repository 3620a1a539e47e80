//! Prefetching of cache lines.

/// Prefetches the cache line at `line`, which need not be a valid address.
#[inline]
pub(crate) fn prefetch(line: *const u8) {
    // SAFETY: a hint; it does not fault, whatever the address.
    #[cfg(target_arch = "x86_64")]
    unsafe {
        core::arch::x86_64::_mm_prefetch::<{ core::arch::x86_64::_MM_HINT_T0 }>(line.cast());
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = line;
}
