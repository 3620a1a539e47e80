//! `process`: children that goroutines wait for.

use crate::common::until_waiting;
use crate::until_in_call;
use gochan::context::ContextError;
use gochan::prelude::*;
use gochan::process::{Child, Command, Stdio};
use std::io::{self, BufRead, BufReader, ErrorKind, Read, Write};
use std::time::{Duration, Instant};

fn shell(script: &str) -> Command {
    let mut command = Command::new("sh");
    command.args(["-c", script]);
    command
}

/// Soon, for a child that sleeps for much longer.
fn soon() -> Duration {
    Duration::from_secs(30)
}

fn context_of(error: &io::Error) -> Option<&ContextError> {
    error.get_ref()?.downcast_ref()
}

#[gochan::test]
fn io_11_a_child_is_started_and_waited_for() {
    let output = shell("echo out; echo err >&2; exit 3").output().unwrap();
    assert_eq!((output.stdout.as_slice(), output.stderr.as_slice()), (&b"out\n"[..], &b"err\n"[..]));
    assert_eq!(output.status.code(), Some(3));
    assert!(shell("exit 0").status().unwrap().success());
    let error = Command::new("/no/such/program").spawn().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    let mut command = shell("printf %s \"$WORD\"; pwd");
    let output = command.env("WORD", "word").current_dir("/").output().unwrap();
    assert_eq!(output.stdout, b"word/\n");
}

#[gochan::test]
fn io_11_a_conversation_by_pipes() {
    let mut child = Command::new("cat").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let (mut input, output) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
    let echo = go!({ BufReader::new(output).lines().map(Result::unwrap).collect::<Vec<_>>() });
    until_waiting(&echo);
    for line in ["one", "two"] {
        writeln!(input, "{line}").unwrap();
    }
    drop(input);
    assert_eq!(echo.join().unwrap(), ["one", "two"]);
    assert!(child.wait().unwrap().success());
}

#[gochan::test]
fn io_05_a_context_and_a_deadline_end_the_wait_for_a_pipe() {
    let mut child = shell("exec sleep 1000").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let (mut input, mut output) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
    output.set_deadline(Some(Instant::now() + Duration::from_millis(5))).unwrap();
    assert_eq!(output.read(&mut [0; 8]).unwrap_err().kind(), ErrorKind::TimedOut);
    output.set_deadline(None).unwrap();
    let (ctx, cancel) = background().with_cancel();
    let reading = go!([ctx] {
        let until = output.until(&ctx);
        let error = output.read(&mut [0; 8]).unwrap_err();
        drop(until);
        (error, output)
    });
    let writing = go!({
        let _until = input.until(&ctx);
        // Nothing reads it.
        input.write_all(&[0; 1 << 20]).unwrap_err()
    });
    until_waiting(&reading);
    until_waiting(&writing);
    cancel.cancel();
    let (error, output) = reading.join().unwrap();
    assert_eq!(context_of(&error), Some(&ContextError::Canceled));
    assert_eq!(context_of(&writing.join().unwrap()), Some(&ContextError::Canceled));
    // As std has it, it blocks until the end.
    child.kill().unwrap();
    let mut output = std::process::ChildStdout::from(output);
    assert_eq!(output.read(&mut [0; 8]).unwrap(), 0);
    child.wait().unwrap();
}

#[gochan::test]
fn io_11_one_child_feeds_another() {
    let mut first = shell("echo through two pipes").stdout(Stdio::piped()).spawn().unwrap();
    let second = Command::new("cat").stdin(first.stdout.take().unwrap()).stdout(Stdio::piped()).spawn();
    assert_eq!(second.unwrap().wait_with_output().unwrap().stdout, b"through two pipes\n");
    assert!(first.wait().unwrap().success());
}

#[gochan::test]
fn io_11_a_child_is_killed() {
    let mut child = shell("exec sleep 1000").spawn().unwrap();
    assert!(child.try_wait().unwrap().is_none());
    child.kill().unwrap();
    assert!(!child.wait().unwrap().success());
    assert!(child.try_wait().unwrap().is_some());
}

#[gochan::test]
fn io_11_a_context_leaves_the_wait_for_a_child() {
    let (ctx, cancel) = background().with_cancel();
    let child = Command::new("sleep").arg("1000").spawn().unwrap();
    let waiter = go!([ctx] {
        let mut child: Child = child;
        let result = child.wait_ctx(&ctx);
        child.kill().unwrap();
        assert!(!child.wait_ctx(&background()).unwrap().success());
        result
    });
    until_in_call(&waiter);
    let start = Instant::now();
    cancel.cancel();
    let error = waiter.join().unwrap().unwrap_err();
    assert_eq!((error.kind(), context_of(&error)), (ErrorKind::Other, Some(&ContextError::Canceled)));
    assert!(start.elapsed() < soon());
}

#[gochan::test]
fn io_11_a_context_that_goes_on_changes_nothing() {
    let (ctx, _cancel) = background().with_timeout(Duration::from_secs(600));
    for ctx in [ctx, background()] {
        let mut child = shell("exit 4").spawn().unwrap();
        assert_eq!(child.wait_ctx(&ctx).unwrap().code(), Some(4));
        assert_eq!(shell("exit 5").status_ctx(&ctx).unwrap().code(), Some(5));
        let output = shell("for n in 1 2 3; do echo $n; echo $n$n >&2; done").output_ctx(&ctx).unwrap();
        assert_eq!(
            (output.stdout.as_slice(), output.stderr.as_slice()),
            (&b"1\n2\n3\n"[..], &b"11\n22\n33\n"[..])
        );
        let long = shell("head -c 300000 /dev/zero").output_ctx(&ctx).unwrap();
        assert_eq!(long.stdout.len(), 300_000);
    }
}

#[gochan::test]
fn io_11_a_context_kills_what_was_started_with_it() {
    let start = Instant::now();
    let (ctx, _cancel) = background().with_timeout(Duration::from_millis(20));
    // The shell is killed; what it has started keeps the pipe, which is not waited for.
    let error = shell("echo begins; sleep 20; echo ends").output_ctx(&ctx).unwrap_err();
    assert_eq!(
        (error.kind(), context_of(&error)),
        (ErrorKind::TimedOut, Some(&ContextError::DeadlineExceeded))
    );
    let error = Command::new("sleep").arg("1000").status_ctx(&ctx).unwrap_err();
    assert_eq!(context_of(&error), Some(&ContextError::DeadlineExceeded));
    assert!(start.elapsed() < soon());
}

#[test]
fn io_11_plain_threads_wait_for_children_too() {
    let output = shell("echo out").output().unwrap();
    assert_eq!(output.stdout, b"out\n");
    let (ctx, _cancel) = background().with_timeout(Duration::from_millis(20));
    assert!(Command::new("sleep").arg("1000").output_ctx(&ctx).is_err());
    let mut child = shell("cat").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(b"text").unwrap();
    let mut text = String::new();
    child.stdout.take().unwrap().read_to_string(&mut text).unwrap();
    assert_eq!((text.as_str(), child.wait().unwrap().code()), ("text", Some(0)));
}
