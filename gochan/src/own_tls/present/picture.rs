//! What a block holds when a thread begins, taken from a thread that has just begun.

use super::base;
use super::glibc::Glibc;
use std::ffi::{c_int, c_void};
use std::ops::Range;
use std::ptr;

const WORD: usize = size_of::<usize>();
/// The first words of the record, which compiled code knows: the address of the block, the table of modules, the address
/// again, whether there are several threads, and the secrets of stack protection and of mangled pointers.
const HEADER: usize = 10 * WORD;
const TABLE: usize = WORD;
/// The area of restartable sequences, and the number in its second half word by which the kernel marks threads that have
/// none: the kernel knows only the area of the worker's thread.
const RSEQ_WORDS: usize = 4;
const NO_CPU: usize = u32::MAX as usize;
/// The values of the first keys lie in the record.
const VALUES: usize = 32;
/// The words by which `malloc` finds the memory that a thread keeps are two.
const MOST_SHARED: usize = 4;

#[derive(Debug)]
pub(super) struct Picture {
    pub(super) glibc: Glibc,
    /// The words from the lowest thread-local to the end of the record. Those in `moved` are relative to the thread pointer.
    words: Vec<usize>,
    /// The indices of the words that point into the block.
    moved: Vec<usize>,
    /// The number of words below the thread pointer, and how many of `moved` are there.
    below: usize,
    moved_below: usize,
    /// The offsets of the words of libc's own thread-locals by which `malloc` finds the memory that a thread keeps.
    pub(super) malloc: Vec<isize>,
    /// The offset of the byte of the record that says that a key has had a value.
    pub(super) has_values: usize,
    /// The offset of the word of libc's own thread-locals that is zero if no destructor is to run.
    pub(super) destructors: isize,
    /// The offset of `HOME`.
    pub(super) home: isize,
}

/// Copies of the block of the thread that takes the picture.
struct Negative {
    glibc: *const Glibc,
    key: libc::pthread_key_t,
    at: usize,
    begun: Vec<usize>,
    allocated: Vec<usize>,
    with_value: Vec<usize>,
    with_destructor: Vec<usize>,
    ended: Vec<usize>,
}

unsafe extern "C" {
    static __dso_handle: u8;
    fn __cxa_thread_atexit_impl(
        destructor: unsafe extern "C" fn(*mut c_void),
        of: *mut c_void,
        module: *const u8,
    ) -> c_int;
}

unsafe extern "C" fn ends(_: *mut c_void) {}

extern "C" fn take(negative: *mut c_void) -> *mut c_void {
    // SAFETY: the creating thread waits for this one, and uses it no earlier.
    let negative = unsafe { &mut *negative.cast::<Negative>() };
    negative.at = base::read();
    // SAFETY: the vectors are as long as a block, and have been made by another thread: nothing here has used a
    // thread-local yet. Freed is what was allocated.
    unsafe {
        let glibc = &*negative.glibc;
        let lowest = (negative.at - glibc.used) as *const usize;
        let copy = |to: &mut Vec<usize>| ptr::copy_nonoverlapping(lowest, to.as_mut_ptr(), to.len());
        copy(&mut negative.begun);
        libc::free(std::hint::black_box(libc::malloc(3 * WORD)));
        copy(&mut negative.allocated);
        let value = (&raw const negative.at).cast();
        libc::pthread_setspecific(negative.key, value);
        copy(&mut negative.with_value);
        libc::pthread_setspecific(negative.key, ptr::null());
        __cxa_thread_atexit_impl(ends, ptr::null_mut(), &raw const __dso_handle);
        copy(&mut negative.with_destructor);
        (glibc.run_destructors)();
        copy(&mut negative.ended);
    }
    ptr::null_mut()
}

impl Negative {
    fn of_new_thread(glibc: &Glibc) -> Result<Negative, String> {
        let empty = || vec![0; (glibc.used + glibc.record).div_ceil(WORD)];
        let mut negative = Negative {
            glibc,
            key: 0,
            at: 0,
            begun: empty(),
            allocated: empty(),
            with_value: empty(),
            with_destructor: empty(),
            ended: empty(),
        };
        // A signal handler on that thread would be in the picture. SAFETY: all places are valid; the thread is joined.
        let result = unsafe {
            let mut all: libc::sigset_t = std::mem::zeroed();
            let mut before: libc::sigset_t = std::mem::zeroed();
            libc::sigfillset(&mut all);
            if libc::pthread_key_create(&mut negative.key, None) != 0 {
                return Err("no key is left for `pthread_setspecific`".to_owned());
            }
            libc::pthread_sigmask(libc::SIG_SETMASK, &all, &mut before);
            let mut thread: libc::pthread_t = 0;
            let result = libc::pthread_create(&mut thread, ptr::null(), take, (&raw mut negative).cast());
            if result == 0 {
                libc::pthread_join(thread, ptr::null_mut());
            }
            libc::pthread_sigmask(libc::SIG_SETMASK, &before, ptr::null_mut());
            libc::pthread_key_delete(negative.key);
            result
        };
        if result == 0 { Ok(negative) } else { Err("no thread can be started".to_owned()) }
    }
}

