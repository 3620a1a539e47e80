use gochan::prelude::*;
use gochan::context::{self, CancelHandle, ContextError};
use gochan::{context as ctxmod};
use std::time::{Duration, Instant};
use std::collections::HashMap;

fn underscore(parent: &Context) -> u32 {
    let (ctx, _) = parent.with_cancel(); //~ lost_cancel
    fetch(&ctx)
}
fn underscore_timeout() {
    let (ctx, _) = context::background().with_timeout(Duration::from_secs(1)); //~ lost_cancel
    fetch(&ctx);
}
fn rest() { let (ctx, ..) = background().with_cancel(); fetch(&ctx); } //~ lost_cancel
fn fetch(_: &Context) -> u32 { 1 }
fn serve(_: Context) {}

fn never_used_spawned() {
    let (ctx, cancel) = background().with_cancel(); //~ lost_cancel
    go!(serve(ctx));
}
fn underscore_named_spawned() {
    let (ctx, _cancel) = background().with_cancel(); //~ lost_cancel
    go!({ serve(ctx) });
}
fn kept_for_the_scope() {
    let (ctx, _guard) = background().with_cancel();
    fetch(&ctx);
    fetch(&ctx);
}
fn returned() -> Context {
    let (ctx, _cancel) = background().with_timeout(Duration::from_secs(3)); //~ lost_cancel
    ctx
}
fn returned_both() -> (Context, CancelHandle) { background().with_cancel() }
fn returned_both2() -> (Context, CancelHandle) {
    let (ctx, cancel) = background().with_cancel();
    (ctx, cancel)
}
struct Session { ctx: Context, cancel: CancelHandle, name: String } //~ context_in_struct
impl Session {
    fn new(name: &str) -> Self {
        let (ctx, cancel) = background().with_cancel();
        Session { ctx, cancel, name: name.into() }
    }
    fn close(&self) { self.cancel.cancel(); }
}
struct Half { ctx: Context } //~ context_in_struct
impl Half {
    fn new() -> Half {
        let (ctx, cancel) = background().with_cancel(); //~ lost_cancel
        Half { ctx }
    }
    fn new2() -> Self {
        Self { ctx: background().with_cancel().0 } //~ lost_cancel
    }
}
fn early_return(ok: bool) -> Option<u32> {
    let (ctx, cancel) = background().with_cancel();
    if !ok { return None; }
    let n = fetch(&ctx);
    cancel.cancel();
    Some(n)
}
fn question(path: &str) -> std::io::Result<u32> {
    let (ctx, cancel) = background().with_cancel();
    let text = std::fs::read_to_string(path)?;
    let n = fetch(&ctx) + text.len() as u32;
    cancel.cancel();
    Ok(n)
}
fn question_defer(path: &str) -> std::io::Result<u32> {
    let (ctx, cancel) = background().with_cancel();
    defer!(cancel.cancel());
    let text = std::fs::read_to_string(path)?;
    Ok(fetch(&ctx) + text.len() as u32)
}
fn defer_block(path: &str) -> std::io::Result<u32> {
    let (ctx, cancel) = background().with_cancel();
    defer! { cancel.cancel(); println!("released"); }
    let text = std::fs::read_to_string(path)?;
    Ok(fetch(&ctx) + text.len() as u32)
}
fn with_ctx() -> u32 {
    with_context!(ctx = background().with_timeout(Duration::from_secs(1)) => { fetch(&ctx) })
}
fn loop_break(rx: Receiver<u32>) {
    loop {
        let (ctx, cancel) = background().with_timeout(Duration::from_secs(1));
        let Some(v) = rx.recv() else { break };
        println!("{v}{}", fetch(&ctx));
        cancel.cancel();
    }
}
fn loop_ok(rx: Receiver<u32>) {
    for v in rx {
        let (ctx, cancel) = background().with_timeout(Duration::from_secs(1));
        defer!(cancel.cancel());
        if v == 0 { continue; }
        fetch(&ctx);
    }
}
fn loop_defer_late(rx: Receiver<u32>) {
    for v in rx {
        let (ctx, cancel) = background().with_timeout(Duration::from_secs(1));
        if v == 0 { continue; }
        defer!(cancel.cancel());
        fetch(&ctx);
    }
}
fn select_arm(rx: Receiver<u32>, quit: Receiver<()>) {
    let (ctx, cancel) = background().with_cancel();
    go!([ctx] serve(ctx));
    select! {
        v = <-rx => { println!("{v}"); cancel.cancel(); }
        <-quit => return,
    }
}
fn match_arm(kind: u8) -> u32 {
    let (ctx, cancel) = background().with_cancel();
    match kind {
        0 => { cancel.cancel(); 0 }
        1 => { let n = fetch(&ctx); cancel.cancel(); n }
        _ => fetch(&ctx),
    }
}
fn match_all(kind: u8) -> u32 {
    let (ctx, cancel) = background().with_cancel();
    match kind {
        0 => { cancel.cancel(); 0 }
        _ => { let n = fetch(&ctx); drop(cancel); n }
    }
}
fn diverging(kind: u8) -> u32 {
    let (ctx, cancel) = background().with_cancel();
    match kind {
        0 => { cancel.cancel(); 0 }
        1 => panic!("no"),
        2 => unreachable!(),
        3 => std::process::exit(1),
        _ => { let n = fetch(&ctx); cancel.cancel(); n }
    }
}
fn overwritten() {
    let (mut ctx, mut cancel) = background().with_cancel();
    fetch(&ctx);
    (ctx, cancel) = background().with_timeout(Duration::from_secs(1));
    fetch(&ctx);
    cancel.cancel();
}
fn forgotten() {
    let (ctx, cancel) = background().with_cancel();
    go!(serve(ctx));
    std::mem::forget(cancel); //~ lost_cancel
}
fn leaked() {
    let (ctx, cancel) = background().with_cancel();
    go!(serve(ctx));
    Box::leak(Box::new(cancel)); //~ lost_cancel
}
fn manual() {
    let (ctx, cancel) = background().with_cancel();
    let _keep = std::mem::ManuallyDrop::new(cancel); //~ lost_cancel
    go!(serve(ctx));
}
fn moved_into_goroutine() {
    let (ctx, cancel) = background().with_cancel();
    go!(serve(ctx.clone()));
    go!({ gochan::time::sleep(Duration::from_secs(1)); cancel.cancel(); });
}
fn watch(cancel: CancelHandle) { cancel.cancel() }
fn passed_on() {
    let (ctx, cancel) = background().with_cancel();
    go!(watch(cancel));
    fetch(&ctx);
}
fn after_func() {
    let (ctx, cancel) = background().with_cancel();
    let parent = background();
    parent.after_func(move || cancel.cancel());
    fetch(&ctx);
}
fn handles_in_vec() {
    let mut cancels = Vec::new();
    for i in 0..3 {
        let (ctx, cancel) = background().with_cancel();
        cancels.push(cancel);
        go!({ serve(ctx); println!("{i}"); });
    }
    for c in &cancels { c.cancel(); }
}
fn handles_in_map(map: &mut HashMap<String, CancelHandle>) {
    let (ctx, cancel) = background().with_cancel();
    map.insert("a".into(), cancel);
    go!(serve(ctx));
}
fn drained() {
    let mut cancels: Vec<CancelHandle> = vec![];
    let (ctx, cancel) = background().with_cancel();
    cancels.push(cancel);
    fetch(&ctx);
    cancels.drain(..).for_each(|c| c.cancel());
}
fn let_else(v: Option<u32>) -> u32 {
    let (ctx, cancel) = background().with_cancel();
    let Some(n) = v else { return 0 };
    let r = fetch(&ctx) + n;
    cancel.cancel();
    r
}
fn closure_cancels() {
    let (ctx, cancel) = background().with_cancel();
    let stop = || cancel.cancel();
    fetch(&ctx);
    stop();
}
fn helper_with_cancel(parent: &Context) -> (Context, CancelHandle) { parent.with_timeout(Duration::from_secs(1)) }
fn from_helper() {
    let (ctx, _) = helper_with_cancel(&background()); //~ lost_cancel
    fetch(&ctx);
}
fn deadline(parent: &Context, at: Instant) {
    let (ctx, _) = parent.with_deadline(at); //~ lost_cancel
    fetch(&ctx);
}
fn cause(parent: &Context) {
    let (ctx, _) = parent.with_cancel_cause(); //~ lost_cancel
    fetch(&ctx);
}
fn labelled(rx: Receiver<u32>) {
    'outer: loop {
        let (ctx, cancel) = background().with_cancel();
        for v in &rx {
            if v == 1 { break 'outer; }
            if v == 2 { continue 'outer; }
            fetch(&ctx);
        }
        cancel.cancel();
    }
}
fn pair() {
    let pair = background().with_cancel();
    go!(serve(pair.0.clone()));
    pair.1.cancel();
}
fn shadow_parent(ctx: Context) -> Result<(), ContextError> {
    let (ctx, cancel) = ctx.with_timeout(Duration::from_millis(10));
    ctx.check()?;
    fetch(&ctx);
    cancel.cancel();
    Ok(())
}
fn async_like() {
    let (ctx, cancel) = ctxmod::background().with_cancel(); //~ lost_cancel
    go!([ctx] { <_>::from(ctx.done()); });
    if fetch(&ctx) > 1 { cancel.cancel(); }
}
fn drop_shadow() {
    let (ctx, cancel) = background().with_cancel();
    fetch(&ctx);
    drop(cancel);
}
fn named_fn_signal() {
    let (ctx, _) = gochan::signal::notify_context(&background(), &[2]); //~ lost_cancel
    fetch(&ctx);
}
