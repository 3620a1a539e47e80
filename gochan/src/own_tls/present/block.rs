//! Blocks: made in the stack memory of a goroutine, and made new for the next goroutine there.

use super::PICTURE;
use super::base;
use super::picture::Picture;
use std::sync::atomic::{AtomicI32, Ordering::Relaxed};

const WORD: usize = size_of::<usize>();
/// Above all thread ids of the kernel, which are below 2 to the power of 22.
const FIRST_TID: i32 = 1 << 23;
/// Mutexes keep a thread id in 30 bits.
const LAST_TID: i32 = (1 << 30) - 1;
/// The base is a multiple of the size of a cache line.
const LINE: usize = 64;

/// The thread-locals of a thread or goroutine: the address of its block. Zero: those of whatever thread it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Block(usize);

/// The bytes that a block takes below a control block. Zero while goroutines share their thread-locals.
#[inline]
pub(crate) fn room() -> usize {
    super::ROOM.load(Relaxed)
}

pub(super) fn room_for(picture: &Picture) -> usize {
    let glibc = &picture.glibc;
    let align = glibc.align.max(LINE);
    glibc.record.next_multiple_of(align) + glibc.below.next_multiple_of(align) + (align - LINE)
}

impl Block {
    /// Goroutines share the thread-locals of their worker.
    pub(crate) const SHARED: Block = Block(0);

    /// That of the calling thread, if goroutines have their own.
    pub(crate) fn of_this_thread() -> Block {
        if super::is_on() { Block(base::read()) } else { Block::SHARED }
    }

    /// The one of the goroutine whose memory ends at `top`. It takes the [`room`] below.
    #[inline]
    pub(crate) fn below(top: usize) -> Block {
        if super::is_on() { Block::place(PICTURE.get().expect("it is on"), top) } else { Block::SHARED }
    }

    pub(super) fn place(picture: &Picture, top: usize) -> Block {
        let align = picture.glibc.align.max(LINE);
        Block((top - picture.glibc.record) & !(align - 1))
    }

    /// Makes it that of a goroutine that begins on the worker with the block `worker`.
    ///
    /// # Safety
    /// It is the goroutine's, whose memory is readable and writable, and zero unless it has had a block. The calling thread
    /// is the worker, on its own block or, between two goroutines, on this one.
    #[inline]
    pub(crate) unsafe fn begin(self, worker: Block) {
        if self != Block::SHARED {
            let picture = PICTURE.get().expect("it is on");
            // SAFETY: the caller's promise.
            unsafe { self.begin_with(picture, worker) };
        }
    }

    /// # Safety
    /// As for `begin`.
    #[inline(never)]
    pub(super) unsafe fn begin_with(self, picture: &Picture, worker: Block) {
        let Block(at) = self;
        // SAFETY: the caller's promise. The words of `malloc` and `HOME` are thread-locals of each block.
        unsafe {
            if !self.is_made() {
                self.make(picture);
            } else if self.table().read().counter != super::CLEAN.load(Relaxed) {
                self.renew_table(picture, worker);
            }
            picture.copy_thread_locals(at);
            for &offset in &picture.malloc {
                let word = (worker.0.wrapping_add_signed(offset) as *const usize).read();
                (at.wrapping_add_signed(offset) as *mut usize).write(word);
            }
            let home = at.wrapping_add_signed(picture.home) as *mut isize;
            home.write(worker.0.wrapping_sub(at) as isize);
        }
    }

    /// # Safety
    /// The memory is the block's.
    unsafe fn is_made(self) -> bool {
        // SAFETY: the caller's promise.
        unsafe { (self.0 as *const usize).read() == self.0 }
    }

    /// # Safety
    /// As for `begin_with`, and it has not been made.
    #[cold]
    #[inline(never)]
    unsafe fn make(self, picture: &Picture) {
        static NEXT_TID: AtomicI32 = AtomicI32::new(FIRST_TID);
        let (Block(at), glibc) = (self, &picture.glibc);
        let tid = NEXT_TID
            .fetch_update(Relaxed, Relaxed, |tid| Some(if tid == LAST_TID { FIRST_TID } else { tid + 1 }));
        // SAFETY: the offsets are those of fields of the record.
        unsafe {
            picture.copy_record(at);
            ((at + glibc.tid) as *mut i32).write(tid.unwrap_or(FIRST_TID));
            // In no list of threads, and the child of a fork can take it out of its list.
            let list = at + glibc.list;
            (list as *mut [usize; 2]).write([list; 2]);
            self.make_table(picture);
        }
    }

