//! Walking a copy of a stack by the frame descriptions in the executable and its libraries.
//!
//! The walk reads nothing of the process except those descriptions, which are mapped and do not change while the
//! loader's lock is held, as it is during the walk.

use super::Copy;
use crate::diag::stacks::frames::{Frames, Walked};
use gimli::{
    BaseAddresses, CfaRule, EhFrame, EhFrameHdr, NativeEndian, Pointer, Register, RegisterRule,
    UnwindContext, UnwindSection,
};
use std::ffi::{c_int, c_void};
use std::ops::Range;
use std::slice;

/// Registers with numbers below this are kept.
#[cfg(target_arch = "x86_64")]
pub(crate) const REGISTERS: usize = 16;
#[cfg(target_arch = "aarch64")]
pub(crate) const REGISTERS: usize = 32;

#[cfg(target_arch = "x86_64")]
pub(crate) const STACK_POINTER: usize = 7;
#[cfg(target_arch = "aarch64")]
pub(crate) const STACK_POINTER: usize = 31;

/// The registers that a called function preserves.
#[cfg(target_arch = "x86_64")]
const PRESERVED: [usize; 6] = [3, 6, 12, 13, 14, 15];
#[cfg(target_arch = "aarch64")]
const PRESERVED: [usize; 12] = [19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30];

/// The result of walking a copy.
pub(crate) struct Walk {
    frames: Frames,
    found: usize,
    /// The walk has reached the first function of the goroutine.
    pub(crate) is_whole: bool,
}

impl Walk {
    /// More than the innermost function, which is in the C library if the thread waits.
    pub(crate) fn found_any(&self) -> bool {
        self.found > 1
    }

    pub(crate) fn walked(&self) -> Walked {
        Walked { is_cut: !self.is_whole, ..self.frames.walked() }
    }
}

pub(crate) fn walk(copy: &Copy) -> Walk {
    let mut walk = Walk { frames: Frames::new(), found: 0, is_whole: false };
    with_modules(|modules| {
        let mut registers = copy.registers;
        let (mut at, mut is_exact) = (copy.at, true);
        loop {
            // A return address is behind the call.
            let within = if is_exact { at } else { at.wrapping_sub(1) };
            walk.found += 1;
            if at == 0 || !walk.frames.push(within as usize) {
                break;
            }
            match step(copy, modules, &mut registers, within) {
                Some(Unwound::Caller { at: caller, is_exact: exact }) => (at, is_exact) = (caller, exact),
                Some(Unwound::Entry) => {
                    walk.is_whole = true;
                    break;
                }
                None => break,
            }
        }
    });
    walk
}

enum Unwound {
    Caller {
        at: u64,
        /// It was interrupted there, and has not made a call.
        is_exact: bool,
    },
    /// This function has no caller on the stack.
    Entry,
}

/// Sets the registers to those of the function that has called the one at `at`.
fn step(
    copy: &Copy,
    modules: &[Module],
    registers: &mut [Option<u64>; REGISTERS],
    at: u64,
) -> Option<Unwound> {
    let module = modules.iter().find(|module| module.code.iter().any(|code| code.contains(&at)))?;
    let header = EhFrameHdr::new(module.header, NativeEndian);
    let bases = BaseAddresses::default().set_eh_frame_hdr(module.header.as_ptr().addr() as u64);
    let header = header.parse(&bases, size_of::<usize>() as u8).ok()?;
    let Pointer::Direct(frames_at) = header.eh_frame_ptr() else { return None };
    let bases = bases.set_eh_frame(frames_at);
    let frames = EhFrame::new(module.bytes_from(frames_at)?, NativeEndian);
    let table = header.table()?;
    let entry = table.fde_for_address(&frames, &bases, at, EhFrame::cie_from_offset).ok()?;
    let mut context = UnwindContext::new();
    let row = entry.unwind_info_for_address(&frames, &bases, &mut context, at).ok()?;
    let register = |Register(number): Register| registers.get(usize::from(number)).copied().flatten();
    let frame = match row.cfa() {
        CfaRule::RegisterAndOffset { register: from, offset } => {
            register(*from)?.checked_add_signed(*offset)?
        }
        // The first function of a coroutine describes the parent's stack by an expression. So do stubs that the linker
        // makes, which are not near the base.
        CfaRule::Expression(_) => {
            const NEAR: u64 = 512;
            let is_entry = copy.base.wrapping_sub(registers[STACK_POINTER]?) <= NEAR;
            return is_entry.then_some(Unwound::Entry);
        }
    };
    let value = |number: Register, rule: &RegisterRule<usize>| match rule {
        RegisterRule::SameValue => register(number),
        RegisterRule::Offset(offset) => copy.read(frame.checked_add_signed(*offset)?),
        RegisterRule::ValOffset(offset) => frame.checked_add_signed(*offset),
        RegisterRule::Register(other) => register(*other),
        RegisterRule::Constant(value) => Some(*value),
        _ => None,
    };
    let mut before = [None; REGISTERS];
    for number in PRESERVED {
        before[number] = registers[number];
    }
    let returns_by = entry.cie().return_address_register();
    let mut caller = register(returns_by);
    for (number, rule) in row.registers() {
        let value = value(*number, rule);
        if let Some(place) = before.get_mut(usize::from(number.0)) {
            *place = value;
        }
        if *number == returns_by {
            caller = value;
        }
    }
    // Frames grow towards the base, except for a function that has not made its own frame yet.
    let is_above = registers[STACK_POINTER]
        .is_some_and(|pointer| frame > pointer || (frame == pointer && caller != Some(at)));
    let is_exact = entry.is_signal_trampoline();
    before[STACK_POINTER] = Some(frame);
    *registers = before;
    caller.filter(|_| is_above && frame <= copy.base).map(|at| Unwound::Caller { at, is_exact })
}

