//! Goroutines, what user code may do in them, and `#[gochan::test]`.

#[path = "../common/mod.rs"]
mod common;

mod auto_traits;
mod forgotten;
mod go_arguments;
mod go_programs;
mod goroutine;
mod joins;
mod locals;
mod macro_operands;
mod patterns;
mod scope_handles;
mod scopes;
mod surface;
mod test_attribute;
mod wakers;
