use gochan::prelude::*;

fn unwraps() { go!({ work(1) }).join().unwrap(); }
fn matches() {
    match go!({ parse().unwrap() }).join() {
        Ok(n) => work(n),
        Err(panic) => std::panic::resume_unwind(panic),
    }
}
fn asks() { if go!(parse_all()).join().is_err() { println!("it panicked"); } }
fn passes() -> std::thread::Result<u32> { go!(parse_all()).join() }
fn expects() { let n = go!(parse_all()).join().expect("no panic"); work(n); }
fn paths(parts: &[&str]) { let _ = parts.join("/"); }
fn parse_all() -> u32 { "1".parse().unwrap() }