/// An executable or a library.
struct Module {
    segments: Vec<Range<u64>>,
    code: Vec<Range<u64>>,
    /// Its table of frame descriptions.
    header: &'static [u8],
}

impl Module {
    /// The addresses up to the end of the segment.
    fn bytes_from(&self, address: u64) -> Option<&'static [u8]> {
        let segment = self.segments.iter().find(|segment| segment.contains(&address))?;
        // SAFETY: in a segment, which is mapped while the lock of the loader is held. The walk keeps no reference.
        Some(unsafe { slice::from_raw_parts(address as *const u8, (segment.end - address) as usize) })
    }

    /// # Safety
    /// `info` is the loader's description of a module.
    unsafe fn of(info: &libc::dl_phdr_info) -> Option<Module> {
        // SAFETY: the caller's promise.
        let headers = unsafe { slice::from_raw_parts(info.dlpi_phdr, usize::from(info.dlpi_phnum)) };
        let range = |header: &libc::Elf64_Phdr| {
            let start = info.dlpi_addr.wrapping_add(header.p_vaddr);
            start..start.wrapping_add(header.p_memsz)
        };
        let loaded =
            |header: &&libc::Elf64_Phdr| header.p_type == libc::PT_LOAD && header.p_flags & libc::PF_R != 0;
        let is_code = |header: &&libc::Elf64_Phdr| header.p_flags & libc::PF_X != 0;
        let table = range(headers.iter().find(|header| header.p_type == libc::PT_GNU_EH_FRAME)?);
        let module = Module {
            segments: headers.iter().filter(loaded).map(range).collect(),
            code: headers.iter().filter(loaded).filter(is_code).map(range).collect(),
            header: &[],
        };
        let header = module.bytes_from(table.start)?;
        Some(Module { header: &header[..header.len().min((table.end - table.start) as usize)], ..module })
    }
}

/// Calls `f` with all loaded modules, none of which is unloaded meanwhile.
fn with_modules(f: impl FnOnce(&[Module])) {
    struct Call<F>(Option<F>);
    unsafe extern "C" fn add(info: *mut libc::dl_phdr_info, _: libc::size_t, modules: *mut c_void) -> c_int {
        // SAFETY: the loader's description, and the place that is passed below.
        unsafe { (*modules.cast::<Vec<Module>>()).extend(Module::of(&*info)) };
        0
    }
    unsafe extern "C" fn first<F: FnOnce(&[Module])>(
        _: *mut libc::dl_phdr_info,
        _: libc::size_t,
        call: *mut c_void,
    ) -> c_int {
        let mut modules: Vec<Module> = Vec::new();
        // SAFETY: the callback gets the pointer that it expects. The lock of the loader may be taken again by its holder.
        unsafe { libc::dl_iterate_phdr(Some(add), (&raw mut modules).cast()) };
        // SAFETY: the place that is passed below.
        if let Some(f) = unsafe { &mut *call.cast::<Call<F>>() }.0.take() {
            f(&modules);
        }
        1
    }
    fn callback<F: FnOnce(&[Module])>(
        _: &Call<F>,
    ) -> unsafe extern "C" fn(*mut libc::dl_phdr_info, libc::size_t, *mut c_void) -> c_int {
        first::<F>
    }
    let mut call = Call(Some(f));
    // SAFETY: the callback gets the pointer that it expects, and does not unwind.
    unsafe { libc::dl_iterate_phdr(Some(callback(&call)), (&raw mut call).cast()) };
}
