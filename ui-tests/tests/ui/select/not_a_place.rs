use gochan::prelude::*;

#[allow(non_upper_case_globals)]
const job: String = String::new();

fn main() {
    let tx = chan!(String);
    select! {
        tx <- job => {}
    }
}
