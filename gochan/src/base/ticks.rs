//! A clock that takes a few nanoseconds to read and is accurate to an order of magnitude.

/// The approximate number of ticks in a microsecond.
#[cfg(target_arch = "x86_64")]
pub(crate) const PER_US: u64 = 3000;

#[cfg(target_arch = "x86_64")]
pub(crate) fn now() -> u64 {
    // SAFETY: every x86-64 has the time-stamp counter.
    unsafe { core::arch::x86_64::_rdtsc() }
}

#[cfg(not(target_arch = "x86_64"))]
pub(crate) const PER_US: u64 = 1000;

#[cfg(not(target_arch = "x86_64"))]
pub(crate) fn now() -> u64 {
    use std::sync::LazyLock;
    use std::time::Instant;
    static START: LazyLock<Instant> = LazyLock::new(Instant::now);
    START.elapsed().as_nanos() as u64
}
