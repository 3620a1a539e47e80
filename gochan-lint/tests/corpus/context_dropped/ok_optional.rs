use gochan::prelude::*;

fn work(ctx: &Context) {
    drop(ctx.err());
}

fn fallback(ctx: Option<&Context>) {
    let none = background();
    work(ctx.unwrap_or(&none));
}

fn matched(parent: Option<Context>) {
    let ctx = match parent {
        Some(parent) => parent,
        None => todo(), //~ todo_context
    };
    work(&ctx);
}

fn made(parent: Option<Context>) {
    work(&parent.unwrap_or_else(background));
}

fn handed(parent: Option<&Context>) -> Context {
    parent.cloned().unwrap_or_else(|| background())
}
