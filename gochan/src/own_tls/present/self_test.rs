//! Tries, before the first goroutine, what is assumed of libc: by what it does, not by its version.

use super::base;
use super::block::{self, Block};
use super::ends;
use super::picture::Picture;
use std::cell::{Cell, UnsafeCell};
use std::ffi::c_void;
use std::hint::black_box;
use std::panic::{catch_unwind, resume_unwind};
use std::ptr;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering::Relaxed};

const INITIAL: u64 = 0x9065_0caf_e000_0001;
const CHANGED: u64 = 7;

/// Counts in a static what its destructor has seen.
struct Ends(Cell<u64>);

static ENDED: AtomicU32 = AtomicU32::new(0);
static VALUES_ENDED: AtomicU32 = AtomicU32::new(0);
static KEY: AtomicU32 = AtomicU32::new(0);

impl Drop for Ends {
    fn drop(&mut self) {
        ENDED.fetch_add(1, Relaxed);
    }
}

thread_local! {
    static PLAIN: Cell<u64> = const { Cell::new(INITIAL) };
    static WITH_END: Ends = const { Ends(Cell::new(INITIAL)) };
}

unsafe extern "C" fn value_ends(value: *mut c_void) {
    VALUES_ENDED.fetch_add(value.addr() as u32, Relaxed);
}

/// Memory for a block, and two words to pass a result.
struct Trial<'a> {
    picture: &'a Picture,
    block: Block,
    worker: Block,
}

/// Which of the checks has failed, if one has.
static FAILED: AtomicUsize = AtomicUsize::new(0);

const CHECKS: [&str; 11] = [
    "",
    "a thread-local has its initial value in a new thread",
    "`errno` is the thread's own",
    "memory passes from thread to thread",
    "a thread is itself to `pthread_self`",
    "a recursive mutex belongs to one thread",
    "a panic is the thread's own",
    "the end of a thread runs the destructors of its thread-locals",
    "the end of a thread runs the destructors of the values of its keys",
    "a thread's `errno` is left alone by other threads",
    "a thread's thread-locals are left alone by other threads",
];

fn check(number: usize, holds: bool) {
    if !holds {
        let _ = FAILED.compare_exchange(0, number, Relaxed, Relaxed);
    }
}

fn errno() -> *mut i32 {
    // SAFETY: libc's own access to it.
    unsafe { libc::__errno_location() }
}

static LENT: AtomicUsize = AtomicUsize::new(0);

/// A mutex that its owner may lock again.
struct Recursive(UnsafeCell<libc::pthread_mutex_t>);

// SAFETY: it is used through libc's functions.
unsafe impl Sync for Recursive {}

static MUTEX: Recursive = Recursive(UnsafeCell::new(libc::PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP));

/// What a goroutine does on its block.
#[inline(never)]
fn live() {
    check(1, PLAIN.replace(CHANGED) == INITIAL);
    check(1, WITH_END.with(|ends| ends.0.replace(CHANGED)) == INITIAL);
    // SAFETY: the calling thread's `errno`.
    unsafe {
        check(2, errno().read() == 0);
        errno().write(libc::EDOM);
    }
    let lent = LENT.swap(0, Relaxed) as *mut [u64; 5];
    // SAFETY: a box that the test has turned into a word, once.
    check(3, unsafe { Box::from_raw(lent) }.iter().all(|&word| word == INITIAL));
    let small: Vec<Vec<u8>> = (0..200).map(|size| vec![size as u8; size * 8]).collect();
    check(3, black_box(&small).iter().enumerate().all(|(size, bytes)| bytes.len() == size * 8));
    LENT.store(Box::into_raw(Box::new([INITIAL; 5])).addr(), Relaxed);
    // SAFETY: questions, and a mutex in a static.
    unsafe {
        check(4, libc::pthread_self() as usize == base::read());
        check(5, libc::pthread_mutex_trylock(MUTEX.0.get()) == libc::EBUSY);
        libc::pthread_setspecific(KEY.load(Relaxed), ptr::without_provenance(1));
    }
    check(6, catch_unwind(|| resume_unwind(Box::new(()))).is_err() && !std::thread::panicking());
}

impl Trial<'_> {
    /// A goroutine's life on the block, as if on another stack.
    #[inline(never)]
    fn run(&self, life: fn()) {
        // SAFETY: the memory is the block's; nothing else here refers to thread-locals.
        unsafe {
            self.block.begin_with(self.picture, self.worker);
            self.block.enter();
            black_box(life)();
            ends::run(self.picture);
            self.worker.enter();
        }
    }
}

pub(super) fn run(picture: &Picture) -> Result<(), String> {
    let mut memory = vec![0_u128; block::room_for(picture) / size_of::<u128>() + 8];
    let top = memory.as_mut_ptr_range().end.addr() & !63;
    let trial = Trial { picture, block: Block::place(picture, top), worker: Block::at(base::read()) };
    FAILED.store(0, Relaxed);
    ENDED.store(0, Relaxed);
    VALUES_ENDED.store(0, Relaxed);
    let mut key = 0;
    // SAFETY: the place is valid; the mutex is the test's, and unlocked below.
    unsafe {
        if libc::pthread_key_create(&mut key, Some(value_ends)) != 0 {
            return Err("no key is left for `pthread_setspecific`".to_owned());
        }
        libc::pthread_mutex_lock(MUTEX.0.get());
    }
    KEY.store(key, Relaxed);
    PLAIN.set(CHANGED + 1);
    for life in 1..=2 {
        LENT.store(Box::into_raw(Box::new([INITIAL; 5])).addr(), Relaxed);
        // SAFETY: the calling thread's `errno`.
        unsafe { errno().write(libc::ERANGE) };
        trial.run(live);
        // SAFETY: as above.
        check(9, unsafe { errno().read() } == libc::ERANGE);
        check(10, PLAIN.get() == CHANGED + 1);
        let lent = LENT.swap(0, Relaxed) as *mut [u64; 5];
        if !lent.is_null() {
            // SAFETY: a box that the goroutine has turned into a word, once.
            check(3, unsafe { Box::from_raw(lent) }.iter().all(|&word| word == INITIAL));
        }
        check(7, ENDED.load(Relaxed) == life);
        check(8, VALUES_ENDED.load(Relaxed) == life);
    }
    // SAFETY: locked above by this thread; no code uses the block or the key from now on.
    unsafe {
        super::CLEAN.store(trial.block.mark(), Relaxed);
        libc::pthread_mutex_unlock(MUTEX.0.get());
        trial.block.destroy(picture);
        libc::pthread_key_delete(key);
    }
    match FAILED.load(Relaxed) {
        0 => Ok(()),
        number => Err(format!("with this libc it cannot be made true that {}", CHECKS[number])),
    }
}
