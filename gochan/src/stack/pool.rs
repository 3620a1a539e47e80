//! Handing out stack slots and taking them back.
//!
//! One [`Pool`] serves one of about a hundred stack sizes. Workers keep a few warm slots of the default size to themselves and come
//! here in batches, so most spawns do not take the lock. [`trim_all`], which the monitor calls when the process is idle,
//! returns free slots beyond a small reserve to the kernel.

use super::region::{self, Region};
use super::{Slot, guard, guards, overflow};
use crate::stack::lock;
use std::io;
use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock};

/// Free slots that a pool keeps committed through a trim.
const WARM: usize = 64;
/// From this many stacks in use on, a pool commits new ones in bulk.
const BULK_FROM: usize = 512;
/// The first region of a pool has room for this many times the stacks that are asked for, up to
/// [`FIRST_REGION_BYTES`]. Each further region is as large as all before it, up to [`LARGEST_REGION_BYTES`].
const FIRST_REGION_REQUESTS: usize = 4;
const FIRST_REGION_BYTES: usize = 64 << 20;
const SMALLEST_REGION_BYTES: usize = 16 << 20;
const LARGEST_REGION_BYTES: usize = 4 << 30;

/// As many slots are opened at once as this part of those that have been, and are charged where the kernel charges.
const OPEN_AHEAD: usize = 8;

static POOLS: Mutex<Vec<Arc<Pool>>> = Mutex::new(Vec::new());
/// The number of threads that look at slots of other threads' goroutines. Locked while slots are unmapped.
static LOOKS: Mutex<usize> = Mutex::new(0);

/// Called for each free slot that has been used, before its memory goes back to the kernel.
static FAREWELL: OnceLock<fn(Slot)> = OnceLock::new();

/// From now on, calls `farewell` for each slot whose memory goes back to the kernel.
pub(crate) fn say_farewell(farewell: fn(Slot)) {
    let _ = FAREWELL.set(farewell);
}

fn farewell_to<'a>(slots: impl Iterator<Item = &'a Slot>) {
    if let Some(farewell) = FAREWELL.get() {
        slots.for_each(|slot| farewell(*slot));
    }
}

/// All stacks of one size.
#[derive(Debug)]
pub(crate) struct Pool {
    stride: usize,
    /// Its slots have no control blocks of goroutines: `runtime::grow` takes them.
    has_segments: bool,
    inner: Mutex<Inner>,
    /// Free slots that have been used since the last trim; read without the lock.
    dirty: AtomicUsize,
}

#[derive(Debug, Default)]
struct Inner {
    /// Used since the last trim: the memory below is committed. Last in, first out.
    warm: Vec<Slot>,
    /// Trimmed or never used beyond their guard.
    cold: Vec<Slot>,
    regions: Vec<Region>,
    /// The number of slots of the newest region that were handed out at least once.
    carved: usize,
    /// The number of those that are memory.
    opened: usize,
}

/// The pool for stacks of `stack_size` usable bytes, made on first use.
pub(crate) fn for_size(stack_size: usize) -> Arc<Pool> {
    find(stack_size, false)
}

/// The pool for segments of this size.
pub(crate) fn for_segments(size: usize) -> Arc<Pool> {
    find(size, true)
}

fn find(size: usize, has_segments: bool) -> Arc<Pool> {
    let stride = super::usable_size(size) + guard();
    let mut pools = lock(&POOLS);
    let known = pools.iter().find(|pool| (pool.stride, pool.has_segments) == (stride, has_segments));
    if let Some(pool) = known {
        return pool.clone();
    }
    let pool = Arc::new(Pool { stride, has_segments, inner: Mutex::default(), dirty: AtomicUsize::new(0) });
    pools.push(pool.clone());
    pool
}

