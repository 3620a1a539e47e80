use gochan::prelude::*;

fn read_in_the_arm(a: &Receiver<u32>, b: &Receiver<u32>) -> u32 {
    let mut n = 0;
    select! {
        n = <-a => println!("{n}"),
        m = <-b => n += m,
    }
    select! {
        n = <-a => return n,
        <-b => {}
    }
    n
}
fn not_mutable(a: &Receiver<u32>, b: &Receiver<u32>) {
    let n = 1;
    select! {
        n = <-a => {}
        <-b => println!("{n}"),
    }
}
fn assigned(a: &Receiver<u32>, b: &Receiver<u32>) -> u32 {
    let mut n = 0;
    select! {
        value = <-a => n = value,
        <-b => {}
    }
    n
}
fn ignored(a: &Receiver<u32>, b: &Receiver<u32>) {
    select! {
        _n = <-a => {}
        <-b => {}
    }
}
