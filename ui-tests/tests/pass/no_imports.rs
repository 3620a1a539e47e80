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
    ::std::result::Result::Ok(())
}
