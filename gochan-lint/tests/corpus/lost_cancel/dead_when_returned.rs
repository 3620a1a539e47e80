use gochan::prelude::*;
use std::time::Duration;

fn fetch(ctx: &Context) -> u32 {
    ctx.done().try_recv();
    1
}

fn in_a_branch(parent: &Context, limited: bool) -> Context {
    let (ctx, _cancel) = parent.with_cancel(); //~ lost_cancel
    if limited { ctx } else { parent.clone() }
}

fn in_an_arm(parent: &Context, limit: Option<u32>) -> Context {
    let (ctx, _cancel) = parent.with_cancel(); //~ lost_cancel
    match limit {
        Some(0) | None => parent.clone(),
        Some(_) => ctx,
    }
}

fn deferred(parent: &Context) -> Context {
    let (ctx, cancel) = parent.with_cancel(); //~ lost_cancel
    defer!(cancel.cancel());
    ctx
}

fn deferred_and_wrapped(parent: &Context) -> Option<Context> {
    let (ctx, cancel) = parent.with_timeout(Duration::from_secs(1)); //~ lost_cancel
    defer!(cancel.cancel());
    if fetch(&ctx) == 0 {
        return None;
    }
    Some(ctx)
}

fn cancelled_on_errors_only(parent: &Context) -> Result<Context, String> {
    let (ctx, cancel) = parent.with_cancel(); //~ lost_cancel
    if fetch(&ctx) == 0 {
        cancel.cancel();
        return Err("nothing there".to_owned());
    }
    Ok(ctx)
}

fn with_a_value(parent: &Context, id: Id) -> Context {
    let (ctx, cancel) = parent.with_cancel(); //~ lost_cancel
    defer!(cancel.cancel());
    let named = ctx.with_value(id);
    named
}

#[derive(Clone)]
struct Id;

struct Session {
    ctx: Context, //~ context_in_struct
    tries: u32,
}

impl Default for Session {
    fn default() -> Session {
        Session { ctx: background(), tries: 3 }
    }
}

fn rest_of_a_struct(parent: &Context) -> Session {
    let (ctx, _cancel) = parent.with_cancel(); //~ lost_cancel
    Session { ctx, ..Session::default() }
}

fn rest_by_trait(parent: &Context) -> Session {
    let (ctx, _cancel) = parent.with_cancel(); //~ lost_cancel
    Session { ctx, ..Default::default() }
}
