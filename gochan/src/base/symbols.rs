//! Finds the functions of the executable that are scopes of a thread, by their names in its symbol table.

#[cfg(all(target_os = "linux", target_pointer_width = "64", target_endian = "little"))]
mod elf;
#[cfg(all(target_os = "linux", target_pointer_width = "64", target_endian = "little"))]
mod inlined;

use std::sync::OnceLock;

/// A kind of scope: an index into [`KINDS`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ThreadScope(u8);

struct ScopeKind {
    /// All of these are part of the function's mangled name.
    #[allow(dead_code, reason = "symbols are not read on all systems")]
    name: &'static [&'static str],
    inside: &'static str,
    remedy: &'static str,
}

const INITIALISER: u8 = 0;

/// The description of a scope in a report.
pub(crate) struct Description {
    pub(crate) inside: String,
    pub(crate) remedy: &'static str,
}

const COMPUTE_BEFORE: &str = "wait before the value is needed, and initialise it from what is there already";
const LEAVE_BEFORE: &str = "leave it before anything that waits, or take out of it what is to be waited for";

const AWAIT: &str =
    "await the asynchronous form (`recv_async`, `send_async`, `Select::wait_async`) in the future";

const KINDS: [ScopeKind; 13] = [
    ScopeKind {
        name: &["thread_local", "lazy", "get_or_init"],
        inside: "in the initialiser of a thread-local",
        remedy: COMPUTE_BEFORE,
    },
    ScopeKind {
        name: &["thread_local", "ThreadLocal", "get_or"],
        inside: "in the initialiser of a `ThreadLocal`",
        remedy: COMPUTE_BEFORE,
    },
    ScopeKind {
        name: &["scoped_tls", "ScopedKey", "3set"],
        inside: "inside `scoped_tls::ScopedKey::set`",
        remedy: LEAVE_BEFORE,
    },
    ScopeKind {
        name: &["critical_section", "4with"],
        inside: "inside `critical_section::with`",
        remedy: LEAVE_BEFORE,
    },
    ScopeKind {
        name: &["second_stack", "buffer"],
        inside: "inside a buffer of `second_stack`",
        remedy: LEAVE_BEFORE,
    },
    ScopeKind {
        name: &["second_stack", "uninit"],
        inside: "inside a slice of `second_stack`",
        remedy: LEAVE_BEFORE,
    },
    ScopeKind {
        name: &["pyo3", "Python", "with_gil"],
        inside: "inside `Python::with_gil`",
        remedy: LEAVE_BEFORE,
    },
    ScopeKind {
        name: &["pyo3", "Python", "6attach"],
        inside: "inside `Python::attach`",
        remedy: LEAVE_BEFORE,
    },
    ScopeKind {
        name: &["pyo3", "Python", "try_attach"],
        inside: "inside `Python::try_attach`",
        remedy: LEAVE_BEFORE,
    },
    ScopeKind {
        name: &["jni", "JavaVM", "attach_current_thread"],
        inside: "inside `JavaVM::attach_current_thread`",
        remedy: LEAVE_BEFORE,
    },
    ScopeKind {
        name: &["tokio", "runtime", "enter_runtime"],
        inside: "inside `block_on` of tokio",
        remedy: AWAIT,
    },
    ScopeKind {
        name: &["gochan", "tokio", "in_context"],
        inside: "inside a poll of `gochan::tokio::block_on`",
        remedy: AWAIT,
    },
    ScopeKind {
        name: &["futures_executor", "run_executor"],
        inside: "inside `block_on` of futures",
        remedy: AWAIT,
    },
];

/// What to say of `scope`, which is on the printed stack.
pub(crate) fn describe(scope: ThreadScope, stack: &str) -> Description {
    let kind = &KINDS[usize::from(scope.0)];
    let mut inside = kind.inside.to_owned();
    if scope.0 == INITIALISER
        && let Some(name) = thread_local_in(stack)
    {
        inside = format!("in the initialiser of the thread-local `{name}`");
    }
    Description { inside, remedy: kind.remedy }
}

/// What to do instead of waiting inside of `scope`.
pub(crate) fn remedy(scope: ThreadScope) -> &'static str {
    KINDS[usize::from(scope.0)].remedy
}

