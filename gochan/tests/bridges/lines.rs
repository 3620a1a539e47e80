//! `io::lines`: a reader as a channel of lines.

use crate::common::process::scenarios;
use crate::common::until;
use gochan::io::{lines, lines_ctx};
use gochan::prelude::*;
use gochan::process::{Command, Stdio};
use gochan::runtime::num_goroutine;
use std::io::{self, Read, Write};
use std::time::Duration;

scenarios!(lines_of_standard_input);

#[gochan::test]
fn io_11_lines_arrive_without_their_ends() {
    let texts: [(&[u8], &[&str]); 6] = [
        (b"", &[]),
        (b"\n", &[""]),
        (b"one\ntwo\r\n\r\nthree", &["one", "two", "", "three"]),
        (b"a\rb\n\r", &["a\rb", "\r"]),
        (b"\xff!\n", &["\u{fffd}!"]),
        (b"end\n", &["end"]),
    ];
    for (text, expected) in texts {
        assert_eq!(lines(text).iter().collect::<Vec<_>>(), expected);
    }
    let long = "x".repeat(50_000) + "\n";
    assert_eq!(lines(io::Cursor::new(long)).recv().map(|line| line.len()), Some(50_000));
}

#[gochan::test]
fn io_11_an_error_ends_the_lines() {
    struct Fails(Vec<io::Result<&'static [u8]>>);
    impl Read for Fails {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let bytes = self.0.pop().unwrap_or(Ok(b""))?;
            buffer[..bytes.len()].copy_from_slice(bytes);
            Ok(bytes.len())
        }
    }
    let interrupted = || Err(io::ErrorKind::Interrupted.into());
    let input =
        vec![Ok(&b"lost\n"[..]), Err(io::ErrorKind::BrokenPipe.into()), interrupted(), Ok(b"one\ntw")];
    assert_eq!(lines(Fails(input)).iter().collect::<Vec<_>>(), ["one"]);
}

#[gochan::test]
fn io_11_the_end_of_a_context_leaves_a_wait_for_input() {
    let (mut input, mut output) = io::pipe().unwrap();
    let (ctx, cancel) = background().with_cancel();
    let lines = lines_ctx(&ctx, input.try_clone().unwrap());
    output.write_all(b"one\n").unwrap();
    assert_eq!(lines.recv().as_deref(), Some("one"));
    cancel.cancel();
    assert_eq!(lines.recv(), None);
    // What has not been read stays there.
    output.write_all(b"two\n").unwrap();
    drop(output);
    let mut rest = String::new();
    input.read_to_string(&mut rest).unwrap();
    assert_eq!(rest, "two\n");
}

#[gochan::test]
fn io_11_the_end_of_a_context_leaves_a_line_that_nobody_takes() {
    let (ctx, cancel) = background().with_cancel();
    let (input, mut output) = io::pipe().unwrap();
    output.write_all(b"one\ntwo\n").unwrap();
    let lines = lines_ctx(&ctx, input);
    assert_eq!(lines.recv().as_deref(), Some("one"));
    cancel.cancel();
    until(|| lines.is_closed());
}

#[gochan::test]
fn io_11_without_a_receiver_the_next_line_ends_the_goroutine() {
    let before = num_goroutine();
    let (input, mut output) = io::pipe().unwrap();
    drop(lines(input));
    output.write_all(b"one\n").unwrap();
    until(|| num_goroutine() <= before);
}

#[gochan::test]
fn io_11_lines_of_a_child_until_a_context_ends() {
    let (ctx, cancel) = background().with_cancel();
    let mut child = Command::new("sh")
        .args(["-c", "echo one; echo two; exec sleep 1000"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = lines_ctx(&ctx, child.stdout.take().unwrap());
    assert_eq!((lines.recv().as_deref(), lines.recv().as_deref()), (Some("one"), Some("two")));
    cancel.cancel();
    assert_eq!(lines.recv(), None);
    child.kill().unwrap();
    child.wait().unwrap();
}

#[gochan::main]
fn lines_of_standard_input() {
    let (ctx, _cancel) = background().with_timeout(Duration::from_secs(600));
    let lines = lines_ctx(&ctx, io::stdin());
    println!("{:?}", lines.iter().collect::<Vec<_>>());
}

#[test]
fn io_11_standard_input_by_lines() {
    // It is empty.
    scenario("lines_of_standard_input").run().prints("[]\n");
}
