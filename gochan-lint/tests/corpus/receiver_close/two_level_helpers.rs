use gochan::prelude::*;
fn finish(ch: &Chan<u32>) {
    end(ch);
}

fn end(ch: &Chan<u32>) {
    ch.close();
}

fn consume(ch: Chan<u32>) {
    for n in &ch {
        take(n);
    }
    finish(&ch); //~ receiver_close
}

fn read(ch: &Chan<u32>) -> Option<u32> {
    next(ch)
}

fn next(ch: &Chan<u32>) -> Option<u32> {
    ch.recv()
}

fn consume_through(ch: Chan<u32>) {
    while let Some(n) = read(&ch) {
        take(n);
    }
    close!(ch); //~ receiver_close
}

fn take(_: u32) {}
