use gochan::prelude::*;
use gochan::sync::RwLock;
use std::sync::Arc;

static TABLE: RwLock<u32> = RwLock::new(1);

fn of_a_static() -> u32 {
    let first = TABLE.read();
    let second = TABLE.read(); //~ recursive_read
    *first + *second
}
fn writes() {
    *TABLE.write() += 1;
}
fn of_a_local() {
    let table = Arc::new(RwLock::new(1));
    go!([table] {
        *table.write() += 1;
    });
    let first = table.read();
    if *first > 0 {
        println!("{}", *table.read()); //~ recursive_read
    }
}
fn matched(table: &RwLock<Option<u32>>) -> u32 {
    match *table.read() {
        Some(n) => n + table.read().unwrap_or(0), //~ recursive_read
        None => 0,
    }
}
fn owner() {
    let table = RwLock::new(Some(1));
    *table.write() = None;
    println!("{}", matched(&table));
}
