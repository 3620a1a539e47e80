//! Handing out stack slots and taking them back.
//!
//! One [`Pool`] serves one of about a hundred stack sizes. Workers keep a few warm slots of the default size to themselves and come
//! here in batches, so the lock is off the spawn path. Free slots beyond a small reserve are returned to the
//! kernel by [`trim_all`], which the monitor calls when the process has calmed down.

use super::region::{self, Region};
use super::{GUARD, Slot, overflow};
use std::io;
use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Free slots a pool keeps committed through a trim.
const WARM: usize = 64;
/// A pool that has this many stacks out is growing in earnest: commit new ones in bulk.
const BULK_FROM: usize = 512;
/// The first region of a pool has room for this many times the stacks that are asked for, up to
/// [`FIRST_REGION_BYTES`]. Each further region is as large as all before it, up to [`LARGEST_REGION_BYTES`].
const FIRST_REGION_REQUESTS: usize = 4;
const FIRST_REGION_BYTES: usize = 64 << 20;
const LARGEST_REGION_BYTES: usize = 4 << 30;

static POOLS: Mutex<Vec<Arc<Pool>>> = Mutex::new(Vec::new());
/// How many look at slots of goroutines that are not theirs. Locked while slots are unmapped.
static LOOKS: Mutex<usize> = Mutex::new(0);

/// All stacks of one size.
#[derive(Debug)]
pub(crate) struct Pool {
    stride: usize,
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
    /// Slots of the newest region handed out at least once.
    carved: usize,
}

/// The pool for stacks of `stack_size` usable bytes, made on first use.
pub(crate) fn for_size(stack_size: usize) -> Arc<Pool> {
    let stride = super::usable_size(stack_size) + GUARD;
    let mut pools = POOLS.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(pool) = pools.iter().find(|pool| pool.stride == stride) {
        return pool.clone();
    }
    let pool = Arc::new(Pool { stride, inner: Mutex::default(), dirty: AtomicUsize::new(0) });
    pools.push(pool.clone());
    pool
}

impl Pool {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
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
        let fresh = inner.carve(wanted, self.stride)?;
        // The kernel work happens outside the lock: two workers can commit stacks at once.
        drop(inner);
        region::prepare(&fresh, handed_out >= BULK_FROM)?;
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
        idle.sort_unstable_by_key(|slot| slot.top);
        let mut rest = idle.as_slice();
        while let Some(first) = rest.first() {
            let run =
                rest.iter().enumerate().take_while(|(i, s)| s.limit() == first.limit() + i * self.stride);
            let run = run.count();
            // SAFETY: the run is made of free slots only, and they are on no list while this works on them.
            unsafe { region::release(first.limit(), rest[run - 1].top) };
            rest = &rest[run..];
        }
        self.lock().cold.append(&mut idle);
    }
}

impl Inner {
    fn carve(&mut self, wanted: usize, stride: usize) -> io::Result<Vec<Slot>> {
        if self.regions.last().is_none_or(|region| self.carved == region.slots()) {
            let total = self.regions.iter().map(Region::slots).sum::<usize>() * stride;
            let first = stride.saturating_mul(FIRST_REGION_REQUESTS * wanted).min(FIRST_REGION_BYTES);
            let bytes = total.clamp(first, LARGEST_REGION_BYTES);
            let slots = (bytes / stride).max(1);
            let region = Region::reserve(slots, stride).or_else(|_| Region::reserve(1, stride))?;
            overflow::watch(region.range(), stride);
            self.regions.push(region);
            self.carved = 0;
        }
        let region = self.regions.last().expect("a region was just made sure of");
        let end = (self.carved + wanted).min(region.slots());
        let fresh = (self.carved..end).map(|index| region.slot(index)).collect();
        self.carved = end;
        Ok(fresh)
    }

    /// Unmaps regions without a slot in use: with them go their page tables, half a KiB per stack. The newest
    /// region stays, so that a pool that breathes does not map and unmap in turn.
    fn unmap_free_regions(&mut self) {
        let ranges: Vec<_> = self.regions.iter().map(Region::range).collect();
        let region_of = |slot: &Slot| ranges.iter().position(|range| range.contains(&(slot.top - 1)));
        let mut free = vec![0; ranges.len()];
        self.warm.iter().chain(&self.cold).filter_map(region_of).for_each(|index| free[index] += 1);
        let newest = ranges.len().saturating_sub(1);
        let unused = |index: usize| index < newest && free[index] == self.regions[index].slots();
        let gone: Vec<bool> = (0..ranges.len()).map(unused).collect();
        if !gone.contains(&true) {
            return;
        }
        let stays = |slot: &Slot| !region_of(slot).is_some_and(|index| gone[index]);
        self.warm.retain(stays);
        self.cold.retain(stays);
        for index in (0..gone.len()).rev().filter(|&index| gone[index]) {
            overflow::unwatch(ranges[index].clone());
            // SAFETY: every slot of the region was on a free list and has just been taken off it.
            unsafe { self.regions.remove(index).unmap() };
        }
        self.warm.shrink_to_fit();
        self.cold.shrink_to_fit();
    }
}

/// How many free slots hold memory that [`trim_all`] would return.
pub(crate) fn trimmable() -> usize {
    let pools = POOLS.lock().unwrap_or_else(PoisonError::into_inner);
    pools.iter().map(|pool| pool.dirty.load(Relaxed).saturating_sub(WARM)).sum()
}

/// Returns free stack memory to the kernel, in every pool; with `unmap`, whole unused regions, too.
pub(crate) fn trim_all(unmap: bool) {
    let pools = POOLS.lock().unwrap_or_else(PoisonError::into_inner).clone();
    for pool in pools {
        pool.trim();
        // If somebody looks at the stacks, another time will do.
        if unmap
            && let Ok(looks) = LOOKS.try_lock()
            && *looks == 0
        {
            pool.lock().unmap_free_regions();
        }
    }
}

/// Stacks of one or all pools.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Count {
    pub(crate) handed_out: usize,
    pub(crate) free: usize,
}

/// Stacks of all pools.
pub(crate) fn count() -> Count {
    let pools = POOLS.lock().unwrap_or_else(PoisonError::into_inner).clone();
    pools.iter().map(|pool| pool.count()).fold(Count::default(), |sum, pool| Count {
        handed_out: sum.handed_out + pool.handed_out,
        free: sum.free + pool.free,
    })
}

/// While it lives, no slot is unmapped.
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
    LOOKS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Calls `visit` for every slot of every pool that was ever handed out. No slot is unmapped meanwhile, and nobody who
/// needs a stack waits.
pub(crate) fn for_each_slot(mut visit: impl FnMut(Slot)) {
    let _mapped = Mapped::new();
    let pools = POOLS.lock().unwrap_or_else(PoisonError::into_inner).clone();
    for pool in pools {
        for used in pool.used_slots() {
            for top in used.step_by(pool.stride).map(|limit| limit + pool.stride) {
                visit(Slot { top, stride: pool.stride });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pool(stack_size: usize) -> Pool {
        let stride = crate::stack::usable_size(stack_size) + GUARD;
        Pool { stride, inner: Mutex::default(), dirty: AtomicUsize::new(0) }
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
        // SAFETY: the slot is mapped for as long as its pool lives; nobody else uses it.
        assert_eq!(unsafe { ((last.top - 8) as *const u64).read() }, 0);
    }
}