    /// # Safety
    /// It has been made but for the table of modules.
    unsafe fn make_table(self, picture: &Picture) {
        // SAFETY: the block has the size that libc asks for, below and above.
        if unsafe { (picture.glibc.allocate)(self.0 as *mut _) }.is_null() {
            super::refuse("no memory is left for the thread-locals of another goroutine");
        }
    }

    /// # Safety
    /// It has been made.
    unsafe fn table(self) -> *const Entry {
        // SAFETY: the second word of the record.
        unsafe { ((self.0 + WORD) as *const *const Entry).read() }
    }

    /// A library has been loaded since the start: if it has thread-locals, the last goroutine here may have used them.
    ///
    /// # Safety
    /// As for `begin_with`.
    #[cold]
    #[inline(never)]
    unsafe fn renew_table(self, picture: &Picture, worker: Block) {
        // SAFETY: the entry before the first is the number of those that follow the first. The table is not in use while
        // the worker's own block is.
        unsafe {
            let table = self.table();
            let count = table.sub(1).read().counter;
            if (1..=count).any(|index| !table.add(index).read().memory.is_null()) {
                let before = base::read();
                base::write(worker.0);
                (picture.glibc.deallocate)(self.0 as *mut _, false);
                self.make_table(picture);
                base::write(before);
            }
        }
    }

    /// The mark of a table in which all modules are those of the picture, whose thread-locals lie in the block. Where there
    /// are others already, no table has the mark that is returned.
    ///
    /// # Safety
    /// It has been made.
    pub(super) unsafe fn mark(self) -> usize {
        /// In place of an address: the thread-locals have memory of their own, once they are used.
        const NOT_YET: usize = usize::MAX;
        // SAFETY: as in `renew_table`.
        unsafe {
            let table = self.table();
            let count = table.sub(1).read().counter;
            let has_others = (1..=count).any(|index| table.add(index).read().counter == NOT_YET);
            if has_others { NOT_YET } else { table.read().counter }
        }
    }

    /// Uses it from now on, unless it is [`Block::SHARED`].
    ///
    /// # Safety
    /// It is complete, no other thread uses it, and the calling function refers to no thread-local.
    #[inline(always)]
    pub(crate) unsafe fn enter(self) {
        if self != Block::SHARED {
            // SAFETY: the caller's promise.
            unsafe { base::write(self.0) };
        }
    }

    /// Gives back what it has allocated, if it has been made.
    ///
    /// # Safety
    /// The memory is the block's, and no code uses it from now on.
    pub(crate) unsafe fn end(self) {
        if let Some(picture) = PICTURE.get() {
            // SAFETY: the caller's promise.
            unsafe { self.destroy(picture) };
        }
    }

    /// # Safety
    /// As for `end`.
    pub(super) unsafe fn destroy(self, picture: &Picture) {
        // SAFETY: the caller's promise. Values of keys beyond the first 32 are in memory from `calloc`.
        unsafe {
            if self.is_made() {
                (picture.glibc.deallocate)(self.0 as *mut _, false);
                let blocks = (self.0 + picture.glibc.specific) as *const *mut libc::c_void;
                (1..32).for_each(|index| libc::free(blocks.add(index).read()));
                (self.0 as *mut usize).write(0);
            }
        }
    }

    pub(super) fn at(address: usize) -> Block {
        Block(address)
    }
}

/// An entry of the table of modules.
#[derive(Clone, Copy)]
#[repr(C)]
struct Entry {
    /// The first entry: the mark of the loader's list of modules. The others: where the thread-locals are.
    counter: usize,
    /// Null if the thread-locals lie in the block, or have not been used.
    memory: *mut (),
}
