use gochan::prelude::*;

fn work(names: &[String]) {
    println!("{}", names.len());
}

fn main() {
    let names = vec!["a".to_owned()];
    go!(work(&names));
}
