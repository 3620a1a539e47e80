use gochan::prelude::*;
use gochan::sync::Mutex;
use std::sync::Arc;
fn shards(list: &[Arc<Mutex<u32>>]) -> u32 { let mut n = 0; for m in list { let g = m.lock(); n += *g; } n }
fn swap(list: &[Mutex<u32>]) { let a = list[0].lock(); let b = list[1].lock(); println!("{}", *a + *b); }
fn swap2(list: &[Mutex<u32>]) { let b = list[1].lock(); let a = list[0].lock(); println!("{}", *a + *b); }
fn vec_wg(wgs: Vec<WaitGroup>) { for wg in wgs { wg.add(1); go!({ println!("x"); wg.done(); }); } }
fn map_wg(m: &std::collections::HashMap<String, WaitGroup>) { for (_, wg) in m { wg.add(1); let wg = wg.clone(); go!({ defer!(wg.done()); }); } for wg in m.values() { wg.wait(); } }
fn ctxs(list: Vec<(Context, gochan::context::CancelHandle)>) { for (ctx, cancel) in list { go!({ println!("{:?}", ctx.err()); }); cancel.cancel(); } }
fn ctxs2(list: Vec<(Context, gochan::context::CancelHandle)>) { for (ctx, cancel) in &list { println!("{:?}", ctx.err()); cancel.cancel(); } }
fn handles(list: Vec<gochan::JoinHandle<u32>>) -> u32 { let mut n = 0; for h in list { n += h.join().unwrap(); } n }
fn zip(a: &[Chan<u32>], b: &[Chan<u32>]) { for (x, y) in a.iter().zip(b) { let v = recv!(x); send!(y <- v); close!(y); } }
fn nested(groups: Vec<Vec<Chan<u32>>>) { for g in &groups { for c in g { close!(c); } } }
fn opt_list(list: Vec<Option<Chan<u32>>>) { for c in list { if let Some(c) = c { close!(c); } } }
fn array() { let cs = [chan!(u32, 1), chan!(u32, 1)]; for c in &cs { send!(c <- 1); } for c in &cs { println!("{}", recv!(c)); } for c in cs { close!(c); } }
fn clone_then(cs: &[Chan<u32>]) { let all = cs.to_vec(); for c in &all { close!(c); } }
fn select_each(cs: &[Receiver<u32>]) { for c in cs { select! { v = <-c => println!("{v}"), default => println!("none") } } }
fn chunked(cs: &[Chan<u32>]) { for pair in cs.chunks(2) { for c in pair { close!(c); } } }
fn by_ref(cs: &mut Vec<Chan<u32>>) { for c in cs.iter_mut() { *c = chan!(u32); } for c in cs.iter() { close!(c); } }
fn replaced(cs: &mut Vec<Chan<u32>>) { for c in cs.iter() { close!(c); } for c in cs.iter_mut() { *c = chan!(u32); } for c in cs.iter() { close!(c); } }
