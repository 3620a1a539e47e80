use gochan::prelude::*;

fn example() {
    with_context!(ctx = background().with_timeout(Duration::from_secs(1)) => {
        run(&ctx);
    });
}
