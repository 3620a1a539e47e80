use gochan::prelude::*;

pub fn stop(jobs: &Chan<u32>) {
    close!(jobs);
}
