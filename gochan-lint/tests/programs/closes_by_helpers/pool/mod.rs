pub mod worker;

use gochan::prelude::*;

pub fn feed(jobs: &Chan<u32>) {
    for n in 0..4 { send!(jobs <- n); }
    finish(jobs);
}

/// Closes nothing, unlike the function of this name in `net`.
fn finish(jobs: &Chan<u32>) {
    println!("{} jobs", jobs.len());
}

/// Of one name with the function of the module below, which closes.
pub fn stop(jobs: &Chan<u32>) {
    println!("{} left", jobs.len());
}
