use gochan::prelude::*;

fn make(parent: &Context) -> (Context, CancelHandle) {
    let pair = parent.with_cancel();
    watch(pair.0.clone());
    pair
}
