use gochan::prelude::*;
const HANDLER: fn() = work;
static HANDLERS: [fn(); 1] = [work];

fn start() {
    go!(HANDLER); //~ missing_call
    go!(HANDLERS[0]); //~ missing_call
    go!(crate::nested::deep::run); //~ missing_call
    go!(super::run); //~ missing_call
    go!(r#loop); //~ missing_call
}

fn work() {}
