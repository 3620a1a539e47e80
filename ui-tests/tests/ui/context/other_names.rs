use gochan::prelude::*;

fn main() {
    let ctx = Context::background();
    if ctx.is_cancelled() {
        println!("ended");
    }
}
