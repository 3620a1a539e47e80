use gochan::prelude::*;

struct Server;

impl Server {
    fn run(self) {}

    fn start(self) {
        go!(self.run);
    }
}

fn work() {}

fn main() {
    Server.start();
    go!(work);
    go!(|| work());
    go!(|| { work() });
    go!(move || {
        work();
    });
    go!(|n: i32| { println!("{n}") });
}
