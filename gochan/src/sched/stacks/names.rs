//! The functions and lines behind addresses.
//!
//! They are looked up by a thread of its own, which has the stack that this takes, and kept for the rest of the process:
//! there are as many as there are places in the program that lead to a wait.

use crate::sched::outside::OwnedThread;
use backtrace::{BytesOrWideString, Symbol};
use std::collections::{BTreeSet, HashMap};
use std::ffi::CStr;
use std::mem::MaybeUninit;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

/// A function at an address: one of several, if they have been inlined.
#[derive(Debug, Clone)]
pub(super) struct Function {
    /// None: the executable does not tell.
    pub(super) name: Option<String>,
    /// File, line and column, as far as they are known. Of a function without a name, the module and the place in it.
    pub(super) place: Option<String>,
}

static KNOWN: LazyLock<Mutex<HashMap<usize, Arc<[Function]>>>> = LazyLock::new(Mutex::default);

fn known() -> MutexGuard<'static, HashMap<usize, Arc<[Function]>>> {
    KNOWN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// How long to wait for names.
#[derive(Debug, Clone, Copy)]
pub(in crate::sched) struct Patience(pub(in crate::sched) Duration);

impl Patience {
    /// To look up names takes a second in a large program with all its debug information. After this something is wrong: as
    /// if a thread that waits has the lock of the symbols.
    pub(in crate::sched) const LONG: Patience = Patience(Duration::from_secs(10));
}

/// Makes sure that the functions at these addresses are known. False if that takes longer; it goes on then.
pub(in crate::sched) fn learn(addresses: impl IntoIterator<Item = usize>, patience: Patience) -> bool {
    let unknown: BTreeSet<usize> = {
        let known = known();
        addresses.into_iter().filter(|address| !known.contains_key(address)).collect()
    };
    if unknown.is_empty() {
        return true;
    }
    let (done, is_done) = mpsc::channel::<()>();
    let look_up = move || {
        let _owned = OwnedThread::new();
        for address in unknown {
            let functions = functions_at(address);
            known().insert(address, functions);
        }
        drop(done);
    };
    let thread = thread::Builder::new().name("gochan-symbols".to_owned()).stack_size(STACK).spawn(look_up);
    thread.is_ok() && is_done.recv_timeout(patience.0) == Err(RecvTimeoutError::Disconnected)
}

/// Address space, of which little is used.
const STACK: usize = 8 << 20;

/// The functions at an address, the innermost first, if they are known.
pub(super) fn at(address: usize) -> Arc<[Function]> {
    known().get(&address).cloned().unwrap_or_else(|| Arc::new([unnamed(address)]))
}

fn functions_at(address: usize) -> Arc<[Function]> {
    let mut functions = Vec::new();
    // What is asked for is a return address, one byte behind.
    let behind = address.wrapping_add(1) as *mut std::ffi::c_void;
    backtrace::resolve(behind, |symbol| functions.push(function(symbol)));
    if functions.iter().all(|function| function.name.is_none()) {
        functions = vec![unnamed(address)];
    }
    functions.into()
}

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

/// Files of the program by where they are below the working directory, those of std by where they are in its source.
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

/// What other tools can find the function by.
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
