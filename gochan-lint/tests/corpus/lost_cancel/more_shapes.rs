use gochan::prelude::*;
use gochan::context::{CancelHandle, ContextError};
use gochan::sync::{Mutex, OnceCell};
use std::sync::Arc;
use std::time::Duration;

fn worker() {}
fn serve(_: Context) {}
fn fetch(_: &Context) -> Result<u32, ContextError> { Ok(1) }

// missing_call, near misses
fn passes_functions() {
    let wg = WaitGroup::new();
    wg.go(worker);
    gochan::scope(|s| { s.go(worker); s.go(|| worker()); });
    gochan::Builder::new().spawn(worker);
    std::thread::spawn(worker);
    let f = worker;
    wg.go(f);
    wg.go(|| worker());
    wg.wait();
}
fn in_macros() {
    let hs = vec![go!(worker), go!(worker())]; //~ missing_call
    assert!(go!(worker).join().is_ok()); //~ missing_call
    println!("{:?}", go!(worker()).join());
    for h in hs { h.join().unwrap(); }
    let _ = Some(go!(worker)); //~ missing_call
    match 1 { 1 => { go!(worker); } _ => { go!(worker()); } } //~ missing_call
    if true { go!(worker) } else { go!(worker()) }; //~ missing_call
    let _h = { go!(worker) }; //~ missing_call
    loop { go!(worker); break; } //~ missing_call
    let x = || { go!(worker); }; //~ missing_call
    x();
}
#[cfg(feature = "never")]
mod inactive {
    use super::*;
    fn f() { go!(worker); go!(|| worker()); } //~ missing_call
    fn g() { let (ctx, _) = background().with_cancel(); go!(serve(ctx)); } //~ lost_cancel
}
#[cfg(test)]
mod tests {
    use super::*;
    #[gochan::test]
    fn t() { go!(worker).join().unwrap(); } //~ missing_call
}
fn generic_fn<F>(f: F) where F: Fn() + Send + Clone + 'static {
    for _ in 0..3 { let f = f.clone(); go!(f()); }
    go!(f); //~ missing_call
}
struct W { f: Box<dyn Fn() + Send + Sync>, next: Option<Arc<W>> }
impl W {
    fn start(self: Arc<Self>) { let me = self.clone(); go!((me.f)()); let me = self.clone(); go!(me.f); } //~ missing_call
    fn chain(self: Arc<Self>) { if let Some(n) = &self.next { let n = n.clone(); go!(n.start()); } }
    fn turbo(self: Arc<Self>) { go!(W::run::<u32>(self)); go!(W::run::<u32>); } //~ missing_call
    fn run<T>(self: Arc<Self>) {}
}

