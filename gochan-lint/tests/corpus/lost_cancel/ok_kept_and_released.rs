use gochan::prelude::*;
struct Task {
    ctx: Context, //~ context_in_struct
    cancel: CancelHandle,
}

impl Task {
    fn new(parent: &Context) -> Self {
        let (ctx, cancel) = parent.with_cancel();
        Self { ctx, cancel }
    }

    fn stop(self) {
        self.cancel.cancel();
    }

    fn restart(&mut self, parent: &Context) {
        self.cancel.cancel();
        let (ctx, cancel) = parent.with_cancel();
        self.ctx = ctx;
        self.cancel = cancel;
    }
}

fn pair(parent: &Context) -> Option<(Context, CancelHandle)> {
    let pair = parent.with_cancel();
    Some(pair)
}

fn both(parent: &Context) -> Result<Task, Error> {
    let (ctx, cancel) = parent.with_timeout(SECOND);
    check(&ctx)?;
    Ok(Task { ctx, cancel })
}

fn in_match(parent: &Context, kind: Kind) {
    let (ctx, cancel) = match kind {
        Kind::A => parent.with_cancel(),
        Kind::B => parent.with_timeout(SECOND),
    };
    defer!(cancel.cancel());
    step(&ctx);
}

fn kept_by_closure(parent: &Context) -> impl FnOnce() {
    let (ctx, cancel) = parent.with_cancel();
    go!([ctx] watch(ctx));
    move || cancel.cancel()
}

fn in_vector(parent: &Context) {
    let mut cancels = Vec::new();
    for _ in 0..3 {
        let (ctx, cancel) = parent.with_cancel();
        go!([ctx] watch(ctx));
        cancels.push(cancel);
    }
    for cancel in cancels {
        cancel.cancel();
    }
}

fn watch(ctx: Context) {
    recv!(ctx.done());
}
