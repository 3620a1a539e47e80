use gochan::prelude::*;
fn start(handlers: &[fn()], table: &Table) {
    go!(handlers[0]());
    go!((table.f)());
    go!(table.get("a").unwrap()());
    go!(Box::new(|| work())());
    go!(<Table as Run>::run(table.clone()));
    go!({
        let f = || work();
        f()
    });
    let make = || move || work();
    go!(make()());
    go!(async_block_driver(async { work() }));
}

fn work() {}
