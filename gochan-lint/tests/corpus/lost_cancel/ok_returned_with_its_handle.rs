use gochan::context::CancelHandle;
use gochan::prelude::*;

struct Task {
    cancel: CancelHandle,
}

fn both(parent: &Context) -> (Context, CancelHandle) {
    let (ctx, cancel) = parent.with_cancel();
    (ctx, cancel)
}

fn both_on_success(parent: &Context, good: bool) -> Result<(Context, CancelHandle), String> {
    let (ctx, cancel) = parent.with_cancel();
    if !good {
        cancel.cancel();
        return Err("bad".to_owned());
    }
    Ok((ctx, cancel))
}

fn kept_in_a_task(parent: &Context, tasks: &mut Vec<Task>) -> Context {
    let (ctx, cancel) = parent.with_cancel();
    tasks.push(Task { cancel });
    ctx
}

fn kept_by_a_goroutine(parent: &Context, stop: Chan<()>) -> Context {
    let (ctx, cancel) = parent.with_cancel();
    go!({
        stop.recv();
        cancel.cancel();
    });
    ctx
}

fn kept_by_a_callback(parent: &Context, other: &Context) -> Context {
    let (ctx, cancel) = parent.with_cancel();
    let _stop = other.after_func(move || cancel.cancel());
    ctx
}

fn parent_goes_back(parent: &Context) -> Context {
    let (ctx, cancel) = parent.with_cancel();
    defer!(cancel.cancel());
    ctx.done().try_recv();
    parent.clone()
}

fn pair_in_a_variable(parent: &Context) -> (Context, CancelHandle) {
    let pair = parent.with_cancel();
    pair
}

fn tuple_of_both(parent: &Context) -> (Context, CancelHandle) {
    let (ctx, cancel) = parent.with_cancel();
    let both = (ctx, cancel);
    both
}

fn later(parent: &Context) -> (Context, CancelHandle) {
    let (ctx, cancel);
    (ctx, cancel) = parent.with_cancel();
    (ctx, cancel)
}
