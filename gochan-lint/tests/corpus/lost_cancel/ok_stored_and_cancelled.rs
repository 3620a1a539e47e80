use gochan::prelude::*;

struct Server { ctx: Context, cancel: CancelHandle, more: Vec<CancelHandle> } //~ context_in_struct

impl Server {
    fn new(parent: &Context) -> Self {
        let (ctx, cancel) = parent.with_cancel();
        Self { ctx, cancel, more: Vec::new() }
    }
    fn again(&mut self) {
        let (ctx, cancel) = self.ctx.with_cancel();
        go!(watch(ctx));
        self.more.push(cancel);
    }
    fn replace(&mut self) {
        self.cancel.cancel();
        let (ctx, cancel) = self.ctx.with_cancel();
        self.ctx = ctx;
        self.cancel = cancel;
    }
    fn stop(&self) {
        self.cancel.cancel();
        for cancel in &self.more { cancel.cancel(); }
    }
}
