//! The functions and lines of addresses.
//!
//! A separate thread looks them up, with the stack size that the lookup needs. They are kept for the rest of the
//! process: there are as many as there are places in the program that lead to a wait.

use crate::base::actors::OwnedThread;
use crate::base::lock::lock;
#[cfg(feature = "symbols")]
use backtrace::{BytesOrWideString, Symbol};
use std::collections::{BTreeSet, HashMap};
#[cfg(unix)]
use std::ffi::CStr;
#[cfg(unix)]
use std::mem::MaybeUninit;
#[cfg(feature = "symbols")]
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Arc, LazyLock, Mutex, MutexGuard};
use std::thread;
use std::time::Duration;

/// A function at an address: one of several, if functions have been inlined.
#[derive(Debug, Clone)]
pub(crate) struct Function {
    /// `None` if the executable does not contain it.
    pub(crate) name: Option<String>,
    /// File, line and column, as far as known. For a function without a name, the module and the offset in it.
    pub(crate) place: Option<String>,
}

static KNOWN: LazyLock<Mutex<HashMap<usize, Arc<[Function]>>>> = LazyLock::new(Mutex::default);

fn known() -> MutexGuard<'static, HashMap<usize, Arc<[Function]>>> {
    lock(&KNOWN)
}

/// How long to wait for names.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Patience(pub(crate) Duration);

impl Patience {
    /// Looking up names takes a second in a large program with all its debug information. If it takes longer than this,
    /// something is wrong, such as a waiting thread that holds the lock of the symbols.
    pub(crate) const LONG: Patience = Patience(Duration::from_secs(10));
}

/// Lookups that continue although nothing waits for them any more.
struct Late {
    count: usize,
    /// The longest wait for one of them.
    waited: Duration,
}

static LATE: Mutex<Late> = Mutex::new(Late { count: 0, waited: Duration::ZERO });

fn late() -> MutexGuard<'static, Late> {
    lock(&LATE)
}

/// A lookup that runs. The flags are for the holder of the lock of [`LATE`].
#[derive(Default)]
struct Lookup {
    ended: AtomicBool,
    is_late: AtomicBool,
}

impl Lookup {
    fn is_given_up_after(&self, patience: Patience) {
        let mut late = late();
        if !self.ended.load(Relaxed) {
            self.is_late.store(true, Relaxed);
            late.count += 1;
            late.waited = late.waited.max(patience.0);
        }
    }
}

/// Ends a lookup when it is dropped.
struct Ends(Arc<Lookup>);

impl Drop for Ends {
    fn drop(&mut self) {
        let mut late = late();
        self.0.ended.store(true, Relaxed);
        if self.0.is_late.load(Relaxed) {
            late.count -= 1;
            if late.count == 0 {
                late.waited = Duration::ZERO;
            }
        }
    }
}

/// Makes sure that the functions at these addresses are known. False if that takes longer; it goes on then. Nor does it wait
/// while a lookup goes on that somebody has waited for as long: a report of many stacks waits once.
pub(crate) fn learn(addresses: impl IntoIterator<Item = usize>, patience: Patience) -> bool {
    let unknown: BTreeSet<usize> = {
        let known = known();
        addresses.into_iter().filter(|address| !known.contains_key(address)).collect()
    };
    if unknown.is_empty() {
        return true;
    }
    if late().count > 0 && late().waited >= patience.0 {
        return false;
    }
    let (done, is_done) = mpsc::channel::<()>();
    let lookup = Arc::new(Lookup::default());
    let ends = Ends(lookup.clone());
    let look_up = move || {
        let _owned = OwnedThread::new();
        let _ends = ends;
        for address in unknown {
            let functions = functions_at(address);
            known().insert(address, functions);
        }
        drop(done);
    };
    let thread = thread::Builder::new().name("gochan-symbols".to_owned()).stack_size(STACK).spawn(look_up);
    let is_known = thread.is_ok() && is_done.recv_timeout(patience.0) == Err(RecvTimeoutError::Disconnected);
    if !is_known {
        lookup.is_given_up_after(patience);
    }
    is_known
}

/// Address space, of which little is used.
const STACK: usize = 8 << 20;

