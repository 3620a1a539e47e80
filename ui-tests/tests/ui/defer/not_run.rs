use gochan::prelude::*;

struct Server {
    stop: fn(),
}

fn clean_up() {}

fn main() {
    let server = Server { stop: clean_up };
    defer!();
    defer!(clean_up);
    defer!(server.stop);
    defer!(|| clean_up());
    defer!(|| { clean_up() }());
    defer!(move || { clean_up() });
    defer!(go!(clean_up));
    defer! { |n: i32| { println!("{n}") }(1) }
}
