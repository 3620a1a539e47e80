use gochan::prelude::*;
use gochan::context::{self, ContextError, CancelHandle};
use gochan::sync::{Mutex, errgroup};
use std::sync::Arc;
use std::time::Duration;

// context lints
struct Client;
impl Client {
    fn get(&self, url: &str, ctx: &Context) -> Result<u32, ContextError> { ctx.check()?; println!("{url}"); Ok(1) } //~ context_not_first
    fn get_ok(&self, ctx: &Context, url: &str) -> Result<u32, ContextError> { ctx.check()?; println!("{url}"); Ok(1) }
    fn call(self: Arc<Self>, ctx: Context, n: u32) { println!("{n} {:?}", ctx.err()); }
}
trait Handler { fn handle(&self, req: u32, ctx: &Context); } //~ context_not_first
struct H;
impl Handler for H { fn handle(&self, req: u32, ctx: &Context) { println!("{req} {:?}", ctx.err()); } }
fn opt(name: &str, ctx: Option<&Context>) { println!("{name} {}", ctx.is_some()); } //~ context_not_first
fn with_closure() { let f = |n: u32, ctx: &Context| println!("{n} {:?}", ctx.err()); f(1, &background()); }
fn drop1(ctx: &Context) -> Result<u32, ContextError> { ctx.check()?; Client.get_ok(&background(), "x") } //~ context_dropped
fn drop2(ctx: &Context) { let _ = ctx; let (c, cancel) = context::background().with_timeout(Duration::from_secs(1)); defer!(cancel.cancel()); Client.get_ok(&c, "x").ok(); } //~ context_dropped
fn drop_ok(ctx: &Context) { let d = ctx.without_cancel(); go!({ Client.get_ok(&d, "audit").ok(); }); }
fn no_ctx() { Client.get_ok(&background(), "x").ok(); }
fn shutdown(ctx: &Context) { ctx.done().recv(); }
// nested context
fn nest(mut ctx: Context, n: u32) { for i in 0..n { let (c, cancel) = ctx.with_timeout(Duration::from_secs(1)); defer!(cancel.cancel()); ctx = c; println!("{i}"); } } //~ nested_context_in_loop
#[derive(Clone)] struct Trace(u64);
fn nest_val(ctx: &Context) { let mut ctx = ctx.clone(); loop { ctx = ctx.with_value(Trace(1)); if ctx.err().is_some() { break; } } } //~ nested_context_in_loop
fn nest_ok(ctx: &Context, n: u64) { for i in 0..n { let child = ctx.with_value(Trace(i)); println!("{:?}", child.err()); } }
fn layers(mut ctx: Context, layers: Vec<Box<dyn Fn(Context) -> Context>>) -> Context { for l in layers { ctx = l(ctx); } ctx }
// value backdoor
struct Config { port: u16 }
fn val1(ctx: &Context) -> Context { ctx.with_value(Config { port: 1 }) } //~ context_value_backdoor
fn val2(ctx: &Context) -> Context { ctx.with_value(true) } //~ context_value_backdoor
fn val3(ctx: &Context) -> Context { ctx.with_value(vec![1, 2]) } //~ context_value_backdoor
fn val4(ctx: &Context) -> Context { ctx.with_value(|x: u32| x + 1) } //~ context_value_backdoor
fn val5(ctx: &Context) -> Context { ctx.with_value(Trace(9)) }
fn val6(ctx: &Context) -> u64 { ctx.value::<Trace>().map_or(0, |t| t.0) }
fn val7(ctx: &Context) -> Option<u16> { ctx.value::<Config>().map(|c| c.port) } //~ context_value_backdoor
fn val8(ctx: &Context) -> Context { ctx.with_value(Arc::new(Config { port: 2 })) } //~ context_value_backdoor
fn val9(ctx: &Context, name: String) -> Context { ctx.with_value(name) } //~ context_value_backdoor
// unchecked timeout
fn un1(ctx: &Context) { let (_c, cancel) = ctx.with_timeout(Duration::from_secs(1)); defer!(cancel.cancel()); println!("x"); } //~ unchecked_timeout
fn un2(ctx: &Context) -> Result<u32, ContextError> { let (c, cancel) = ctx.with_timeout(Duration::from_secs(1)); defer!(cancel.cancel()); Client.get_ok(&c, "x") }
// errgroup
fn eg(ctx: &Context) -> Result<(), String> {
    let (g, ctx) = errgroup::Group::<String>::with_context(ctx);
    for i in 0..3 { let ctx = ctx.clone(); g.go(move || { ctx.check().map_err(|e| e.to_string())?; println!("{i}"); Ok(()) }); }
    g.wait()
}
fn ctx_loop(ctx: &Context, jobs: &Receiver<u32>) -> u32 { let mut n = 0; while ctx.err().is_none() { let Some(j) = jobs.recv() else { break }; n += j; } n }
fn ctx_sleep(ctx: &Context) { loop { gochan::time::sleep(Duration::from_secs(1)); println!("tick"); } } //~ ctx_not_selected
fn ctx_lock(ctx: &Context, m: &Mutex<u32>) { for _ in 0..3 { *m.lock() += 1; println!("{:?}", ctx.err()); } }
fn ctx_try(ctx: &Context, rx: &Receiver<u32>) { for _ in 0..3 { let _ = rx.try_recv(); } println!("{:?}", ctx.err()); }
fn ctx_send(ctx: &Context, out: &Sender<u32>) -> Result<(), ContextError> { for i in 0..3 { ctx.check()?; send!(out <- i); } Ok(()) }
fn ctx_inner(ctx: Context, rx: Receiver<u32>) { go!({ loop { select! { Some(v) = <-rx else { return } => println!("{v}"), <-ctx.done() => return } } }); }
fn detached(ctx: &Context, rx: Receiver<u32>) { println!("{:?}", ctx.err()); go!({ for v in &rx { println!("{v}"); } }); }
fn cancel_param(cancel: CancelHandle, name: &str) { println!("{name}"); cancel.cancel(); }
fn todo1() { let c = context::todo(); println!("{:?}", c.err()); } //~ todo_context
#[gochan::main]
fn main() {
    go!({ println!("bye"); }); //~ detached_in_main
}
