use gochan::prelude::*;
use gochan::sync::{Lazy, Once};

static FIRST: Lazy<u32> = Lazy::new(|| 1);
static SECOND: Lazy<u32> = Lazy::new(|| *FIRST + 1);
static INIT: Once = Once::new();

fn init() { INIT.call_once(|| work(*SECOND)); }
fn again() { init(); init(); }
fn two(a: &Once, b: &Once) { a.call_once(|| b.call_once(|| work(1))); }
