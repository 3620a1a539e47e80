use gochan::prelude::*;
fn variable(parent: Context) {
    let job = move || {
        let (ctx, _) = parent.with_cancel(); //~ lost_cancel
        step(&ctx);
    };
    go!(job());
}

fn threads(parent: Context) {
    std::thread::spawn(move || {
        let (ctx, _) = parent.with_cancel(); //~ lost_cancel
        step(&ctx);
    });
}

fn scoped(parent: &Context) {
    gochan::scope(|s| {
        s.go(|| {
            let (ctx, ..) = parent.with_cancel(); //~ lost_cancel
            step(&ctx);
        });
    });
}
