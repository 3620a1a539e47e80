//! The procedural macros behind [gochan]; use that crate, not this one.
//!
//! Each macro is a pipeline of two stages: `gochan-syntax` parses, and a function in the file named after the macro
//! turns the parsed type into tokens. The tokens call into `gochan::__private`, which is reached through the `$crate`
//! that gochan's `macro_rules!` wrappers put before the input, so that a renamed or re-exported gochan works.
//!
//! [gochan]: https://docs.rs/gochan

use proc_macro::TokenStream;

mod chan;
mod close;
mod context;
mod defer;
mod expand;
mod go;
mod local;
mod main_test;
mod manifest;
#[cfg(test)]
mod mutants;
mod recv;
mod select;
mod send;
#[cfg(test)]
mod snapshots;

/// Expands `gochan::go!`.
#[proc_macro]
pub fn go(input: TokenStream) -> TokenStream {
    expand::expression_or(input.into(), go::expand, go::remains).into()
}

/// Expands `gochan::chan!`.
#[proc_macro]
pub fn chan(input: TokenStream) -> TokenStream {
    expand::typed_expression(input.into(), chan::expand).into()
}

/// Expands `gochan::send!`.
#[proc_macro]
pub fn send(input: TokenStream) -> TokenStream {
    expand::expression(input.into(), send::expand).into()
}

/// Expands `gochan::recv!`.
#[proc_macro]
pub fn recv(input: TokenStream) -> TokenStream {
    expand::expression_or(input.into(), recv::expand, recv::remains).into()
}

/// Expands `gochan::close!`.
#[proc_macro]
pub fn close(input: TokenStream) -> TokenStream {
    expand::expression(input.into(), close::expand).into()
}

/// Expands `gochan::select!`.
#[proc_macro]
pub fn select(input: TokenStream) -> TokenStream {
    expand::expression_or(input.into(), select::expand, select::remains).into()
}

/// Expands `gochan::with_context!`.
#[proc_macro]
pub fn with_context(input: TokenStream) -> TokenStream {
    expand::expression_or(input.into(), context::expand, context::remains).into()
}

/// Expands `gochan::defer!`.
#[proc_macro]
pub fn defer(input: TokenStream) -> TokenStream {
    expand::statement(input.into(), defer::expand, defer::remains).into()
}

/// The error for what `gochan::runtime::local!` does not accept.
#[proc_macro]
pub fn local(input: TokenStream) -> TokenStream {
    local::refuse(input.into()).into()
}

/// Makes `main` goroutine 1: the program ends when it returns, even if other goroutines still run.
///
/// The function takes no arguments and returns a type that an ordinary `main` may return.
///
/// * `stack_size = bytes` sets its stack (8 MiB unless given).
/// * `workers = number`, `backend = "threads"` (or `"virtual"`), `on_panic = "abort"` and `stuck_after = "1s"` are settings of the runtime: the
///   methods of `gochan::runtime::Builder`. They also take expressions, such as `Backend::Threads`, except for `stuck_after`.
///   The environment's `GOCHAN_…` variables come before them.
/// * `settings = function` calls the function for a `gochan::runtime::Builder` that has further settings. The others above
///   are added to it. The body is too late to install settings, since it runs as a goroutine.
/// * `crate = path` is the path of gochan, for a program that reaches it through another crate. A rename in
///   `Cargo.toml` is found automatically.
///
/// ```ignore
/// #[gochan::main(stack_size = 64 << 20)]
/// fn main() -> Result<(), std::io::Error> {
///     Ok(())
/// }
/// ```
#[proc_macro_attribute]
pub fn main(args: TokenStream, item: TokenStream) -> TokenStream {
    main_test::expand_main(args.into(), item.into()).into()
}

/// Makes a test of a function that uses goroutines.
///
/// The body runs as a goroutine; the test also fails if goroutines are left or have panicked, on deadlock and after a
/// timeout. The arguments are described in the module of the same name:
/// [`gochan::test`](https://docs.rs/gochan/latest/gochan/test/).
///
/// ```ignore
/// #[gochan::test(timeout = "5s")]
/// fn answers() {
///     let ch = chan!(i32);
///     go!([ch] { send!(ch <- 42) });
///     assert_eq!(recv!(ch), 42);
/// }
/// ```
#[proc_macro_attribute]
pub fn test(args: TokenStream, item: TokenStream) -> TokenStream {
    main_test::expand_test(args.into(), item.into()).into()
}
