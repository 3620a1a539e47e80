//! Row DL-08: `#[gochan::test(explore = …)]`.

#[path = "../common/mod.rs"]
mod common;

mod all;
mod attribute;
mod classics;
mod endless;
mod ends;
mod limits;
mod patterns;
mod points;
mod programs;
mod report;
mod time;
mod trace;
