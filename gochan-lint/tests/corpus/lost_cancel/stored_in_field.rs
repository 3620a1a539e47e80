use gochan::prelude::*;

struct Server { ctx: Context } //~ context_in_struct

impl Server {
    fn reset(&mut self) {
        let (ctx, _cancel) = self.ctx.with_cancel(); //~ lost_cancel
        self.ctx = ctx;
    }
}
