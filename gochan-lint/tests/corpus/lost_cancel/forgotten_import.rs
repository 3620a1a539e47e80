use gochan::prelude::*;
use std::mem::{ManuallyDrop, forget};

fn run(parent: &Context) {
    let (a, cancel) = parent.with_cancel();
    forget(cancel); //~ lost_cancel
    let (b, cancel) = parent.with_cancel();
    let kept = ManuallyDrop::new(cancel); //~ lost_cancel
    let (c, cancel) = parent.with_cancel();
    let leaked: &'static CancelHandle = Box::leak(Box::new(cancel)); //~ lost_cancel
    step(&a, &b, &c);
}