impl Picture {
    pub(super) fn take(home: isize) -> Result<Picture, String> {
        let glibc = Glibc::find()?;
        if home >= 0 || home < -(glibc.used as isize) {
            return Err("gochan is in a library that was loaded after the start of the program".to_owned());
        }
        let negative = Negative::of_new_thread(&glibc)?;
        let below = glibc.used / WORD;
        let offset = |index: usize| (index as isize - below as isize) * WORD as isize;
        let changed = |before: &[usize], after: &[usize]| {
            let differ = |&index: &usize| before[index] != after[index];
            (0..before.len()).filter(differ).collect::<Vec<_>>()
        };

        let in_libc = |&index: &usize| glibc.libc.0 <= offset(index) && offset(index) < glibc.libc.1;
        let malloc: Vec<_> =
            changed(&negative.begun, &negative.allocated).into_iter().filter(in_libc).map(offset).collect();
        if malloc.len() > MOST_SHARED {
            return Err("its `malloc` keeps more in a thread than is known of".to_owned());
        }

        // The list was empty, and is so again.
        let is_list =
            |index: &usize| in_libc(index) && negative.with_value[*index] == 0 && negative.ended[*index] == 0;
        let lists: Vec<_> =
            changed(&negative.with_value, &negative.with_destructor).into_iter().filter(is_list).collect();
        let [list] = lists[..] else {
            return Err("its list of destructors is not what is known".to_owned());
        };
        let destructors = offset(list);

        // The key's own value lies elsewhere in the record, or in memory of its own.
        let values = negative.begun[below + glibc.specific / WORD].wrapping_sub(negative.at) / WORD;
        let values = below + values..below + values + 2 * VALUES;
        let is_flag = |&index: &usize| {
            let (before, after) = (negative.allocated[index], negative.with_value[index]);
            index >= below
                && !values.contains(&index)
                && (before ^ after).count_ones() == 1
                && (before ^ after).trailing_zeros().is_multiple_of(8)
        };
        let flags: Vec<_> =
            changed(&negative.allocated, &negative.with_value).into_iter().filter(is_flag).collect();
        let [flag] = flags[..] else {
            return Err("its record of keys is not what is known".to_owned());
        };
        let bit = (negative.allocated[flag] ^ negative.with_value[flag]).trailing_zeros() as usize;
        let has_values = (flag - below) * WORD + bit / 8;

        let mut words = negative.begun;
        let own = negative.at - glibc.used..negative.at + glibc.record;
        let moved: Vec<_> = (0..words.len()).filter(|&index| own.contains(&words[index])).collect();
        let header = below + HEADER / WORD;
        for (index, word) in words.iter_mut().enumerate().skip(below) {
            if index == below + TABLE / WORD || (index >= header && !moved.contains(&index)) {
                *word = 0;
            }
        }
        if let Some(rseq) = glibc.rseq {
            let area = (glibc.used as isize + rseq) as usize / WORD;
            words[area..area + RSEQ_WORDS].fill(0);
            words[area] = NO_CPU << 32;
        }
        moved.iter().for_each(|&index| words[index] = words[index].wrapping_sub(negative.at));
        let moved_below = moved.iter().filter(|&&index| index < below).count();
        if !moved.contains(&below) || moved.contains(&(below + TABLE / WORD)) {
            return Err("its record of a thread does not begin as is known".to_owned());
        }
        Ok(Picture { glibc, words, moved, below, moved_below, malloc, has_values, destructors, home })
    }

    /// # Safety
    /// `base` is the place of a block that no code uses, except perhaps the caller as its own.
    unsafe fn copy(&self, base: usize, words: Range<usize>, moved: &[usize]) {
        let start = base - self.below * WORD;
        // SAFETY: the caller's promise: the words are part of the block.
        unsafe {
            let place = start as *mut usize;
            let from = self.words.as_ptr().add(words.start);
            ptr::copy_nonoverlapping(from, place.add(words.start), words.len());
            for &index in moved {
                place.add(index).write(base.wrapping_add(self.words[index]));
            }
        }
    }

    /// # Safety
    /// As for `copy`.
    pub(super) unsafe fn copy_thread_locals(&self, base: usize) {
        // SAFETY: the caller's promise.
        unsafe { self.copy(base, 0..self.below, &self.moved[..self.moved_below]) };
    }

    /// # Safety
    /// As for `copy`, and the block has no table of modules.
    pub(super) unsafe fn copy_record(&self, base: usize) {
        // SAFETY: the caller's promise.
        unsafe { self.copy(base, self.below..self.words.len(), &self.moved[self.moved_below..]) };
    }
}