/// The functions at an address, the innermost first, if they are known.
pub(crate) fn at(address: usize) -> Arc<[Function]> {
    known().get(&address).cloned().unwrap_or_else(|| Arc::new([unnamed(address)]))
}

#[cfg(not(feature = "symbols"))]
fn functions_at(address: usize) -> Arc<[Function]> {
    Arc::new([unnamed(address)])
}

#[cfg(feature = "symbols")]
fn functions_at(address: usize) -> Arc<[Function]> {
    let mut functions = Vec::new();
    // The address is a return address, one byte behind the call.
    let behind = address.wrapping_add(1) as *mut std::ffi::c_void;
    backtrace::resolve(behind, |symbol| functions.push(function(symbol)));
    if functions.iter().all(|function| function.name.is_none()) {
        functions = vec![unnamed(address)];
    }
    functions.into()
}

#[cfg(feature = "symbols")]
fn function(symbol: &Symbol) -> Function {
    let file = symbol.filename_raw().map(|file| match file {
        BytesOrWideString::Bytes(bytes) => PathBuf::from(String::from_utf8_lossy(bytes).into_owned()),
        BytesOrWideString::Wide(_) => PathBuf::new(),
    });
    let place = file.map(|file| {
        let mut place = shortened(&file).display().to_string();
        for number in [symbol.lineno(), symbol.colno()].into_iter().flatten() {
            place.push_str(&format!(":{number}"));
        }
        place
    });
    // Without the hash.
    Function { name: symbol.name().map(|name| format!("{name:#}")), place }
}

/// Files of the program relative to the working directory, and those of std relative to its source.
#[cfg(feature = "symbols")]
fn shortened(file: &Path) -> &Path {
    static HERE: LazyLock<Option<PathBuf>> = LazyLock::new(|| std::env::current_dir().ok());
    if let Some(rest) = file.strip_prefix("/rustc").ok().map(Path::components) {
        // After the hash of the version.
        let mut rest = rest;
        rest.next();
        return rest.as_path();
    }
    HERE.as_deref().and_then(|here| file.strip_prefix(here).ok()).unwrap_or(file)
}

#[cfg(not(unix))]
fn unnamed(address: usize) -> Function {
    Function { name: None, place: Some(format!("{address:#x}")) }
}

/// The form in which other tools can look up the function.
#[cfg(unix)]
fn unnamed(address: usize) -> Function {
    let mut info = MaybeUninit::<libc::Dl_info>::zeroed();
    // SAFETY: the answer is written to a local, zeroed before.
    let (found, info) = unsafe { (libc::dladdr(address as *const _, info.as_mut_ptr()), info.assume_init()) };
    let place = (found != 0 && !info.dli_fname.is_null()).then(|| {
        // SAFETY: the loader's name of a module that is loaded.
        let module = unsafe { CStr::from_ptr(info.dli_fname) }.to_string_lossy();
        format!("{module}+{:#x}", address.wrapping_sub(info.dli_fbase.addr()))
    });
    Function { name: None, place: place.or_else(|| Some(format!("{address:#x}"))) }
}

#[cfg(all(test, feature = "symbols", not(any(gochan_model, gochan_loom))))]
mod tests {
    use super::*;
    use std::time::Instant;

    #[test]
    fn what_has_been_waited_for_in_vain_is_not_waited_for_again() {
        let address = |function: fn()| function as usize;
        fn one() {
            std::hint::black_box(1);
        }
        fn another() {
            std::hint::black_box(2);
        }
        // The lock of the symbols is held during the callback.
        let (locked, is_locked) = mpsc::channel();
        let (free, is_free) = mpsc::channel::<()>();
        let resolve = move || {
            backtrace::resolve((one as fn() as usize + 1) as *mut _, |_| {
                let _ = locked.send(());
                let _ = is_free.recv();
            });
        };
        let holder = thread::spawn(resolve);
        is_locked.recv().unwrap();
        let patience = Patience(Duration::from_millis(500));
        assert!(!learn([address(one)], patience));
        let start = Instant::now();
        assert!(!learn([address(another)], patience));
        assert!(start.elapsed() < patience.0, "{:?}", start.elapsed());
        drop(free);
        holder.join().unwrap();
        while late().count > 0 {
            thread::yield_now();
        }
        assert!(learn([address(another)], Patience::LONG));
    }
}
