use gochan::prelude::*;

use std::process::Command;
fn main() {
    go!({
        Command::new("true").status(); //~ blocking_io_in_goroutine
    });
    wait_for_all();
}
