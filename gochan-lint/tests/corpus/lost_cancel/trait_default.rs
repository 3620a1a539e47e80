use gochan::prelude::*;
trait Runs {
    fn step(&self, ctx: &Context);

    fn run(&self, parent: &Context) {
        let (ctx, _) = parent.with_cancel(); //~ lost_cancel
        self.step(&ctx);
    }

    fn start(&self, parent: &Context) -> bool {
        let (ctx, cancel) = parent.with_cancel(); //~ lost_cancel
        go!([ctx] watch(ctx));
        if self.ready() {
            return true;
        }
        cancel.cancel();
        false
    }

    fn ready(&self) -> bool;
}

fn watch(ctx: Context) {
    recv!(ctx.done());
}
