use gochan::prelude::*;
fn start(n: u32) {
    let twice = move || work(n * 2);
    let once: Box<dyn FnOnce() + Send> = Box::new(move || work(n));
    go!(twice); //~ missing_call
    go!(once); //~ missing_call
    let later = || work(1);
    go!({
        later //~ missing_call
    });
    go! {
        let inner = move || work(n); //~ missing_call
        inner
    };
}

fn work(_: u32) {}
