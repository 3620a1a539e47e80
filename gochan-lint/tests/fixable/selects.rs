use gochan::prelude::*;
use gochan::sync::{Mutex, RwLock};
use gochan::time::after;
use std::time::Duration;

struct Inbox {
    ch: Chan<u32>,
}
impl Inbox {
    fn next(&self) -> u32 {
        select! { n = <-self.ch => n }
    }
    fn put(&self, n: u32) {
        select! {
            self.ch <- n => println!("sent"),
        }
    }
}
fn one(ch: &Chan<u32>) -> u32 {
    let n = select! {
        n = <-ch => n + 1,
    };
    select! {
        _ = <-ch => {}
    }
    select! { <-ch => println!("got") }
    select! { <-after(Duration::from_millis(1)) => {} }
    for _ in 0..3 {
        select! {
            m = <-ch => {
                if m > 3 {
                    break;
                }
                continue;
            }
        }
    }
    n
}
fn pattern(pairs: &Receiver<(u32, u32)>) -> u32 {
    select! { (a, b) = <-pairs => a + b }
}
fn checked(ch: &Receiver<u32>) -> Option<u32> {
    select! {
        n, ok = <-ch => if ok { Some(n) } else { None },
    }
}
fn guarded(m: &Mutex<u32>, rw: &RwLock<u32>) {
    {
        let _ = m.lock();
        println!("guarded");
    }
    let _ = rw.write();
    *rw.write() += 1;
    let (_, n) = (m.lock(), 1);
    println!("{n}");
}
fn assigned(m: &Mutex<u32>) -> u32 {
    let n;
    (_, n) = (m.lock(), 2);
    n
}
