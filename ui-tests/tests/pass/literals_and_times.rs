//! A string literal takes the channel's type, and a channel of times has a zero value.

use gochan::prelude::*;
use gochan::time::Ticker;
use std::borrow::Cow;
use std::time::{Duration, Instant};

fn borrowed<'a>(names: &Chan<&'a str>) -> &'a str {
    send!(names <- "borrowed");
    recv!(names)
}

fn relay<T: Default + Send + 'static>(from: Chan<T>) -> T {
    recv!(from)
}

fn main() {
    let owned = chan!(String, 2);
    send!(owned <- "a");
    select! { owned <- "b" => {} }
    assert_eq!((recv!(owned), recv!(owned)), ("a".to_owned(), "b".to_owned()));
    let (plain, boxed, cow) = (chan!(_, 1), chan!(Box<str>, 1), chan!(Cow<'static, str>, 1));
    send!(plain <- "c");
    send!(boxed <- "d");
    send!(Some(&cow) <- "e");
    assert_eq!((recv!(plain), &*recv!(boxed), &*recv!(cow)), ("c", "d", "e"));
    assert_eq!(borrowed(&chan!(&str, 1)), "borrowed");

    let start = Instant::now();
    let ticker = Ticker::new(Duration::from_millis(1));
    assert!(recv!(ticker.channel()) > start);
    select! { now = <-ticker.channel() => assert!(now > start) }
    let times = chan!(Instant);
    close!(times);
    let zero = recv!(times);
    assert!(zero <= recv!(ticker.channel()));
    assert_eq!(recv!(times, ok), (zero, false));
    select! { time, ok = <-times => assert_eq!((time, ok), (zero, false)) }

    let numbers = chan!(i32);
    close!(numbers);
    assert_eq!(relay(numbers), 0);
    select! { (a, ok) = <-after_pair() => assert_eq!((a, ok), (1, true)) }
}

fn after_pair() -> Receiver<(i32, bool)> {
    let pairs = chan!((i32, bool), 1);
    send!(pairs <- (1, true));
    pairs.receiver()
}
