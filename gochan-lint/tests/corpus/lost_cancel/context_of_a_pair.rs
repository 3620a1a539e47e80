use gochan::prelude::*;
use std::time::Duration;

struct Session {
    ctx: Context, //~ context_in_struct
    name: String,
}

impl Session {
    fn new(name: &str) -> Self {
        Self { ctx: background().with_cancel().0, name: name.to_owned() } //~ lost_cancel
    }
}

fn started() {
    go!(serve(background().with_timeout(Duration::from_secs(1)).0)); //~ lost_cancel
}

fn during_the_call() {
    ask(&background().with_timeout(Duration::from_secs(1)).0);
}

fn serve(ctx: Context) {
    ctx.done().recv();
}

fn ask(_: &Context) {}
