use gochan::prelude::*;

fn run(ctx: &Context, config: Config) {
    let ctx = ctx.with_value(config); //~ context_value_backdoor
    work(&ctx);
}
