use gochan::prelude::*;
use gochan::sync::errgroup::Group;

fn counted(ctx: &Context, count: u32) -> u32 {
    let numbers = chan!(u32);
    go!([ctx, numbers] {
        defer!(close!(numbers));
        for n in 0..count {
            select! {
                numbers <- n => {}
                <-ctx.done() => return,
            }
        }
    });
    let mut sum = 0;
    for n in &numbers {
        sum += n;
    }
    sum
}

fn grouped(parent: &Context) -> Result<u32, String> {
    let (group, ctx) = Group::<String>::with_context(parent);
    let (tx, rx) = chan!(u32).split();
    group.go(move || produce(&ctx, &tx));
    let mut sum = 0;
    while let Some(n) = rx.recv() {
        sum += n;
    }
    group.wait()?;
    Ok(sum)
}

fn produce(ctx: &Context, out: &Sender<u32>) -> Result<(), String> {
    for n in 0..3 {
        select! {
            out <- n => {}
            <-ctx.done() => return Err("stopped".to_owned()),
        }
    }
    Ok(())
}