/// The name of the innermost thread-local whose initialiser is on a printed stack.
fn thread_local_in(stack: &str) -> Option<String> {
    stack.lines().find_map(|line| {
        let line = line.trim();
        let symbol = line.split_once(": ").map_or(line, |(_, symbol)| symbol);
        ["::__rust_std_internal_init_fn", "::__init"].iter().find_map(|suffix| {
            let (path, _) = symbol.split_once(suffix)?;
            Some(path.to_owned())
        })
    })
}

/// Where the innermost function of a printed stack is that belongs neither to this crate nor to std: file, line and column.
pub(crate) fn place_in(stack: &str) -> Option<String> {
    const NOT_THE_CALLERS: [&str; 5] = ["gochan::", "std::", "core::", "alloc::", "backtrace::"];
    let mut lines = stack.lines().map(str::trim);
    lines.find(|line| {
        let symbol = line.split_once(": ").map_or("", |(_, symbol)| symbol).trim_start_matches(['<', '&']);
        !symbol.is_empty() && !NOT_THE_CALLERS.iter().any(|path| symbol.starts_with(path))
    })?;
    let place = lines.next()?.strip_prefix("at ")?;
    Some(place.trim_start_matches("./").to_owned())
}

/// The functions of the executable that are scopes, by their addresses.
#[derive(Debug)]
pub(crate) struct Symbols {
    /// Begin, end and kind, in order.
    functions: Vec<(usize, usize, ThreadScope)>,
    /// Parts of functions that a tool has moved elsewhere: begin and end. They do not show what the whole contains.
    parts: Vec<(usize, usize)>,
    #[cfg(all(target_os = "linux", target_pointer_width = "64", target_endian = "little"))]
    accesses: Option<inlined::Accesses>,
}

/// Read by the first call. `None` if the executable has no names.
pub(crate) fn get() -> Option<&'static Symbols> {
    static SYMBOLS: OnceLock<Option<Symbols>> = OnceLock::new();
    SYMBOLS.get_or_init(read).as_ref()
}

impl Symbols {
    pub(crate) fn scope_of(&self, address: usize) -> Option<ThreadScope> {
        let before = self.functions.partition_point(|&(begin, ..)| begin <= address);
        let &(_, end, scope) = self.functions.get(before.checked_sub(1)?)?;
        (address < end).then_some(scope)
    }

    /// True if it can be told whether functions may contain an initialiser that has been inlined.
    pub(crate) fn shows_inlined(&self) -> bool {
        #[cfg(all(target_os = "linux", target_pointer_width = "64", target_endian = "little"))]
        return self.accesses.is_some();
        #[cfg(not(all(target_os = "linux", target_pointer_width = "64", target_endian = "little")))]
        false
    }

    /// False if the function at an address is certain to be outside of any initialiser that has been inlined into it.
    pub(crate) fn may_be_inside_inlined(&self, address: usize) -> bool {
        // With AddressSanitizer functions refer to their locals by numbers that look like offsets of thread-locals. All would be
        // under suspicion, and no loop of polls would end its turn.
        if cfg!(gochan_asan) {
            return false;
        }
        if self.parts.iter().any(|&(begin, end)| (begin..end).contains(&address)) {
            return true;
        }
        #[cfg(all(target_os = "linux", target_pointer_width = "64", target_endian = "little"))]
        return self.accesses.as_ref().is_none_or(|accesses| accesses.may_be_made_at(address));
        #[cfg(not(all(target_os = "linux", target_pointer_width = "64", target_endian = "little")))]
        true
    }
}

#[cfg(not(all(target_os = "linux", target_pointer_width = "64", target_endian = "little")))]
fn read() -> Option<Symbols> {
    None
}

