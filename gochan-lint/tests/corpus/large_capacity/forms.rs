use gochan::prelude::*;

fn literal() -> Chan<u32> { chan!(u32, 1000) } //~ large_capacity
fn grouped() -> Chan<u32> { chan!(u32, 1_000_000) } //~ large_capacity
fn method() -> Chan<u32> { Chan::with_capacity(4096) } //~ large_capacity
fn product() -> Chan<u32> { chan!(u32, 64 * 1024) } //~ large_capacity
fn shifted() -> Chan<u32> { chan!(u32, 1 << 16) } //~ large_capacity
fn suffixed() -> Chan<u32> { chan!(u32, 2000usize) } //~ large_capacity
