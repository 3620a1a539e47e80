//! Which functions of the executable may contain the initialiser of a thread-local without its name.
//!
//! An optimised build may inline the initialiser of a thread-local into a function that uses it. No name tells. But such a
//! function accesses the thread-local itself, to see whether it has a value and to give it one. On x86-64 the linker puts the
//! offset of a thread-local of the executable into the instruction, as four bytes. So a function is above suspicion if
//! nowhere in its code four bytes have a value that is such an offset. By chance a few others have one.
//!
//! The thread-locals of std and of this crate have initialisers that poll nothing, and do not count.

use super::elf::{Symbol, SymbolTable};
use super::find;
use crate::base::lock::lock;
use crate::stack::walk;
use std::cell::Cell;
use std::collections::HashMap;
use std::ops::Range;
use std::sync::Mutex;

/// The functions of the executable, and whether they may access its thread-locals.
#[derive(Debug)]
pub(crate) struct Accesses {
    /// Where the code of the executable is.
    code: Range<usize>,
    /// The offsets of the thread-locals that count.
    offsets: Vec<Range<i32>>,
    /// By the address of the code.
    known: Mutex<HashMap<usize, bool>>,
}

impl Accesses {
    /// None: it cannot be told. `witnesses` are the functions with the name of [`witness`], by address in the file and size.
    pub(crate) fn read(table: &SymbolTable, base: usize, witnesses: &[Symbol]) -> Option<Accesses> {
        let (mut offsets, mut of_witness) = (Vec::new(), None);
        for symbol in table.thread_locals() {
            let name = table.name(&symbol);
            if name == b"_TLS_MODULE_BASE_" {
                continue;
            }
            let range = table.offsets(&symbol)?;
            if !is_harmless(name) {
                offsets.push(range);
            } else if find(name, WITNESS.as_bytes()).is_some() {
                of_witness = Some(range);
            }
        }
        // The rule is tested with a thread-local and a function that accesses it.
        let of_witness = [of_witness?];
        witness();
        let is_seen = witnesses.iter().any(|function| {
            walk::code_at(base.wrapping_add(function.value)).is_some_and(|code| has_offset(code, &of_witness))
        });
        is_seen.then(|| Accesses { code: table.code(base), offsets, known: Mutex::default() })
    }

    /// False if the function at an address is certain to access no thread-local that counts.
    pub(crate) fn may_be_made_at(&self, address: usize) -> bool {
        if !self.code.contains(&address) {
            return true;
        }
        if self.offsets.is_empty() {
            return false;
        }
        let Some(code) = walk::code_at(address) else { return true };
        *lock(&self.known).entry(code.as_ptr().addr()).or_insert_with(|| has_offset(code, &self.offsets))
    }
}

/// Part of the names of [`witness`] and its thread-local.
pub(super) const WITNESS: &str = "7witness";

/// A function that accesses a thread-local.
#[inline(never)]
fn witness() {
    thread_local!(static IS_CALLED: Cell<bool> = const { Cell::new(false) });
    IS_CALLED.with(|is_called| std::hint::black_box(is_called).set(true));
}

fn has_offset(code: &[u8], offsets: &[Range<i32>]) -> bool {
    let least = offsets.iter().map(|range| range.start).min().unwrap_or(0);
    // The upper half of a small negative number.
    let part: &[u8] = if least >= -(1 << 16) { &[0xff, 0xff] } else { &[0xff] };
    let mut at = 4 - part.len();
    while let Some(found) = code.get(at..).and_then(|code| find(code, part)) {
        let begin = at + found + part.len() - 4;
        let value = i32::from_le_bytes([code[begin], code[begin + 1], code[begin + 2], code[begin + 3]]);
        if offsets.iter().any(|range| range.contains(&value)) && !is_of_jump(&code[..begin]) {
            return true;
        }
        at += found + 1;
    }
    false
}

/// True if the four bytes after these are the distance of a jump or a call, and part of nothing else. In an instruction that
/// refers to memory or has a number, the byte before them says which registers it uses, or is its operation. Short jumps
/// backwards have the same values as the offsets.
fn is_of_jump(before: &[u8]) -> bool {
    match *before {
        // A jump on a condition. Nothing else has an operation 0F and then registers.
        [.., 0x0f, 0x80..=0x8f] => true,
        // A call or a jump, unless the byte before it is an operation that takes a number, or begins a pair of registers.
        [.., first, 0xe8 | 0xe9] => !matches!(first, 0x69 | 0x81) && first & 0xc7 != 0x84,
        _ => false,
    }
}

/// True for the mangled name of a thread-local of std or of this crate.
fn is_harmless(name: &[u8]) -> bool {
    const CRATES: [&[u8]; 2] = [b"3std", b"6gochan"];
    let root = match name {
        [b'_', b'Z', b'N', root @ ..] => root,
        // In the newer scheme the crate comes after the kinds of the items in it, with a hash.
        [b'_', b'R', rest @ ..] => {
            let Some(at) = rest.windows(2).position(|two| two == b"Cs") else { return false };
            let Some(end) = rest[at..].iter().position(|&byte| byte == b'_') else { return false };
            &rest[at + end + 1..]
        }
        _ => return false,
    };
    CRATES.iter().any(|name| root.starts_with(name))
}

#[cfg(test)]
#[allow(clippy::single_range_in_vec_init, reason = "the offsets of one thread-local")]
mod tests {
    use super::*;

    #[test]
    fn the_crate_of_a_thread_local_is_told_by_its_name() {
        for name in [
            "_ZN3std4hash6random11RandomState3new4KEYS29_$u7b$$u7b$constant$u7d$$u7d$17h0123E",
            "_ZN6gochan5sched4here7CURRENT17h0123E",
            "_RNvNCNkNvNvMs2_NtCsjrHSEGnQ3l9_3std4sync4mpmc7CONTEXT0s_023___RUST_STD_INTERNAL_VAL",
        ] {
            assert!(is_harmless(name.as_bytes()), "{name}");
        }
        for name in [
            "_ZN3app5LOCAL17h0123E",
            "_ZN11gochan_more5LOCAL17h0123E",
            "_RNvNCNkCsjrHSEGnQ3l9_3app5LOCAL0s_023___RUST_STD_INTERNAL_VAL",
            "errno",
        ] {
            assert!(!is_harmless(name.as_bytes()), "{name}");
        }
    }

    #[test]
    fn four_bytes_anywhere_in_the_code_are_an_offset() {
        let code = [0x90, 0x48, 0x8d, 0x80, 0xf0, 0xff, 0xff, 0xff, 0xc3];
        assert!(has_offset(&code, &[-16..-8]));
        assert!(has_offset(&code, &[-64..-32, -20..-15]));
        assert!(!has_offset(&code, &[-15..-8]));
        assert!(!has_offset(&code, &[]));
        let before = |bytes: &[u8]| [bytes, &code[4..]].concat();
        for jump in [&[0x0f, 0x84][..], &[0x90, 0xe9], &[0xff, 0xe8]] {
            assert!(!has_offset(&before(jump), &[-16..-8]), "{jump:x?}");
        }
        for access in
            [&[0x48, 0x81, 0xe8][..], &[0x8b, 0x84, 0xe8], &[0x8b, 0x8c], &[0x04, 0x25], &[0xc7, 0xc0]]
        {
            assert!(has_offset(&before(access), &[-16..-8]), "{access:x?}");
        }
    }
}
