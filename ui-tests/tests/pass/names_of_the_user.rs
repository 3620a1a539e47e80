//! What a file calls its own constants, types and macros is its own affair: the expansions mean none of them.

#![deny(warnings)]
#![forbid(unsafe_code)]

mod lookalikes {
    pub struct Option;
    pub struct Result;
    pub struct Box;
    pub struct Drop;
    pub struct Fn;
    pub enum Some {}
    pub enum Ok {}
    pub mod std {}
    pub mod core {}
    #[allow(non_camel_case_types)]
    pub struct bool;
}

#[allow(non_upper_case_globals)]
mod program {
    #[allow(unused_imports, reason = "nothing may find them")]
    use super::lookalikes::*;

    static channel: i32 = 1;
    const value: i32 = 2;
    const result: i32 = 3;
    static on: i32 = 4;

    #[allow(unused_macros, reason = "nothing may find it")]
    macro_rules! unreachable {
        () => {
            ::std::compile_error!("not this one")
        };
    }

    pub fn run() {
        let ch = gochan::chan!(i32, 1);
        gochan::defer!(assert!(ch.is_closed()));
        let (open, job) = (true, channel + value + result + on);
        let sent = gochan::select! {
            ch <- job, if open => true,
            r = ch <- 1 + 1 => r.is_ok(),
        };
        assert!(sent && !ch.is_empty());
        let received = gochan::select! {
            n = <-ch, if open => n,
            n, ok = <-ch => if ok { n } else { 0 },
            Some(n) = <-ch => n,
            Some(n) = <-ch else { 0 }, if open => n,
        };
        assert!(received > 0);
        gochan::with_context!(ctx = gochan::context::background().with_cancel() => {
            gochan::go!([ctx, ch] { gochan::send!(ch <- if ctx.err().is_none() { 7 } else { 8 }) });
            gochan::recv!(ch);
        });
        gochan::close!(ch);
    }
}

#[gochan::main]
fn main() {
    program::run();
}
