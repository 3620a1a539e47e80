use gochan::prelude::*;

fn todo_inside(ctx: &Context) { step(&gochan::context::todo(), ctx); } //~ context_dropped todo_context
fn derived(ctx: Context) {
    let (inner, cancel) = background().with_cancel(); //~ context_dropped
    defer!(cancel.cancel());
    step(&inner, &ctx);
}
struct Store;
impl Store {
    fn load(&self, ctx: &Context) { self.fetch(&background()); step(ctx); } //~ context_dropped
    fn fetch(&self, ctx: &Context) { step(ctx); }
}
fn in_goroutine(ctx: Context) {
    go!([ctx] { step(&background(), &ctx); }); //~ context_dropped
}
