//! Every macro of gochan, used under the name that `Cargo.toml` gives the crate, and re-exported for
//! a crate that does not depend on gochan at all.

#![forbid(unsafe_code)]

pub use corridor;
use corridor::prelude::*;

/// Adds up to `n` in a goroutine.
pub fn sum(n: u32) -> u32 {
    let numbers = chan!(u32, 4);
    let total = chan!(u32);
    go!([numbers] {
        defer!(close!(numbers));
        for number in 1..=n {
            send!(numbers <- number);
        }
    });
    corridor::go!([numbers, total] {
        let sum = numbers.iter().sum();
        corridor::send!(total <- sum);
    });
    recv!(total)
}

/// Receives from the first of `numbers` that has something; 0 if both are closed.
pub fn either(numbers: [&Receiver<u32>; 2]) -> u32 {
    with_context!((ctx, cancel) = background().with_cancel() => {
        cancel.cancel();
        let none = 0;
        corridor::select! {
            Some(n) = <-numbers[0] => n,
            Some(n) = <-numbers[1] => n,
            chan!(u32) <- none, if ctx.err().is_none() => none,
            else => corridor::with_context!(inner = ctx.with_cancel() => inner.err().map_or(1, |_| none)),
        }
    })
}

/// The length of the first of `names`. Here the temporaries at the end of a block outlive its variables.
pub fn first_length(names: &Chan<std::cell::RefCell<String>>) -> usize {
    with_context!(ctx = background().with_cancel() => corridor::select! {
        name = <-names => name.borrow().len() + ctx.clone().done().len(),
        <-ctx.done() => 0,
    })
}

#[cfg(test)]
mod tests {
    use corridor::prelude::*;

    #[test]
    fn macros_work_under_another_name() {
        assert_eq!(super::sum(100), 5050);
        let (some, none) = (chan!(u32, 1), chan!(u32));
        send!(some <- 7);
        close!(some);
        close!(none);
        let either = || super::either([&none.receiver(), &some.receiver()]);
        assert_eq!((either(), either()), (7, 0));
        let names = chan!(std::cell::RefCell<String>, 1);
        send!(names <- "four".to_owned().into());
        assert_eq!(super::first_length(&names), 4);
    }
}
