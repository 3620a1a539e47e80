//! What was sent is the receiver's: no destructor may look at it any more.

use gochan::prelude::*;

struct Witness<'a>(&'a String, Chan<()>);

impl Drop for Witness<'_> {
    fn drop(&mut self) {
        println!("{}", self.0);
    }
}

fn park(_: &Chan<String>) -> ! {
    loop {
        let (tx, done) = (chan!(String), chan!(()));
        let job = String::from("job");
        select! {
            tx <- job => {}
            <-Witness(&job, done).1 => {}
        }
    }
}

fn main() {
    let (tx, done) = (chan!(String), chan!(()));
    let job = String::from("job");
    select! {
        tx <- job => {}
        <-Witness(&job, done).1 => {}
    }
    park(&tx);
}
