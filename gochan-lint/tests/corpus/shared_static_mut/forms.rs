use gochan::prelude::*;

static mut COUNT: u32 = 0;
static mut TABLE: [u32; 4] = [0; 4];

struct Shared(std::cell::UnsafeCell<Vec<u32>>);
unsafe impl Sync for Shared {}
static SHARED: Shared = Shared(std::cell::UnsafeCell::new(Vec::new()));

fn adds() { go!({ unsafe { COUNT += 1; } }); } //~ shared_static_mut
fn assigns() { go!({ unsafe { COUNT = 1 } }); } //~ shared_static_mut
fn indexed() { go!({ unsafe { TABLE[1] = 2; } }); } //~ shared_static_mut
fn in_group(wg: &WaitGroup) { wg.go(|| unsafe { COUNT += 1 }); } //~ shared_static_mut
fn through_cell() { go!({ unsafe { (*SHARED.0.get()).push(1); } }); } //~ shared_static_mut
fn bump() { unsafe { COUNT += 1; } } //~ shared_static_mut
fn called() { go!(bump()); }
