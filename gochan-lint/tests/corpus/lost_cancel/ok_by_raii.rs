use gochan::context::CancelHandle;
use gochan::prelude::*;

fn serve(ctx: Context) {
    ctx.done().recv();
}

fn fatal() -> ! {
    std::process::exit(1)
}

fn never_returns(ok: bool) {
    let (ctx, cancel) = background().with_cancel();
    go!(serve(ctx));
    if ok {
        cancel.cancel();
    } else {
        fatal()
    }
}

fn unwinds(handle: gochan::JoinHandle<u8>) -> u8 {
    let (ctx, cancel) = background().with_cancel();
    go!(serve(ctx));
    match handle.join() {
        Ok(n) => {
            cancel.cancel();
            n
        }
        Err(panic) => std::panic::resume_unwind(panic),
    }
}

fn exits(ok: bool) {
    let (ctx, cancel) = background().with_cancel();
    go!(serve(ctx));
    if ok {
        cancel.cancel();
    } else {
        gochan::runtime::goexit()
    }
}

fn exits_by_an_imported_name(ok: bool) {
    use std::process::exit;
    let (ctx, cancel) = background().with_cancel();
    go!(serve(ctx));
    if !ok {
        exit(1);
    }
    cancel.cancel();
}

fn loops(ok: bool) {
    let (ctx, cancel) = background().with_cancel();
    go!(serve(ctx));
    if ok {
        cancel.cancel();
    } else {
        loop {
            gochan::time::sleep(std::time::Duration::from_secs(1));
        }
    }
}

struct Keeps {
    cancel: Option<CancelHandle>,
}

impl Keeps {
    fn into(&mut self) {
        let (ctx, cancel) = background().with_cancel();
        go!(serve(ctx));
        self.cancel = cancel.into();
    }

    fn from(&mut self) {
        let (ctx, cancel) = background().with_cancel();
        go!(serve(ctx));
        self.cancel = Option::from(cancel);
    }
}

fn early(rx: &Receiver<bool>) {
    let (ctx, cancel) = background().with_timeout(std::time::Duration::from_secs(1));
    let handle = go!(serve(ctx));
    if rx.recv() == Some(true) {
        cancel.cancel();
    }
    handle.join().unwrap();
}

fn query(ctx: &Context) -> Result<u32, String> {
    ctx.err().map_or(Ok(1), |_| Err(String::new()))
}

fn question_mark(parent: &Context) -> Result<u32, String> {
    let (ctx, cancel) = parent.with_cancel();
    let n = query(&ctx)?;
    cancel.cancel();
    Ok(n)
}

fn one_way(parent: &Context, early: bool) -> Option<u32> {
    let (ctx, cancel) = parent.with_cancel();
    if early {
        return None;
    }
    let n = query(&ctx).ok();
    cancel.cancel();
    n
}
