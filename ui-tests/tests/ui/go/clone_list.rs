use gochan::prelude::*;

struct Server {
    jobs: Chan<i32>,
}

impl Server {
    fn start(&self) {
        go!([self] { });
        go!([self.jobs] { });
    }
}

struct NotClone;

fn main() {
    let jobs = chan!(i32);
    Server { jobs: jobs.clone() }.start();
    go!([&jobs] { });
    go!([jobs]);
    let fixed = NotClone;
    go!([fixed] { });
}