#[cfg(all(target_os = "linux", target_pointer_width = "64", target_endian = "little"))]
fn read() -> Option<Symbols> {
    let table = elf::symbol_table(&std::fs::File::open("/proc/self/exe").ok()?)?;
    let wanted = wanted_names(&table.names);
    let (parts_wanted, witness_wanted) =
        (names_with(&table.names, &[".cold"]), names_with(&table.names, &["symbols", inlined::WITNESS]));
    let base = elf::base();
    let (mut functions, mut parts, mut witnesses) = (Vec::new(), Vec::new(), Vec::new());
    table.functions(|symbol| {
        let begin = base.wrapping_add(symbol.value);
        if let Ok(index) = wanted.binary_search_by_key(&symbol.name, |&(offset, _)| offset) {
            functions.push((begin, begin + symbol.size, wanted[index].1));
        } else if parts_wanted.binary_search(&symbol.name).is_ok() {
            parts.push((begin, begin + symbol.size));
        } else if witness_wanted.binary_search(&symbol.name).is_ok() {
            witnesses.push(symbol);
        }
    });
    functions.sort_unstable_by_key(|&(begin, ..)| begin);
    let accesses = inlined::Accesses::read(&table, base, &witnesses);
    Some(Symbols { functions, parts, accesses })
}

/// The positions of the names of scopes in the table of names, in order.
#[cfg(all(target_os = "linux", target_pointer_width = "64", target_endian = "little"))]
fn wanted_names(names: &[u8]) -> Vec<(usize, ThreadScope)> {
    let kinds = KINDS.iter().zip(0..);
    let of_kind = |(kind, index): (&ScopeKind, u8)| {
        names_with(names, kind.name).into_iter().map(move |begin| (begin, ThreadScope(index)))
    };
    let mut wanted: Vec<_> = kinds.flat_map(of_kind).collect();
    wanted.sort_unstable_by_key(|&(begin, _)| begin);
    wanted.dedup_by_key(|&mut (begin, _)| begin);
    wanted
}

/// The positions of the names that contain all of `parts`, in order.
#[cfg(all(target_os = "linux", target_pointer_width = "64", target_endian = "little"))]
fn names_with(names: &[u8], parts: &[&str]) -> Vec<usize> {
    let mut wanted = Vec::new();
    // The last part of the name is the rarest.
    let part = parts.last().expect("a name has parts");
    let mut at = 0;
    while let Some(found) = find(&names[at..], part.as_bytes()) {
        let begin = names[..at + found].iter().rposition(|&byte| byte == 0).map_or(0, |zero| zero + 1);
        let end = find(&names[at + found..], b"\0").map_or(names.len(), |length| at + found + length);
        if has_all(&names[begin..end], parts) {
            wanted.push(begin);
        }
        at = end;
    }
    wanted
}

#[cfg(all(target_os = "linux", target_pointer_width = "64", target_endian = "little"))]
fn has_all(name: &[u8], parts: &[&str]) -> bool {
    parts.iter().all(|part| find(name, part.as_bytes()).is_some())
}

/// The position of `part`. It uses the C library, which is as fast in unoptimised builds.
#[cfg(all(target_os = "linux", target_pointer_width = "64", target_endian = "little"))]
fn find(bytes: &[u8], part: &[u8]) -> Option<usize> {
    // SAFETY: both are valid for their lengths.
    let found = unsafe { libc::memmem(bytes.as_ptr().cast(), bytes.len(), part.as_ptr().cast(), part.len()) };
    (!found.is_null()).then(|| found.addr() - bytes.as_ptr().addr())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_initialiser_of_a_thread_local_is_found_by_its_address_and_name() {
        thread_local!(static HERE: (Option<ThreadScope>, Option<String>) = {
            let mut scope = None;
            let symbols = get().expect("a test is not stripped");
            crate::stack::walk::frames(0..usize::MAX, |address| {
                scope = symbols.scope_of(address);
                scope.is_none()
            });
            let stack = std::backtrace::Backtrace::force_capture().to_string();
            (scope, scope.map(|scope| describe(scope, &stack).inside))
        });
        HERE.with(|(scope, inside)| {
            assert_eq!(*scope, Some(ThreadScope(INITIALISER)));
            let inside = inside.as_deref().unwrap();
            assert!(inside.contains("the thread-local `gochan::base::symbols::tests::"), "{inside}");
            assert!(inside.ends_with("::HERE`"), "{inside}");
        });
    }

    #[test]
    fn outside_of_any_scope_nothing_is_found() {
        let symbols = get().expect("a test is not stripped");
        let mut found = 0;
        crate::stack::walk::frames(0..usize::MAX, |address| {
            found += usize::from(symbols.scope_of(address).is_some());
            true
        });
        assert_eq!(found, 0);
    }
}
