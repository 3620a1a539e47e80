//! The feature `tracing` with the formatter of `tracing-subscriber`: the current span is the goroutine's, also across waits
//! and where goroutines take turns on one worker.

use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use crate::common::process::scenarios;
use gochan::Builder;
use gochan::Placement;
use gochan::prelude::*;
use tracing::{info, info_span, instrument};
use tracing_subscriber::fmt::MakeWriter;

scenarios!(lines_of_two_pairs);

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Lines {
    /// Each line's spans, without those of the runtime, and its text.
    fn read(&self) -> Vec<(String, String)> {
        let text = String::from_utf8(self.0.lock().unwrap().clone()).unwrap();
        text.lines()
            .map(|line| {
                let line =
                    line.trim().strip_prefix("goroutine{").expect("the goroutine's span is the outermost");
                let (_, line) = line.split_once("}:").expect("it has fields");
                let (spans, said) = line.rsplit_once(": ").unwrap_or(("", line));
                (spans.to_owned(), said.trim().to_owned())
            })
            .collect()
    }
}

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Lines {
    type Writer = Lines;

    fn make_writer(&'a self) -> Lines {
        self.clone()
    }
}

/// A partner in a conversation of so many rounds.
#[instrument(skip_all)]
fn ask(out: &Sender<u32>, back: &Receiver<u32>) {
    for n in 0..3 {
        let inner = info_span!("asking", n);
        let _entered = inner.enter();
        info!("before {n}");
        out.send(n).unwrap();
        info!("between {n}");
        assert_eq!(back.recv(), Some(n));
        info!("after {n}");
    }
    info!("done");
}

#[instrument(skip_all)]
fn answer(from: &Receiver<u32>, to: &Sender<u32>) {
    for n in from {
        info!("got {n}");
        let inner = info_span!("answering", n);
        inner.in_scope(|| {
            to.send(n).unwrap();
            info!("gave {n}");
        });
        info!("goes on {n}");
    }
    info!("ends");
}

fn lines_of_two_pairs() {
    let lines = Lines::default();
    let subscriber = tracing_subscriber::fmt()
        .with_writer(lines.clone())
        .with_ansi(false)
        .with_level(false)
        .with_target(false)
        .without_time()
        .finish();
    tracing::subscriber::set_global_default(subscriber).unwrap();
    let spawn = || Builder::new().placement(Placement::Worker(0));
    let pair = || {
        let ((out, from), (to, back)) = (chan!(u32).split(), chan!(u32).split());
        let asker = spawn().spawn(move || ask(&out, &back));
        [asker, spawn().spawn(move || answer(&from, &to))]
    };
    let goroutines = [pair(), pair()];
    goroutines.into_iter().flatten().for_each(|goroutine| goroutine.join().unwrap());
    spawn().spawn(|| info!("outside")).join().unwrap();

    let mut seen = lines.read();
    let mut expected = vec![(String::new(), "outside".to_owned())];
    for _ in 0..2 {
        for n in 0..3 {
            for said in ["before", "between", "after"] {
                expected.push((format!("ask:asking{{n={n}}}"), format!("{said} {n}")));
            }
            expected.push(("answer".to_owned(), format!("got {n}")));
            expected.push((format!("answer:answering{{n={n}}}"), format!("gave {n}")));
            expected.push(("answer".to_owned(), format!("goes on {n}")));
        }
        expected.push(("ask".to_owned(), "done".to_owned()));
        expected.push(("answer".to_owned(), "ends".to_owned()));
    }
    seen.sort();
    expected.sort();
    assert_eq!(seen, expected);
}

/// The subscriber is the process's.
#[test]
fn spans_that_are_entered_across_waits_are_the_goroutines_own() {
    scenario("lines_of_two_pairs").run().prints("");
}
