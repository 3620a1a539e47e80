use gochan::prelude::*;

struct Job {
    id: i32,
}

fn main() {
    let job = Job { id: 1 };
    go!({
        let id = job. ;
    });
}
