use gochan::prelude::*;

fn fetch(ctx: &Context) -> u32 {
    let ch = chan!(u32, 1);
    go!([ch] { send!(ch <- slow()); });
    select! {
        n = <-ch => n,
        <-ctx.done() => 0,
    }
}
fn fastest() -> u32 {
    let ch = chan!(u32, 3);
    for n in 0..3 {
        go!([ch] { send!(ch <- ask(n)); });
    }
    recv!(ch)
}
fn gives_way(ctx: Context) -> u32 {
    let ch = chan!(u32);
    go!([ch, ctx] {
        select! {
            ch <- slow() => {}
            <-ctx.done() => {}
        }
    });
    select! {
        n = <-ch => n,
        <-ctx.done() => 0,
    }
}
fn tries() -> u32 {
    let ch = chan!(u32);
    go!([ch] { let _ = ch.try_send(slow()); });
    select! {
        n = <-ch => n,
        <-after(Duration::from_secs(1)) => 0,
    }
}
fn receives_at_once() -> Result<u32, Error> {
    let ch = chan!(u32);
    go!([ch] { send!(ch <- slow()); });
    let n = recv!(ch);
    check(n)?;
    Ok(n)
}
