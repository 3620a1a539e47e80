use gochan::prelude::*;
use gochan::sync::Mutex;

fn named(m: &Mutex<u32>) { let _guard = m.lock(); work(1); }
fn used(m: &Mutex<u32>) { *m.lock() += 1; work(*m.lock()); }
fn method(m: &Mutex<Vec<u32>>) { m.lock().push(1); let _ = m.lock().pop(); }
fn asks(m: &Mutex<u32>) -> bool { m.try_lock().is_some() }
fn files(mut f: std::fs::File, buffer: &mut [u8]) { let _ = f.read(buffer); f.lock(); }
