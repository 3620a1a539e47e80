use gochan::prelude::*;
use std::sync::Mutex;

fn only_way(count: &Mutex<u32>, input: &Receiver<u32>) {
    let mut count = match count.lock() {
        Ok(count) => count,
        Err(_) => return,
    };
    *count += recv!(input); //~ guard_across_blocking
}

fn in_a_block(count: &Mutex<u32>, input: &Receiver<u32>) -> u32 {
    let before = {
        let count = match count.lock() {
            Ok(count) => count,
            Err(_) => return 0,
        };
        *count
    };
    before + recv!(input)
}

fn if_let(count: &Mutex<u32>, input: &Receiver<u32>) -> u32 {
    let before = {
        let count = if let Ok(count) = count.lock() { count } else { return 0 };
        *count
    };
    before + recv!(input)
}

fn dropped(count: &Mutex<u32>, input: &Receiver<u32>) {
    let count = match count.lock() {
        Ok(count) => count,
        Err(poisoned) => poisoned.into_inner(),
    };
    let before = *count;
    drop(count);
    println!("{}", before + recv!(input));
}

fn chosen(a: Option<Chan<u32>>, other: &Chan<u32>) {
    let ch = match a {
        Some(ch) => ch,
        None => other.clone(),
    };
    close!(ch);
    close!(other);
}

fn given(a: Option<Chan<u32>>) {
    let ch = match a {
        Some(ch) => ch,
        None => return,
    };
    close!(ch);
    close!(ch); //~ double_close
}
