//! As much of the format of an executable as is needed to find its symbols.

use std::fs::File;
use std::ops::Range;
use std::os::unix::fs::FileExt;

const SECTION_SYMTAB: u32 = 2;
const SEGMENT_LOADED: u32 = 1;
const SEGMENT_THREAD_LOCALS: u32 = 7;
const EXECUTABLE: u32 = 1;
const TYPE_FUNCTION: u8 = 2;
const TYPE_THREAD_LOCAL: u8 = 6;

pub(crate) struct SymbolTable {
    symbols: Vec<u8>,
    pub(crate) names: Vec<u8>,
    /// The size of the thread-locals that the executable has, up to the thread pointer.
    #[cfg_attr(
        not(target_arch = "x86_64"),
        expect(dead_code, reason = "other processors have another layout")
    )]
    thread_locals: i64,
    /// Where the code is, in the file's addresses.
    code: Range<usize>,
}

/// A function or a thread-local.
pub(crate) struct Symbol {
    /// The start of its name in the names.
    pub(crate) name: usize,
    /// Its address in the file, or for a thread-local its offset.
    pub(crate) value: usize,
    pub(crate) size: usize,
    /// It is in this file.
    is_defined: bool,
}

/// A symbol as the format has it.
#[derive(Clone, Copy)]
#[repr(C)]
struct Entry {
    name: u32,
    info: u8,
    _visibility: u8,
    section: u16,
    value: u64,
    size: u64,
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

pub(crate) fn symbol_table(file: &File) -> Option<SymbolTable> {
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
    let (at, size, count) = (word(&header, 32)?, quarter(&header, 54)?, quarter(&header, 56)?);
    let segments = part(file, at, u64::from(size) * u64::from(count))?;
    let (mut thread_locals, mut code) = (0, None::<Range<usize>>);
    for segment in segments.chunks_exact(usize::from(size).max(1)) {
        let (begin, length, align) = (word(segment, 16)?, word(segment, 40)?, word(segment, 48)?.max(1));
        match half(segment, 0)? {
            SEGMENT_THREAD_LOCALS => thread_locals = length.next_multiple_of(align) as i64,
            SEGMENT_LOADED if half(segment, 4)? & EXECUTABLE != 0 => {
                let (begin, end) = (begin as usize, (begin + length) as usize);
                code = Some(code.map_or(begin..end, |code| code.start.min(begin)..code.end.max(end)));
            }
            _ => {}
        }
    }
    Some(SymbolTable { symbols: contents(table)?, names: contents(names)?, thread_locals, code: code? })
}

impl SymbolTable {
    /// Calls `visit` with each function that has code.
    pub(crate) fn functions(&self, mut visit: impl FnMut(Symbol)) {
        self.each(TYPE_FUNCTION, |symbol| {
            if symbol.size > 0 {
                visit(symbol);
            }
        });
    }

    pub(crate) fn thread_locals(&self) -> Vec<Symbol> {
        let mut found = Vec::new();
        self.each(TYPE_THREAD_LOCAL, |symbol| found.push(symbol));
        found
    }

    /// Every test does this when it starts, mostly in an unoptimised build, where an iterator over the bytes takes ten times
    /// as long.
    fn each(&self, kind: u8, mut visit: impl FnMut(Symbol)) {
        let entries = self.symbols.as_ptr().cast::<Entry>();
        let mut index = 0;
        while index < self.symbols.len() / size_of::<Entry>() {
            // SAFETY: so many lie in the vector, and any bytes are an entry.
            let entry = unsafe { entries.add(index).read_unaligned() };
            if entry.info & 0xf == kind {
                visit(Symbol {
                    name: entry.name as usize,
                    value: entry.value as usize,
                    size: entry.size as usize,
                    is_defined: entry.section != 0,
                });
            }
            index += 1;
        }
    }

    pub(crate) fn name(&self, symbol: &Symbol) -> &[u8] {
        let rest = self.names.get(symbol.name..).unwrap_or_default();
        rest.split(|&byte| byte == 0).next().unwrap_or_default()
    }

    /// The addresses of the code in memory.
    pub(crate) fn code(&self, base: usize) -> Range<usize> {
        base.wrapping_add(self.code.start)..base.wrapping_add(self.code.end)
    }

    /// The offsets from the thread pointer by which instructions refer to the bytes of a thread-local.
    #[cfg(target_arch = "x86_64")]
    pub(crate) fn offsets(&self, symbol: &Symbol) -> Option<Range<i32>> {
        if !symbol.is_defined || symbol.size == 0 {
            return None;
        }
        let offset = i32::try_from(i64::try_from(symbol.value).ok()? - self.thread_locals).ok()?;
        Some(offset..offset.checked_add_unsigned(u32::try_from(symbol.size).ok()?)?)
    }

    /// Unknown on this processor, whose instructions have the offsets in parts.
    #[cfg(not(target_arch = "x86_64"))]
    pub(crate) fn offsets(&self, _symbol: &Symbol) -> Option<Range<i32>> {
        None
    }
}

/// The difference between addresses in memory and in the file, which depends on where the executable was loaded.
pub(crate) fn base() -> usize {
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