impl Pool {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        lock(&self.inner)
    }

    /// Appends between one and `wanted` guarded slots to `out`.
    pub(crate) fn take(&self, wanted: usize, out: &mut Vec<Slot>) -> io::Result<()> {
        let mut inner = self.lock();
        let before = out.len();
        for _ in 0..wanted {
            match inner.warm.pop().or_else(|| inner.cold.pop()) {
                Some(slot) => out.push(slot),
                None => break,
            }
        }
        self.dirty.store(inner.warm.len(), Relaxed);
        if out.len() > before {
            return Ok(());
        }
        let handed_out = inner.regions.iter().map(Region::slots).sum::<usize>();
        let mut fresh = inner.carve(wanted, self)?;
        // These system calls are made outside of the lock, so that two workers can commit stacks at once.
        drop(inner);
        guards::prepare(&mut fresh, handed_out >= BULK_FROM);
        out.extend(fresh);
        Ok(())
    }

    /// Takes slots back; their goroutines have ended.
    pub(crate) fn put(&self, slots: impl IntoIterator<Item = Slot>) {
        let mut inner = self.lock();
        inner.warm.extend(slots);
        self.dirty.store(inner.warm.len(), Relaxed);
    }

    /// The slots that were ever handed out, region by region.
    fn used_slots(&self) -> Vec<Range<usize>> {
        let inner = self.lock();
        let newest = inner.regions.len().saturating_sub(1);
        let used = |(index, region): (usize, &Region)| {
            let slots = if index == newest { inner.carved } else { region.slots() };
            region.range().start..region.range().start + slots * self.stride
        };
        inner.regions.iter().enumerate().map(used).collect()
    }

    fn count(&self) -> Count {
        let inner = self.lock();
        let newest = inner.regions.len().saturating_sub(1);
        let full: usize = inner.regions.iter().take(newest).map(Region::slots).sum();
        let free = inner.warm.len() + inner.cold.len();
        Count { handed_out: full + inner.carved - free, free }
    }

    /// Returns the memory of free slots to the kernel, all but a small reserve.
    fn trim(&self) {
        if self.dirty.load(Relaxed) <= WARM {
            return;
        }
        let mut idle = {
            let mut inner = self.lock();
            // Workers may have taken some since the look above.
            let kept = inner.warm.len().min(WARM);
            self.dirty.store(kept, Relaxed);
            inner.warm.split_off(kept)
        };
        if !self.has_segments {
            farewell_to(idle.iter());
        }
        idle.sort_unstable_by_key(|slot| slot.top);
        let mut rest = idle.as_slice();
        let mut kept = Vec::with_capacity(idle.len());
        while let Some(first) = rest.first() {
            let run =
                rest.iter().enumerate().take_while(|(i, s)| s.limit() == first.limit() + i * self.stride);
            let (run, others) = rest.split_at(run.count());
            // SAFETY: the run is made of free slots only, and they are on no list while this works on them.
            if unsafe { region::release(run) }.is_ok() {
                kept.extend_from_slice(run);
            }
            rest = others;
        }
        self.lock().cold.append(&mut kept);
    }
}

impl Inner {
    fn carve(&mut self, wanted: usize, pool: &Pool) -> io::Result<Vec<Slot>> {
        let stride = pool.stride;
        if self.regions.last().is_none_or(|region| self.carved == region.slots()) {
            let total = self.regions.iter().map(Region::slots).sum::<usize>() * stride;
            let first = stride.saturating_mul(FIRST_REGION_REQUESTS * wanted).min(FIRST_REGION_BYTES);
            let bytes = total.clamp(first, LARGEST_REGION_BYTES);
            let region = reserve((bytes / stride).max(1), stride)?;
            overflow::watch(region.range(), stride, pool.has_segments);
            self.regions.push(region);
            (self.carved, self.opened) = (0, 0);
        }
        let region = self.regions.last().expect("a region was just made sure of");
        let (start, mut end) = (self.carved, (self.carved + wanted).min(region.slots()));
        // Opened before they count as carved: from then on, others may look at them.
        if end > self.opened {
            let ahead = (end + self.carved / OPEN_AHEAD).min(region.slots());
            let open = |to: usize| region.open(self.opened..to).map(|()| to);
            match open(ahead).or_else(|_| open(end)).or_else(|_| open(self.opened + 1)) {
                Ok(to) => self.opened = to,
                Err(error) if self.opened == start => return Err(error),
                Err(_) => {}
            }
            end = end.min(self.opened);
        }
        self.carved = end;
        let fresh = (start..end).map(|index| region.slot(index)).collect();
        Ok(fresh)
    }

    /// Unmaps regions without a slot in use: with them go their page tables, half a KiB per stack. The newest
    /// region stays, so that a pool that grows and shrinks does not map and unmap in turn.
    fn unmap_free_regions(&mut self, had_goroutines: bool) {
        let ranges: Vec<_> = self.regions.iter().map(Region::range).collect();
        let region_of = |slot: &Slot| ranges.iter().position(|range| range.contains(&(slot.top - 1)));
        let (mut free, mut guarded) = (vec![0; ranges.len()], vec![0; ranges.len()]);
        for slot in self.warm.iter().chain(&self.cold) {
            if let Some(index) = region_of(slot) {
                free[index] += 1;
                guarded[index] += usize::from(!slot.borrows_guard);
            }
        }
        let newest = ranges.len().saturating_sub(1);
        let unused = |index: usize| index < newest && free[index] == self.regions[index].slots();
        let gone: Vec<bool> = (0..ranges.len()).map(unused).collect();
        if !gone.contains(&true) {
            return;
        }
        let stays = |slot: &Slot| !region_of(slot).is_some_and(|index| gone[index]);
        if had_goroutines {
            farewell_to(self.warm.iter().filter(|slot| !stays(slot)));
        }
        self.warm.retain(stays);
        self.cold.retain(stays);
        for index in (0..gone.len()).rev().filter(|&index| gone[index]) {
            overflow::unwatch(ranges[index].clone());
            guards::forget(ranges[index].clone(), guarded[index]);
            // SAFETY: every slot of the region was on a free list and has just been taken off it.
            unsafe { self.regions.remove(index).unmap() };
        }
        self.warm.shrink_to_fit();
        self.cold.shrink_to_fit();
    }
}

