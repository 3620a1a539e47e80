use gochan::prelude::*;

fn main() {
    let rx = chan!(i32);
    select! {
        <-rx => {}
        default => {}
        default => {}
    }
    select! {
        <-rx => {}
        default => {}
        else => {}
    }
    select! {
        else => {}
        <-rx => {}
        else => {}
    }
    select! {
        <-rx => {}
        _ => {}
    }
    select! {
        <-rx => {}
        default, if true => {}
    }
    select! {
        v = <-rx else { return } => println!("{v}"),
    }
}
