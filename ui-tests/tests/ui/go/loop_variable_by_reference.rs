use gochan::prelude::*;

fn main() {
    let names = vec!["a".to_owned(), "b".to_owned()];
    for name in &names {
        go!({
            println!("{name}");
        });
    }
}
