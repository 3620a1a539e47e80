use gochan::prelude::*;

trait Store {
    fn get(&self, key: &str, ctx: &Context) -> u32; //~ context_not_first
}
struct Disk;
impl Disk {
    fn put(&mut self, key: &str, ctx: Context) { step(&ctx, key); } //~ context_not_first
    fn open(path: &str, ctx: &Context) -> Disk { step(ctx, path); Disk } //~ context_not_first
}
fn free(n: u32, ctx: &Context) { step(ctx, n); } //~ context_not_first
fn full_path(n: u32, ctx: &gochan::Context) { step(ctx, n); } //~ context_not_first
fn generic<T: Step>(step: T, ctx: &Context, more: u32) { step.step(ctx, more); } //~ context_not_first
fn owned_handle(n: u32, ctx: Arc<Context>) { step(&ctx, n); } //~ context_not_first
