//! The macros need nothing in scope; a clone list calls `.clone()`, as one would by hand.

#![no_implicit_prelude]

use ::std::clone::Clone as _;

#[::gochan::main(stack_size = 4 << 20)]
fn main() -> ::std::result::Result<(), ::std::string::String> {
    let ch = ::gochan::chan!(i32, 1);
    let send = 1;
    {
        ::gochan::defer!(::gochan::close!(ch));
        ::gochan::send!(ch <- send);
    }
    let go = ::gochan::go!([ch] { ::gochan::recv!(ch, ok) });
    ::std::assert!(::std::matches!(go.join(), ::std::result::Result::Ok((1, true))));
    let three = 3;
    let sum = ::gochan::select! {
        n, ok = <-ch => if ok { n } else { 1 },
        Some(n) = <-ch => n,
        ::gochan::chan!(i32) <- three => three,
        r = ::gochan::chan!(i32) <- 4 => if ::std::matches!(r, ::std::result::Result::Ok(())) { 4 } else { 5 },
    };
    ::std::assert_eq!(sum, 1);
    ::gochan::with_context!((ctx, cancel) = ::gochan::context::background().with_cancel() => {
        cancel.cancel();
        ::gochan::select! { <-ctx.done() => {} }
    });
    ::std::result::Result::Ok(())
}
