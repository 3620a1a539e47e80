use gochan::prelude::*;

impl Server {
    fn fetch(&self, ctx: &Context, name: &str) { work(ctx, name); }
}
impl Handler for Server {
    fn handle(&self, name: &str, ctx: &Context) { work(ctx, name); }
}
