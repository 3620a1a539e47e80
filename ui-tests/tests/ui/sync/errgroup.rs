//! A group of which nothing says what its errors are.

use gochan::prelude::*;
use gochan::sync::errgroup::{self, Group};

fn main() {
    let group = Group::new();
    group.go(|| {
        println!("{}", "1".parse::<u8>()?);
        Ok(())
    });
    drop(group.wait());

    let (group, ctx) = Group::with_context(&background());
    group.go(move || {
        ctx.check()?;
        Ok(())
    });
    drop(group.wait());

    // These know it.
    let group = errgroup::group();
    group.go(|| Ok(drop("1".parse::<u8>()?)));
    let group = Group::<std::num::ParseIntError>::new();
    group.go(|| Ok(drop("1".parse::<u8>()?)));
    drop(group.wait());
}
