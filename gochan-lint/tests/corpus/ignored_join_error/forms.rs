use gochan::prelude::*;

fn underscore() {
    let handle = go!({ parse().unwrap() });
    let _ = handle.join(); //~ ignored_join_error
}
fn by_ok() {
    let handle = go!({ work(1); panic!("x") });
    handle.join().ok(); //~ ignored_join_error
}
fn direct() {
    let _ = go!(parse_all()).join(); //~ ignored_join_error
}
fn parse_all() -> u32 { "1".parse().unwrap() }
