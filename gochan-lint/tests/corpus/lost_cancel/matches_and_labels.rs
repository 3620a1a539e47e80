use gochan::prelude::*;
fn matched(parent: &Context, kind: Kind) -> Option<u32> {
    let (ctx, cancel) = parent.with_cancel(); //~ lost_cancel
    go!([ctx] watch(ctx));
    match kind {
        Kind::A => {
            cancel.cancel();
            None
        }
        Kind::B => return Some(1),
    }
}

fn labelled(parent: &Context, rows: &[Row]) {
    'rows: for row in rows {
        let (ctx, cancel) = parent.with_cancel(); //~ lost_cancel
        go!([ctx] watch(ctx));
        for cell in row {
            if cell.is_empty() {
                continue 'rows;
            }
        }
        cancel.cancel();
    }
}

fn waits(parent: &Context, rx: &Receiver<u32>) {
    while let Some(n) = rx.recv() {
        let (ctx, cancel) = parent.with_timeout(SECOND);
        go!([ctx] watch(ctx)); //~ goroutine_in_loop_unbounded
        let Some(n) = check(n) else { continue };
        use_it(n);
        cancel.cancel();
    }
}

fn watch(ctx: Context) {
    recv!(ctx.done());
}
