//! What glibc exports for its own parts and for debuggers: how to make a block, and where in its record of a thread is what.
//!
//! None of it is promised. So each is looked up by name, what it says is compared with what is seen, and `self_test` tries
//! the rest.

use std::ffi::{CStr, c_int, c_void};

/// One of the program's modules with thread-locals, as a range of offsets from the thread pointer.
#[derive(Debug, Clone, Copy)]
pub(super) struct Module {
    pub(super) start: isize,
    pub(super) end: isize,
    /// It is libc.
    is_libc: bool,
}

/// An entry of libc's table of the keys of `pthread_key_create`.
#[repr(C)]
pub(super) struct Key {
    pub(super) sequence: usize,
    pub(super) destructor: Option<unsafe extern "C" fn(*mut c_void)>,
}

type Allocate = unsafe extern "C" fn(*mut c_void) -> *mut c_void;
type Deallocate = unsafe extern "C" fn(*mut c_void, bool);

#[derive(Debug)]
pub(super) struct Glibc {
    /// Makes the table of modules of a block, and fills its thread-locals in.
    pub(super) allocate: Allocate,
    /// Frees the table, and with `false` not the block itself.
    pub(super) deallocate: Deallocate,
    /// Runs the destructors of the thread-locals of the block in use.
    pub(super) run_destructors: unsafe extern "C" fn(),
    pub(super) keys: *const Key,
    /// The size of the record of a thread, and the offsets in it.
    pub(super) record: usize,
    pub(super) list: usize,
    pub(super) tid: usize,
    /// 32 pointers to 32 values of keys each.
    pub(super) specific: usize,
    /// The area of restartable sequences: in the record, or since 2.41 below the thread-locals.
    pub(super) rseq: Option<isize>,
    /// The bytes below the thread pointer: the thread-locals, and a reserve for modules that are loaded later.
    pub(super) below: usize,
    pub(super) align: usize,
    /// The bytes in use of those below.
    pub(super) used: usize,
    pub(super) libc: (isize, isize),
}

// SAFETY: functions, and tables that are never freed.
unsafe impl Send for Glibc {}
// SAFETY: as above.
unsafe impl Sync for Glibc {}

fn symbol(name: &CStr) -> Result<*mut c_void, String> {
    // SAFETY: a look-up without side effects.
    let address = unsafe { libc::dlsym(libc::RTLD_DEFAULT, name.as_ptr()) };
    if address.is_null() {
        return Err(format!("this libc has no `{}`", name.to_string_lossy()));
    }
    Ok(address)
}

/// A number that libc exports for debuggers.
fn number(name: &CStr) -> Result<usize, String> {
    // SAFETY: all of these are constants of 32 bits.
    Ok(unsafe { symbol(name)?.cast::<u32>().read() } as usize)
}

/// The offset of a field of the record, as libc exports it for debuggers: its size in bits, how many there are, where.
fn field(name: &CStr, bytes: usize) -> Result<usize, String> {
    // SAFETY: all of these are constants of three words of 32 bits.
    let [bits, _, offset] = unsafe { symbol(name)?.cast::<[u32; 3]>().read() };
    if bits as usize != bytes * 8 {
        return Err(format!("this libc's `{}` has {bits} bits", name.to_string_lossy()));
    }
    Ok(offset as usize)
}

impl Glibc {
    pub(super) fn find() -> Result<Glibc, String> {
        type SizeAndAlignment = unsafe extern "C" fn(*mut usize, *mut usize);
        let (mut size, mut align) = (0, 0);
        let run_destructors = symbol(c"__call_tls_dtors")?;
        let record = number(c"_thread_db_sizeof_pthread")?;
        // SAFETY: the signatures are those of glibc since 2.34; both places are valid.
        let (allocate, deallocate) = unsafe {
            let static_info: SizeAndAlignment = std::mem::transmute(symbol(c"_dl_get_tls_static_info")?);
            static_info(&mut size, &mut align);
            (
                std::mem::transmute::<*mut c_void, Allocate>(symbol(c"_dl_allocate_tls")?),
                std::mem::transmute::<*mut c_void, Deallocate>(symbol(c"_dl_deallocate_tls")?),
            )
        };
        let modules = modules(run_destructors.addr());
        let base = super::base::read() as isize;
        let below = size
            .checked_sub(record)
            .filter(|below| *below < 1 << 20)
            .ok_or("thread-locals of a strange size")?;
        let libc = modules.iter().find(|module| module.is_libc).ok_or("libc has no thread-locals")?;
        // SAFETY: a constant of the size of a pointer, if it is there.
        let rseq = symbol(c"__rseq_offset")
            .ok()
            .map(|offset| unsafe { offset.cast::<isize>().read() })
            .filter(|offset| *offset != 0);
        let lowest = modules.iter().map(|module| module.start).chain(rseq).min().unwrap_or(0).min(0);
        if base == 0 || !align.is_power_of_two() || align > 4096 || lowest.unsigned_abs() > below {
            return Err("its thread-locals are not where they are expected".to_owned());
        }
        Ok(Glibc {
            allocate,
            deallocate,
            // SAFETY: as above.
            run_destructors: unsafe {
                std::mem::transmute::<*mut c_void, unsafe extern "C" fn()>(run_destructors)
            },
            keys: symbol(c"__pthread_keys")?.cast_const().cast(),
            record,
            list: field(c"_thread_db_pthread_list", 16)?,
            tid: field(c"_thread_db_pthread_tid", 4)?,
            specific: field(c"_thread_db_pthread_specific", 256)?,
            rseq,
            below,
            align,
            used: lowest.unsigned_abs().next_multiple_of(8),
            libc: (libc.start, libc.end),
        })
    }
}

/// The modules whose thread-locals lie at fixed places below the thread pointer.
fn modules(in_libc: usize) -> Vec<Module> {
    struct Search {
        in_libc: usize,
        base: usize,
        found: Vec<Module>,
    }
    unsafe extern "C" fn each(info: *mut libc::dl_phdr_info, _: usize, search: *mut c_void) -> c_int {
        // SAFETY: both come from the call below.
        let (info, search) = unsafe { (&*info, &mut *search.cast::<Search>()) };
        // SAFETY: the loader's table, which is valid during the call.
        let headers = unsafe { std::slice::from_raw_parts(info.dlpi_phdr, info.dlpi_phnum as usize) };
        let tls = headers.iter().find(|header| header.p_type == libc::PT_TLS);
        let place = info.dlpi_tls_data.addr();
        if let Some(tls) = tls
            && place != 0
            && place < search.base
            && search.base - place < 1 << 20
        {
            let is_libc = headers.iter().any(|header| {
                let start = (info.dlpi_addr + header.p_vaddr) as usize;
                header.p_type == libc::PT_LOAD
                    && (start..start + header.p_memsz as usize).contains(&search.in_libc)
            });
            let start = place as isize - search.base as isize;
            search.found.push(Module { start, end: start + tls.p_memsz as isize, is_libc });
        }
        0
    }
    let mut search = Search { in_libc, base: super::base::read(), found: Vec::new() };
    // SAFETY: `each` fits, and `search` outlives the call.
    unsafe { libc::dl_iterate_phdr(Some(each), (&raw mut search).cast()) };
    search.found
}
