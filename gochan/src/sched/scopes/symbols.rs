//! Which functions of the executable are scopes of a thread: by their names in its symbol table.

use std::backtrace::Backtrace;
use std::sync::OnceLock;

/// A kind of scope: an index into [`KINDS`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Scope(u8);

struct Kind {
    /// All of these are in the name of the function, as the compiler has mangled it.
    name: &'static [&'static str],
    inside: &'static str,
    remedy: &'static str,
}

const INITIALISER: u8 = 0;

/// What a report says of a scope.
pub(super) struct Description {
    pub(super) inside: String,
    pub(super) remedy: &'static str,
}

const COMPUTE_BEFORE: &str = "wait before the value is needed, and initialise it from what is there already";
const LEAVE_BEFORE: &str = "leave it before anything that waits, or take out of it what is to be waited for";

const KINDS: [Kind; 10] = [
    Kind {
        name: &["get_or_init_slow"],
        inside: "in the initialiser of a thread-local",
        remedy: COMPUTE_BEFORE,
    },
    Kind {
        name: &["thread_local", "ThreadLocal", "get_or"],
        inside: "in the initialiser of a `ThreadLocal`",
        remedy: COMPUTE_BEFORE,
    },
    Kind {
        name: &["scoped_tls", "ScopedKey", "3set"],
        inside: "inside `scoped_tls::ScopedKey::set`",
        remedy: LEAVE_BEFORE,
    },
    Kind {
        name: &["critical_section", "4with"],
        inside: "inside `critical_section::with`",
        remedy: LEAVE_BEFORE,
    },
    Kind {
        name: &["second_stack", "buffer"],
        inside: "inside a buffer of `second_stack`",
        remedy: LEAVE_BEFORE,
    },
    Kind {
        name: &["second_stack", "uninit"],
        inside: "inside a slice of `second_stack`",
        remedy: LEAVE_BEFORE,
    },
    Kind { name: &["pyo3", "Python", "with_gil"], inside: "inside `Python::with_gil`", remedy: LEAVE_BEFORE },
    Kind { name: &["pyo3", "Python", "6attach"], inside: "inside `Python::attach`", remedy: LEAVE_BEFORE },
    Kind {
        name: &["tokio", "runtime", "enter_runtime"],
        inside: "inside `block_on` of tokio",
        remedy: "await the asynchronous form (`recv_async`, `send_async`, `Select::wait_async`) in the future",
    },
    Kind {
        name: &["futures_executor", "run_executor"],
        inside: "inside `block_on` of futures",
        remedy: "await the asynchronous form (`recv_async`, `send_async`, `Select::wait_async`) in the future",
    },
];

/// What to say of `scope`, which is on the stack of the caller. Finding the name of a thread-local takes long.
pub(super) fn describe(scope: Scope) -> Description {
    let kind = &KINDS[usize::from(scope.0)];
    let mut inside = kind.inside.to_owned();
    if scope.0 == INITIALISER
        && let Some(name) = thread_local_in(&Backtrace::force_capture().to_string())
    {
        inside = format!("in the initialiser of the thread-local `{name}`");
    }
    Description { inside, remedy: kind.remedy }
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

/// The functions of the executable that are scopes, by their addresses.
#[derive(Debug)]
pub(super) struct Symbols {
    /// Begin, end, kind; in order.
    functions: Vec<(usize, usize, Scope)>,
}

/// Read by the first call. None: the executable has no names.
pub(super) fn get() -> Option<&'static Symbols> {
    static SYMBOLS: OnceLock<Option<Symbols>> = OnceLock::new();
    SYMBOLS.get_or_init(read).as_ref()
}

impl Symbols {
    pub(super) fn scope_of(&self, address: usize) -> Option<Scope> {
        let before = self.functions.partition_point(|&(begin, ..)| begin <= address);
        let &(_, end, scope) = self.functions.get(before.checked_sub(1)?)?;
        (address < end).then_some(scope)
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
    let base = elf::base();
    let mut functions: Vec<_> = table
        .functions()
        .filter_map(|(name, value, size)| {
            let index = wanted.binary_search_by_key(&name, |&(offset, _)| offset).ok()?;
            let begin = base.wrapping_add(value);
            Some((begin, begin + size, wanted[index].1))
        })
        .collect();
    functions.sort_unstable_by_key(|&(begin, ..)| begin);
    Some(Symbols { functions })
}

/// Where in the table of names those of scopes begin, in order.
#[cfg(all(target_os = "linux", target_pointer_width = "64", target_endian = "little"))]
fn wanted_names(names: &[u8]) -> Vec<(usize, Scope)> {
    let mut wanted = Vec::new();
    for (kind, index) in KINDS.iter().zip(0..) {
        // The rarest part of the name is its last.
        let part = kind.name.last().expect("each kind has a name");
        let mut at = 0;
        while let Some(found) = find(&names[at..], part) {
            let begin = names[..at + found].iter().rposition(|&byte| byte == 0).map_or(0, |zero| zero + 1);
            let end = find(&names[at + found..], "\0").map_or(names.len(), |length| at + found + length);
            if kind.name.iter().all(|part| find(&names[begin..end], part).is_some()) {
                wanted.push((begin, Scope(index)));
            }
            at = end;
        }
    }
    wanted.sort_unstable_by_key(|&(begin, _)| begin);
    wanted.dedup_by_key(|&mut (begin, _)| begin);
    wanted
}

/// Where `part` begins. By the C library, which is as fast in unoptimised builds.
#[cfg(all(target_os = "linux", target_pointer_width = "64", target_endian = "little"))]
fn find(bytes: &[u8], part: &str) -> Option<usize> {
    // SAFETY: both are valid for their lengths.
    let found = unsafe { libc::memmem(bytes.as_ptr().cast(), bytes.len(), part.as_ptr().cast(), part.len()) };
    (!found.is_null()).then(|| found.addr() - bytes.as_ptr().addr())
}

/// As much of the executable's format as it takes to find its symbol table.
#[cfg(all(target_os = "linux", target_pointer_width = "64", target_endian = "little"))]
mod elf {
    use std::fs::File;
    use std::os::unix::fs::FileExt;

