use gochan::prelude::*;

struct Job;

fn main() {
    let jobs = chan!(Job);
    let _ = recv!(jobs);
    let (_, _) = recv!(jobs, ok);
}
