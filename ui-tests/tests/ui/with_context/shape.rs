use gochan::prelude::*;

fn main() {
    with_context!();
    with_context!(ctx);
    with_context!(ctx = background().with_cancel());
    with_context!(ctx = background().with_cancel() { work(&ctx) });
    with_context!(ctx = background().with_cancel() =>);
    with_context!(background().with_cancel() => { work(&ctx) });
    with_context!(let ctx = background().with_cancel() => { work(&ctx) });
    with_context!(ctx, cancel = background().with_cancel() => { work(&ctx) });
    with_context!(ctx, cancel := background().with_cancel() => { work(&ctx) });
    with_context!((ctx) = background().with_cancel() => { work(&ctx) });
    with_context!(ctx = => { work(&ctx) });
    with_context!(|ctx| { work(&ctx) });
    with_context!(ctx = background().with_cancel() => work(&ctx); work(&ctx));
}

fn work(_: &Context) {}
