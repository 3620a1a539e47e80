use gochan::prelude::*;

fn fetch(name: &str, ctx: &Context) { //~ context_not_first
    work(ctx, name);
}
