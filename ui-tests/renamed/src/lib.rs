//! Every macro of gochan, used under the name that `Cargo.toml` gives the crate, and re-exported for
//! a crate that does not depend on gochan at all.

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

#[cfg(test)]
mod tests {
    #[test]
    fn macros_work_under_another_name() {
        assert_eq!(super::sum(100), 5050);
    }
}
