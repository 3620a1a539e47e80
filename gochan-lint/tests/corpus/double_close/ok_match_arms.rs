use gochan::prelude::*;

fn run(ch: Chan<u32>, kind: Kind) -> Result<(), Error> {
    match kind {
        Kind::A => { close!(ch); Ok(()) }
        Kind::B => {
            work(1);
            close!(ch);
            Ok(())
        }
        Kind::C => Err(Error),
    }
}
fn either(ctx: &Context, ch: Chan<u32>, rx: Receiver<u32>) {
    select! {
        n = <-rx => { work(n); close!(ch); }
        <-ctx.done() => close!(ch),
    }
}
fn one_each(a: Chan<u32>, b: Chan<u32>) {
    close!(a);
    close!(b);
}
fn shadowed() {
    let ch = chan!(u32, 1);
    close!(ch);
    let ch = chan!(u32, 1);
    close!(ch);
}
