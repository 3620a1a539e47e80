use gochan::prelude::*;

mod a {
    use gochan::prelude::*;
    pub fn main() {
        let wg = WaitGroup::new();
        wg.go(|| work(1));
        wg.wait();
    }
}
fn main() {
    let (ctx, cancel) = background().with_cancel();
    defer!(cancel.cancel());
    let ch = chan!(u32);
    go!([ch, ctx] { select! { ch <- 1 => {}, <-ctx.done() => {} } });
    select! {
        v = <-ch => println!("{v}"),
        <-after(Duration::from_secs(1)) => {}
    }
}
