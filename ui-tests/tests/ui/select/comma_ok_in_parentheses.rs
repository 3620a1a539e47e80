use gochan::prelude::*;

fn main() {
    let rx = chan!(i32);
    select! { (v, ok) = <-rx => println!("{v} {ok}") }
    select! { (_, more) = <-rx => println!("{more}") }
}
