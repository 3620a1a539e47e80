use gochan::prelude::*;

fn run(name: &str, out: &Chan<usize>) {
    send!(out <- name.len());
}

fn main() {
    let (name, out) = (String::from("gopher"), chan!(usize));
    go!([out] run(&name, &out));
    recv!(out);
}
