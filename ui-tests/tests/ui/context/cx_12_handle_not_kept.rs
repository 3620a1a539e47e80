#![deny(unused_must_use)]

use gochan::prelude::*;
use std::time::Duration;

fn main() {
    background().with_cancel();
    background().with_timeout(Duration::from_secs(1)).1;
}
