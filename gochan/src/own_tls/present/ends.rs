//! The end of a goroutine's thread-locals: what libc does at the end of a thread.

use super::base;
use super::picture::Picture;
use std::ptr;

/// As often libc looks for values that destructors have set.
const ROUNDS: usize = 4;
const KEYS_IN_BLOCK: usize = 32;

/// Runs the destructors of the thread-locals of the block in use, and those of the values of keys. They are the user's code.
/// True if there were any.
///
/// # Safety
/// The block is a goroutine's, which runs.
#[inline(never)]
pub(super) unsafe fn run(picture: &Picture) -> bool {
    let here = base::read();
    let list = here.wrapping_add_signed(picture.destructors) as *const usize;
    let flag = (here + picture.has_values) as *mut u8;
    // SAFETY: words of the block and its record, which only the goroutine itself uses.
    let (has_destructors, has_values) = unsafe { (list.read() != 0, flag.read() != 0) };
    if has_destructors {
        // SAFETY: on a complete block; what it runs was registered to run at the end of this thread, as it seems.
        unsafe { (picture.glibc.run_destructors)() };
    }
    // SAFETY: as above.
    if has_values || unsafe { flag.read() } != 0 {
        // SAFETY: as above.
        unsafe { run_of_keys(picture, flag) };
        return true;
    }
    has_destructors
}

#[cold]
#[inline(never)]
unsafe fn run_of_keys(picture: &Picture, flag: *mut u8) {
    let blocks = (base::read() + picture.glibc.specific) as *const *const ();
    for _ in 0..ROUNDS {
        // SAFETY: the byte of the record. A destructor that sets a value sets it again.
        unsafe { flag.write(0) };
        // SAFETY: 32 pointers, null or to 32 values each.
        let used = (0..32).filter(|&block| unsafe { !blocks.add(block).read().is_null() });
        for key in used.flat_map(|block| block * KEYS_IN_BLOCK..(block + 1) * KEYS_IN_BLOCK) {
            // SAFETY: libc knows which keys are valid.
            let value = unsafe { libc::pthread_getspecific(key as libc::pthread_key_t) };
            if !value.is_null() {
                // SAFETY: the key is in use. Its destructor is called as libc calls it: with the value taken out.
                unsafe {
                    let destructor = (*picture.glibc.keys.add(key)).destructor;
                    libc::pthread_setspecific(key as libc::pthread_key_t, ptr::null());
                    if let Some(destructor) = destructor {
                        destructor(value);
                    }
                }
            }
        }
        // SAFETY: destructors of thread-locals that were first used by those of keys.
        unsafe { (picture.glibc.run_destructors)() };
        // SAFETY: the byte of the record.
        if unsafe { flag.read() } == 0 {
            return;
        }
    }
}
