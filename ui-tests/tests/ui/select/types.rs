use std::sync::Arc;

use gochan::prelude::*;

struct Job;

fn main() {
    let (numbers, words, jobs) = (chan!(i32), chan!(&'static str), chan!(Box<dyn Fn() + Send>));
    let (n, owned, job) = (1, String::from("owned"), Box::new(|| {}));
    select! {
        words <- n => {}
    }
    select! {
        words <- n + 1 => {}
    }
    select! {
        words <- &owned => {}
        words <- owned => {}
    }
    select! {
        jobs <- job => {}
    }
    // What a reference coerces to is not what is sent.
    let (shared, boxed, texts) = (Arc::new(String::new()), Box::new(String::new()), chan!(String));
    select! {
        texts <- shared => {}
        texts <- boxed => {}
    }
    select! {
        numbers <- 1, if n => {}
    }
    let _: i32 = select! {
        <-numbers => 1,
        <-words => "two",
    };
    let _ = select! {
        <-numbers => 1,
        <-words => {
            println!("two");
            "two"
        }
    };
    select! {
        v = <-numbers => missing(v),
    }
    select! {
        <-missing => {}
    }
}
