use gochan::prelude::*;

fn start(fast: bool) {
    go!({
        if fast {
            println!("fast");
        }
        move || work(fast) //~ missing_call
    });
}
