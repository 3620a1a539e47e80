use gochan::prelude::*;

fn after_the_loop(n: u32) {
    let wg = WaitGroup::new();
    for i in 0..n {
        wg.go(move || println!("{i}"));
    }
    wg.wait();
}
fn batches(chunks: &[Vec<u32>]) {
    let wg = WaitGroup::new();
    for chunk in chunks {
        for &n in chunk {
            wg.go(move || println!("{n}"));
        }
        wg.wait();
    }
}
fn every_tenth(list: &[u32]) {
    let wg = WaitGroup::new();
    for (i, &n) in list.iter().enumerate() {
        wg.go(move || println!("{n}"));
        if i % 10 == 9 {
            wg.wait();
        }
    }
    wg.wait();
}
fn two_halves(list: &[(u32, u32)]) {
    for &(left, right) in list {
        let wg = WaitGroup::new();
        wg.go(move || println!("{left}"));
        wg.go(move || println!("{right}"));
        wg.wait();
    }
}
fn render(_: u32) {}
fn beside_own_work(frames: &[u32]) {
    let wg = WaitGroup::new();
    for &frame in frames {
        wg.go(move || println!("save {frame}"));
        render(frame);
        wg.wait();
    }
}
