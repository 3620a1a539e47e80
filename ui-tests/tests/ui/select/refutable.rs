use gochan::prelude::*;

fn main() {
    let results = chan!(Result<i32, String>);
    let options = chan!(Option<i32>);
    let numbers = chan!(i32);
    select! {
        Some(Ok(v)) = <-results => println!("{v}"),
    }
    select! {
        Some(Some(v)) = <-options else { return } => println!("{v}"),
    }
    select! {
        1 = <-numbers => {}
    }
    select! {
        v, true = <-numbers => println!("{v}"),
    }
    select! {
        Ok(()) = numbers <- 1 => {}
    }
}
