//! Many speakers, one listener: three goroutines send into one channel.
//!
//! ```text
//! $ cargo run --bin fan_in
//! ann said: good news everyone
//! bob said: have you tried turning it off
//! cat said: meow
//! heard 10 words from 3 speakers
//! ```
//!
//! Between the speakers any order may happen; what one speaker says arrives in the order it was
//! said. So the listener sorts by speaker and finds each sentence whole.

use std::collections::BTreeMap;

use gochan::prelude::*;

/// Who speaks, and what.
const SPEECHES: [(&str, &str); 3] =
    [("ann", "good news everyone"), ("bob", "have you tried turning it off"), ("cat", "meow")];

/// One word and its speaker.
type Said = (&'static str, &'static str);

/// Sends the speech word by word.
fn speak(name: &'static str, speech: &'static str, out: &Sender<Said>) {
    for word in speech.split(' ') {
        send!(out <- (name, word));
    }
}

#[gochan::main]
fn main() {
    let words = chan!(Said);
    let wg = WaitGroup::new();

    for (name, speech) in SPEECHES {
        wg.add(1);
        go!([words, wg] {
            defer!(wg.done());
            speak(name, speech, &words.sender());
        });
    }
    // Only when all have spoken may the channel be closed, and only one may do it.
    go!([words] {
        wg.wait();
        close!(words);
    });

    let mut heard = BTreeMap::<_, Vec<_>>::new();
    for (name, word) in &words {
        heard.entry(name).or_default().push(word);
    }
    for (name, words) in &heard {
        println!("{name} said: {}", words.join(" "));
    }
    let count: usize = heard.values().map(Vec::len).sum();
    println!("heard {count} words from {} speakers", heard.len());
}