// lost_cancel
fn by_match(p: &Context) { match p.with_cancel() { (ctx, _) => { fetch(&ctx).ok(); } } } //~ lost_cancel
fn by_if_let(p: &Context) { if let (ctx, _) = p.with_cancel() { fetch(&ctx).ok(); } } //~ lost_cancel
fn pair_then_parts(p: &Context) { let pair = p.with_cancel(); let (ctx, _) = pair; fetch(&ctx).ok(); } //~ lost_cancel
fn in_for(p: &Context) { for _ in 0..3 { let (c, _) = p.with_timeout(Duration::from_secs(1)); fetch(&c).ok(); } } //~ lost_cancel
fn into_raw(p: &Context) { let (c, cancel) = p.with_cancel(); go!(serve(c)); let _raw = Box::into_raw(Box::new(cancel)); } //~ lost_cancel
static KEPT: OnceCell<CancelHandle> = OnceCell::new();
static ALL: Mutex<Vec<CancelHandle>> = Mutex::new(Vec::new());
fn in_static(p: &Context) { let (c, cancel) = p.with_cancel(); go!(serve(c)); let _ = KEPT.set(cancel); } //~ lost_cancel
fn in_static_vec(p: &Context) { let (c, cancel) = p.with_cancel(); go!(serve(c)); ALL.lock().push(cancel); } //~ lost_cancel
fn assigned(p: &Context) { let ctx; let cancel; (ctx, cancel) = p.with_cancel(); fetch(&ctx).ok(); cancel.cancel(); }
fn option(p: Option<&Context>) { let Some(p) = p else { return }; let (ctx, cancel) = p.with_cancel(); defer!(cancel.cancel()); fetch(&ctx).ok(); }
fn maybe(p: &Context, timeout: Option<Duration>) -> Result<u32, ContextError> {
    let (ctx, cancel) = match timeout { Some(t) => p.with_timeout(t), None => p.with_cancel() };
    defer!(cancel.cancel());
    fetch(&ctx)
}
fn maybe_bad(p: &Context, timeout: Option<Duration>) -> Result<u32, ContextError> {
    let (ctx, cancel) = match timeout { Some(t) => p.with_timeout(t), None => p.with_cancel() };
    let n = fetch(&ctx)?;
    cancel.cancel();
    Ok(n)
}
fn maybe_if(p: &Context, quick: bool) {
    let (ctx, _) = if quick { p.with_timeout(Duration::from_millis(1)) } else { p.with_cancel() }; //~ lost_cancel
    fetch(&ctx).ok();
}
fn block_value(p: &Context) { let (ctx, _) = { let d = Duration::from_secs(1); p.with_timeout(d) }; fetch(&ctx).ok(); } //~ lost_cancel
fn closure_return(p: &Context) { let make = || p.with_cancel(); let (ctx, _) = make(); fetch(&ctx).ok(); } //~ lost_cancel
fn try_block(p: &Context) -> Result<u32, ContextError> { let (ctx, cancel) = p.with_cancel(); let r = (|| { let a = fetch(&ctx)?; Ok(a + fetch(&ctx)?) })(); cancel.cancel(); r }
fn two(p: &Context) -> Result<(), ContextError> {
    let (a, stop_a) = p.with_cancel();
    defer!(stop_a.cancel());
    let (b, stop_b) = a.with_cancel();
    fetch(&b)?;
    stop_b.cancel();
    Ok(())
}
fn errs(p: &Context) -> Result<u32, String> {
    let (c, stop) = p.with_cancel();
    let v = fetch(&c).map_err(|e| e.to_string())?;
    if v > 3 { return Err("big".into()); }
    stop.cancel();
    Ok(v)
}
fn errs_ok(p: &Context) -> Result<u32, String> {
    let (c, stop) = p.with_cancel();
    let v = fetch(&c).map_err(|e| { stop.cancel(); e.to_string() });
    stop.cancel();
    v
}
fn early_cancel(p: &Context, x: u32) -> u32 {
    let (c, stop) = p.with_cancel();
    if x == 0 { stop.cancel(); return 0; }
    let v = fetch(&c).unwrap_or(0);
    stop.cancel();
    v
}
fn moved_to_watcher(p: &Context, quit: Receiver<()>) -> Context {
    let (c, stop) = p.with_cancel();
    go!({ recv!(quit); stop.cancel(); });
    c
}
fn in_goroutine_q(p: Context) {
    go!(|| -> Result<(), ContextError> {
        let (c, stop) = p.with_timeout(Duration::from_secs(1)); //~ lost_cancel
        fetch(&c)?;
        stop.cancel();
        Ok(())
    }());
}
fn select_in_loop(p: &Context, rx: Receiver<u32>) {
    loop {
        let (c, stop) = p.with_timeout(Duration::from_secs(1));
        select! {
            Some(v) = <-rx else { return } => println!("{v}"),
            <-c.done() => {}
        }
        stop.cancel();
    }
}
struct Req { ctx: Context, stop: CancelHandle } //~ context_in_struct
impl Req {
    fn new(p: &Context) -> Result<Req, ContextError> { let (ctx, stop) = p.with_cancel(); p.check()?; Ok(Req { ctx, stop }) }
    fn finish(self) { self.stop.cancel(); }
}
fn tuple_return(p: &Context) -> Option<(Context, CancelHandle)> { let (c, s) = p.with_cancel(); c.err().is_none().then_some((c, s)) }
fn named_guard(p: &Context) -> Result<u32, ContextError> { let (c, _stop) = p.with_cancel(); let a = fetch(&c)?; Ok(a) }
