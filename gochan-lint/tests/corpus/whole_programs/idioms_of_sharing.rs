use gochan::prelude::*;
use gochan::sync::{Mutex, Once, OnceCell, Lazy, Cond};
use gochan::time::sleep;
use std::cell::{Cell, RefCell, UnsafeCell};
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, AtomicBool, Ordering};
use std::time::Duration;

// shared data
static mut HITS: usize = 0;
static mut CACHE: Option<HashMap<String, u32>> = None;
static COUNT: AtomicUsize = AtomicUsize::new(0);
static READY: AtomicBool = AtomicBool::new(false);
fn race() { for _ in 0..3 { go!({ unsafe { HITS += 1 } }); } } //~ shared_static_mut
fn race_fn() { go!(bump()); }
fn bump() { unsafe { HITS = HITS + 1; } } //~ shared_static_mut
fn atomic() { go!({ COUNT.fetch_add(1, Ordering::Relaxed); READY.store(true, Ordering::Release); }); }
fn single() { unsafe { HITS = 0; } }
struct Racy(UnsafeCell<u32>);
unsafe impl Sync for Racy {}
fn racy(r: Arc<Racy>) { go!({ unsafe { *r.0.get() += 1; } }); } //~ shared_static_mut
struct Table { map: UnsafeCell<HashMap<u32, u32>> }
unsafe impl Sync for Table {}
fn table(t: Arc<Table>) { go!({ unsafe { (*t.map.get()).insert(1, 1); } }); } //~ unguarded_map
fn cache_put() { go!({ unsafe { if let Some(c) = CACHE.as_mut() { c.insert("a".into(), 1); } } }); } //~ unguarded_map
fn locked(m: Arc<Mutex<HashMap<u32, u32>>>) { go!({ m.lock().insert(1, 2); }); }

// loop variable
static CURRENT: AtomicUsize = AtomicUsize::new(0);
fn lv() { for i in 0..3 { CURRENT.store(i, Ordering::SeqCst); go!({ println!("{}", CURRENT.load(Ordering::SeqCst)); }); } } //~ loop_variable
fn lv_ok() { for i in 0..3 { CURRENT.store(i, Ordering::SeqCst); let mine = CURRENT.load(Ordering::SeqCst); go!({ println!("{mine}"); }); } }
fn lv_ok2(items: Vec<u32>) { for item in &items { let item = *item; go!({ println!("{item}"); }); } }
fn lv_counter() { for _ in 0..3 { go!({ COUNT.fetch_add(1, Ordering::SeqCst); }); } println!("{}", COUNT.load(Ordering::SeqCst)); }

// once
static START: Once = Once::new();
static NAME: OnceCell<String> = OnceCell::new();
static TABLE: Lazy<HashMap<u32, u32>> = Lazy::new(|| { let mut m = HashMap::new(); m.insert(1, 1); m });
fn init() { START.call_once(|| helper()); } //~ once_recursion
fn helper() { init(); }
fn name() -> &'static str { NAME.get_or_init(|| compute_name()) }
fn compute_name() -> String { "x".to_owned() }
fn once_ok() { START.call_once(|| println!("{}", TABLE.len())); }

// io & std
fn io(path: &str) { let p = path.to_owned(); go!({ let t = std::fs::read_to_string(p).unwrap_or_default(); println!("{}", t.len()); }); }
fn net() { go!({ let l = std::net::TcpListener::bind("x").unwrap(); let (s, _) = l.accept().unwrap(); drop(s); }); } //~ blocking_io_in_goroutine
fn stdin() { go!({ for line in std::io::stdin().lines() { println!("{}", line.unwrap()); } }); } //~ blocking_io_in_goroutine
fn proc() { go!({ let o = std::process::Command::new("ls").output().unwrap(); println!("{}", o.stdout.len()); }); } //~ blocking_io_in_goroutine
fn mpsc() { let (tx, rx) = std::sync::mpsc::channel(); std::thread::spawn(move || tx.send(1).unwrap()); go!({ let v: u32 = rx.recv().unwrap(); println!("{v}"); }); } //~ std_sync_in_goroutine
fn tsleep_in_thread() { std::thread::spawn(|| std::thread::sleep(Duration::from_secs(1))); }
fn std_lock_blocking(m: Arc<std::sync::Mutex<u32>>, rx: Receiver<u32>) { go!({ let mut g = m.lock().unwrap(); *g += recv!(rx); }); } //~ guard_across_blocking
// thread local
thread_local! { static DEPTH: Cell<u32> = const { Cell::new(0) }; static BUF: RefCell<Vec<u8>> = RefCell::new(Vec::new()); }
scoped_tls::scoped_thread_local!(static CTX: u32);
fn scoped(rx: Receiver<u32>) { CTX.set(&1, || { println!("{}", recv!(rx)); }); } //~ thread_local_across_blocking
fn scoped_ok(rx: Receiver<u32>) { let v = recv!(rx); CTX.set(&v, || println!("x")); }
fn span(rx: Receiver<u32>) { let span = tracing::info_span!("x"); let _e = span.enter(); println!("{}", recv!(rx)); } //~ thread_local_across_blocking
fn span_ok(rx: Receiver<u32>) { { let span = tracing::info_span!("x"); let _e = span.enter(); println!("y"); } println!("{}", recv!(rx)); }
fn buf(rx: Receiver<u32>) { BUF.with(|b| b.borrow_mut().push(1)); println!("{}", recv!(rx)); }
fn depth() { DEPTH.with(|d| d.set(d.get() + 1)); sleep(Duration::from_millis(1)); }

// joins
fn join_ignored() { let h = go!({ println!("quiet"); }); let _ = h.join(); }
fn join_stmt() { let h = go!({ panic!("x") }); h.join().ok(); } //~ ignored_join_error
fn join_matched() { let h = go!({ let v: u32 = "1".parse().unwrap(); v }); match h.join() { Ok(v) => println!("{v}"), Err(_) => eprintln!("panicked") } }
fn join_expect() { let h = go!({ let v: u32 = "1".parse().unwrap(); v }); let v = h.join().expect("no panic"); println!("{v}"); }
// cond
fn cond_for(m: &Mutex<u32>, c: &Cond) { let mut g = m.lock(); for _ in 0..3 { g = c.wait(g); } println!("{}", *g); }
fn cond_while(m: &Mutex<u32>, c: &Cond) { let mut g = m.lock(); while *g < 3 { g = c.wait(g); } }
fn cond_if(m: &Mutex<u32>, c: &Cond) { let mut g = m.lock(); if *g < 3 { g = c.wait(g); } println!("{}", *g); } //~ cond_wait_without_loop
fn cond_signal(m: &Mutex<u32>, c: &Cond) { *m.lock() += 1; c.signal(); }
// main-like
fn sleep_retry() -> Result<(), String> { for i in 0..3 { if try_it().is_ok() { return Ok(()); } sleep(Duration::from_millis(10 << i)); } Err("no".into()) }
fn try_it() -> Result<(), String> { Ok(()) }
fn sleep_after_spawn_in_loop(tx: Sender<u32>) { go!({ let _ = tx.send(1); }); loop { sleep(Duration::from_secs(1)); if try_it().is_ok() { break; } } }