/// A region of as many slots as can be had, up to `slots`. Where address space is limited, some is left to others.
fn reserve(mut slots: usize, stride: usize) -> io::Result<Region> {
    loop {
        match Region::reserve(slots, stride) {
            Err(_) if slots > 1 && slots * stride > SMALLEST_REGION_BYTES => slots /= 2,
            result => return result,
        }
    }
}

/// The number of free slots with memory that [`trim_all`] would return.
pub(crate) fn trimmable() -> usize {
    let pools = lock(&POOLS);
    pools.iter().map(|pool| pool.dirty.load(Relaxed).saturating_sub(WARM)).sum()
}

/// Returns free stack memory to the kernel, in every pool; with `unmap`, also whole unused regions.
pub(crate) fn trim_all(unmap: bool) {
    let pools = lock(&POOLS).clone();
    for pool in pools {
        pool.trim();
        // While a thread looks at stacks, this is left to the next call.
        if unmap
            && let Ok(looks) = LOOKS.try_lock()
            && *looks == 0
        {
            pool.lock().unmap_free_regions(!pool.has_segments);
        }
    }
}

/// The number of stacks of one or all pools.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Count {
    pub(crate) handed_out: usize,
    pub(crate) free: usize,
}

/// Stacks of all pools.
pub(crate) fn count() -> Count {
    let pools = lock(&POOLS).clone();
    pools.iter().map(|pool| pool.count()).fold(Count::default(), |sum, pool| Count {
        handed_out: sum.handed_out + pool.handed_out,
        free: sum.free + pool.free,
    })
}

/// While it lives, no slot is unmapped (`sched/INVARIANTS.md`).
#[derive(Debug)]
pub(crate) struct Mapped(());

impl Mapped {
    pub(crate) fn new() -> Mapped {
        *looks() += 1;
        Mapped(())
    }
}

impl Drop for Mapped {
    fn drop(&mut self) {
        *looks() -= 1;
    }
}

fn looks() -> MutexGuard<'static, usize> {
    lock(&LOOKS)
}

/// Calls `visit` for each slot of a goroutine that has been handed out at least once. No slot is unmapped during the call. Threads that need a
/// stack do not wait.
pub(crate) fn for_each_slot(mut visit: impl FnMut(Slot)) {
    let _mapped = Mapped::new();
    let pools = lock(&POOLS).clone();
    for pool in pools.iter().filter(|pool| !pool.has_segments) {
        for used in pool.used_slots() {
            for top in used.step_by(pool.stride).map(|limit| limit + pool.stride) {
                visit(Slot { top, stride: pool.stride, borrows_guard: false });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pool(stack_size: usize) -> Pool {
        let stride = crate::stack::usable_size(stack_size) + guard();
        Pool { stride, has_segments: false, inner: Mutex::default(), dirty: AtomicUsize::new(0) }
    }

    #[test]
    fn slots_are_distinct_writable_and_reused_last_in_first_out() {
        let pool = pool(64 * 1024);
        let mut slots = Vec::new();
        while slots.len() < 200 {
            pool.take(64, &mut slots).unwrap();
        }
        let mut tops: Vec<_> = slots.iter().map(|slot| slot.top).collect();
        tops.sort_unstable();
        tops.dedup();
        assert_eq!(tops.len(), slots.len());
        for slot in &slots {
            // SAFETY: the first and last usable byte of a slot that this test owns.
            unsafe {
                ((slot.top - 1) as *mut u8).write(1);
                (slot.floor() as *mut u8).write(1);
            }
        }
        let last = *slots.last().unwrap();
        pool.put(slots.drain(..));
        let mut again = Vec::new();
        pool.take(1, &mut again).unwrap();
        assert_eq!(again, [last]);
    }

    #[test]
    fn trimming_empties_free_slots_and_keeps_their_guards() {
        let pool = pool(16 * 1024);
        let mut slots = Vec::new();
        while slots.len() < WARM + 10 {
            pool.take(64, &mut slots).unwrap();
        }
        let last = *slots.last().unwrap();
        // SAFETY: the slot is owned by this test.
        unsafe { ((last.top - 8) as *mut u64).write(7) };
        pool.put(slots.drain(..));
        pool.trim();
        // SAFETY: the slot is mapped for as long as its pool lives, and no other code uses it.
        assert_eq!(unsafe { ((last.top - 8) as *const u64).read() }, 0);
    }
}