    const SECTION_SYMTAB: u32 = 2;
    const TYPE_FUNCTION: u8 = 2;
    const SYMBOL_BYTES: usize = 24;

    pub(super) struct SymbolTable {
        symbols: Vec<u8>,
        pub(super) names: Vec<u8>,
    }

    fn number<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
        bytes.get(at..at + N)?.try_into().ok()
    }

    fn word(bytes: &[u8], at: usize) -> Option<u64> {
        number(bytes, at).map(u64::from_le_bytes)
    }

    fn half(bytes: &[u8], at: usize) -> Option<u32> {
        number(bytes, at).map(u32::from_le_bytes)
    }

    fn quarter(bytes: &[u8], at: usize) -> Option<u16> {
        number(bytes, at).map(u16::from_le_bytes)
    }

    fn part(file: &File, at: u64, length: u64) -> Option<Vec<u8>> {
        let mut bytes = vec![0; usize::try_from(length).ok()?];
        file.read_exact_at(&mut bytes, at).ok()?;
        Some(bytes)
    }

    pub(super) fn symbol_table(file: &File) -> Option<SymbolTable> {
        let header = part(file, 0, 64)?;
        if !header.starts_with(b"\x7fELF\x02\x01") {
            return None;
        }
        let (at, size, count) = (word(&header, 40)?, quarter(&header, 58)?, quarter(&header, 60)?);
        let sections = part(file, at, u64::from(size) * u64::from(count))?;
        let sections: Vec<&[u8]> = sections.chunks_exact(usize::from(size).max(1)).collect();
        let contents = |section: &[u8]| part(file, word(section, 24)?, word(section, 32)?);
        let table = sections.iter().find(|section| half(section, 4) == Some(SECTION_SYMTAB))?;
        let names = sections.get(half(table, 40)? as usize)?;
        Some(SymbolTable { symbols: contents(table)?, names: contents(names)? })
    }

    impl SymbolTable {
        /// Where its name begins, its address in the file, and its size, for each function.
        pub(super) fn functions(&self) -> impl Iterator<Item = (usize, usize, usize)> {
            self.symbols.chunks_exact(SYMBOL_BYTES).filter_map(|symbol| {
                let is_function = symbol[4] & 0xf == TYPE_FUNCTION;
                let (name, value, size) = (half(symbol, 0)?, word(symbol, 8)?, word(symbol, 16)?);
                (is_function && size > 0).then_some((name as usize, value as usize, size as usize))
            })
        }
    }

    /// What is to be added to an address in the file: where the executable has been loaded.
    pub(super) fn base() -> usize {
        extern "C" fn first(
            info: *mut libc::dl_phdr_info,
            _: libc::size_t,
            base: *mut libc::c_void,
        ) -> libc::c_int {
            // SAFETY: the loader passes a valid description, and `base` is the place below. The executable comes first.
            unsafe { *base.cast::<usize>() = (*info).dlpi_addr as usize };
            1
        }
        let mut base = 0_usize;
        // SAFETY: the callback gets the pointer that it expects.
        unsafe { libc::dl_iterate_phdr(Some(first), (&raw mut base).cast()) };
        base
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_initialiser_of_a_thread_local_is_found_by_its_address_and_name() {
        thread_local!(static HERE: (Option<Scope>, Option<String>) = {
            let mut scope = None;
            let symbols = get().expect("a test is not stripped");
            crate::stack::walk::frames(0..usize::MAX, |address| {
                scope = symbols.scope_of(address);
                scope.is_none()
            });
            (scope, scope.map(|scope| describe(scope).inside))
        });
        HERE.with(|(scope, inside)| {
            assert_eq!(*scope, Some(Scope(INITIALISER)));
            let inside = inside.as_deref().unwrap();
            assert!(inside.contains("the thread-local `gochan::sched::scopes::symbols::tests::"), "{inside}");
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
