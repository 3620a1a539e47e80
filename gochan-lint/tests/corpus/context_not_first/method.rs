use gochan::prelude::*;

impl Server {
    fn fetch(&self, name: &str, ctx: &Context) { //~ context_not_first
        work(ctx, name);
    }
}
