//! What may stand for a channel or a value, and that `<-` is no comparison.

use gochan::prelude::*;

#[derive(Default)]
struct Holder {
    ch: Chan<i32>,
    all: [Chan<i32>; 1],
}

fn make<T>(capacity: usize) -> Chan<T> {
    chan!(T, capacity)
}

fn main() {
    let ch = chan!(i32, 16);
    let holder = Holder { ch: ch.clone(), all: [ch.clone()] };
    let (tx, rx) = (ch.sender(), ch.receiver());
    let reference = &&ch;
    let option = Some(ch.clone());
    let (a, b) = (3, 4);

    send!(ch <- 1);
    send!(ch<-1);
    send!(&ch <- -1);
    send!(*reference <- 1);
    send!(reference <- 1);
    send!(holder.ch <- 1);
    send!(holder.all[0] <- i32::from(a < -b));
    send!(tx <- 1);
    send!(&tx <- { let x = 1; x });
    send!(option <- if a < b { 1 } else { 2 });
    send!(if a < b { &ch } else { &holder.ch } <- 1);
    send!(make::<i32>(1) <- 1);
    send!(ch.sender() <- recv!(ch));

    assert_eq!(recv!(rx), 1);
    assert_eq!(recv!(&rx), -1);
    assert_eq!(recv!(holder.ch, ok), (1, true));
    assert_eq!(recv!(reference), 1);
    assert_eq!(recv!(option), 1);
    close!(&tx);
    assert_eq!(ch.iter().count(), 6);
    assert_eq!(recv!(ch, ok), (0, false));

    // The element type is known before the value is read: closures and boxes need no annotation.
    let calls = chan!(Box<dyn Fn(&str) -> usize + Send>, 1);
    send!(calls <- Box::new(|text| text.len()));
    assert_eq!(calls.recv().unwrap()("four"), 4);
}
