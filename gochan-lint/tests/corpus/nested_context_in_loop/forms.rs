use gochan::prelude::*;

fn values(mut ctx: Context, items: &[u32]) {
    for n in items {
        ctx = ctx.with_value(Id(*n)); //~ nested_context_in_loop
        step(&ctx);
    }
}
fn cancels(ctx: &Context) {
    let mut ctx = ctx.clone();
    loop {
        let (next, cancel) = ctx.with_cancel();
        defer!(cancel.cancel());
        ctx = next; //~ nested_context_in_loop
        if step(&ctx).is_err() { return; }
    }
}
struct Worker { ctx: Context } //~ context_in_struct
impl Worker {
    fn run(&mut self) {
        while step(&self.ctx).is_ok() {
            self.ctx = self.ctx.with_value(Id(1)); //~ nested_context_in_loop
        }
    }
}
