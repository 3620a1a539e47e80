use gochan::prelude::*;

fn run(parent: &Context, map: &Map) -> u32 {
    let (ctx, cancel) = parent.with_cancel();
    let Some(n) = map.get("n") else {
        return 0;
    };
    let m = step(&ctx, n);
    cancel.cancel();
    m
}
