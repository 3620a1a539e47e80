use gochan::prelude::*;

fn example() {
    let mut all = Vec::new();
    for n in 0..10 {
        let (ctx, cancel) = background().with_cancel(); //~ lost_cancel
        all.push(cancel);
        watch(ctx);
    }
    defer!(all.iter().for_each(|cancel| cancel.cancel()));
    work(1);
}
