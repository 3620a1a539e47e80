use gochan::prelude::*;

fn one(a: &Receiver<u32>, b: &Receiver<u32>) -> u32 {
    let mut n = 0;
    select! {
        n = <-a => {} //~ select_shadows
        m = <-b => n += m,
    }
    n
}
fn in_a_loop(a: &Receiver<u32>, done: &Receiver<()>) -> u32 {
    let mut last = 0;
    loop {
        select! {
            last = <-a => println!("got one"), //~ select_shadows
            <-done => break,
        }
    }
    last
}
fn of_a_parameter(mut level: u32, a: &Receiver<u32>, quit: &Receiver<()>) -> u32 {
    select! {
        level = <-a => {} //~ select_shadows
        <-quit => level = 0,
    }
    level
}
