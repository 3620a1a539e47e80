//! Row GO-28: what a `go!` in call form evaluates now, and what its goroutine owns.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::*};

use gochan::prelude::*;
use gochan::time;

fn length(text: &str) -> usize {
    text.len()
}

fn name_of(ctx: &Context, suffix: String) -> String {
    format!("{}{suffix}", ctx.value::<&str>().map_or("nameless", |name| *name))
}

#[gochan::test]
fn go_28_a_borrowed_name_of_the_list_is_the_goroutines_own() {
    let ctx = background().with_value("named");
    let handle = go!([ctx] name_of(&ctx, "!".to_owned()));
    assert_eq!(handle.join().unwrap(), "named!");
    // The caller keeps its own.
    assert_eq!(name_of(&ctx, String::new()), "named");
}

#[derive(Clone)]
struct Job {
    text: String,
    parts: [String; 2],
    alive: Arc<()>,
}

impl Job {
    fn new() -> Job {
        Job { text: "text".to_owned(), parts: ["a".to_owned(), "long part".to_owned()], alive: Arc::new(()) }
    }

    fn is_held_by(&self, holders: usize) -> bool {
        Arc::strong_count(&self.alive) == holders
    }

    fn text(&self) -> &str {
        &self.text
    }

    fn grow(&mut self, by: &str) -> usize {
        self.text.push_str(by);
        self.text.len()
    }
}

/// Waits for `gate`, then returns the length of `text`.
fn length_after(gate: Receiver<()>, text: &str) -> usize {
    recv!(gate, ok);
    text.len()
}

#[gochan::test]
fn go_28_fields_and_constant_indices_of_a_name_are_borrowed_there_too() {
    let job = Job::new();
    assert_eq!(go!([job] length(&job.text)).join().unwrap(), 4);
    assert_eq!(go!([job] length(&job.parts[1])).join().unwrap(), 9);
    assert_eq!(go!([job] length(&*job.parts[1])).join().unwrap(), 9);
    let text = Arc::new("shared".to_owned());
    assert_eq!(go!([text] length(&text)).join().unwrap(), 6);
}

#[gochan::test]
fn go_28_a_goroutine_owns_the_whole_of_what_it_borrows_a_part_of() {
    let job = Job::new();
    let gate = chan!(());
    let handle = go!([job] length_after(gate.receiver(), &job.text));
    time::sleep(std::time::Duration::from_millis(1));
    assert!(job.is_held_by(2), "the clone has gone before its goroutine");
    close!(gate);
    assert_eq!(handle.join().unwrap(), 4);
    assert!(job.is_held_by(1), "the clone has stayed");
}

fn push(list: &mut Vec<u32>, n: u32) -> Vec<u32> {
    list.push(n);
    std::mem::take(list)
}

#[gochan::test]
fn go_28_a_name_or_a_value_may_be_borrowed_to_be_changed() {
    let list = vec![1];
    assert_eq!(go!([list] push(&mut list, 2)).join().unwrap(), [1, 2]);
    assert_eq!(go!([mut list] push(&mut list, 3)).join().unwrap(), [1, 3]);
    assert_eq!(go!(push(&mut Vec::new(), 4)).join().unwrap(), [4]);
    assert_eq!(list, [1]);
}

struct Tree(u32, Option<Box<Tree>>);

fn tree(depth: u32) -> Tree {
    Tree(depth, (depth > 0).then(|| Box::new(tree(depth - 1))))
}

fn walk(tree: &Tree, out: Chan<u32>) {
    send!(out <- tree.0);
    if let Some(below) = &tree.1 {
        walk(below, out);
    }
}

#[gochan::test]
fn go_28_a_borrowed_value_is_made_now_and_owned_by_the_goroutine() {
    let out = chan!(u32, 4);
    go!(walk(&tree(3), out.clone())).join().unwrap();
    close!(out);
    assert_eq!(out.iter().collect::<Vec<_>>(), [3, 2, 1, 0]);
    assert_eq!(go!(length(&format!("{}{}", 1, 23))).join().unwrap(), 3);
    assert_eq!(go!(length(&Job::new().text)).join().unwrap(), 4);

    let made = AtomicU32::new(0);
    let make = || made.fetch_add(1, SeqCst).to_string();
    let handle = go!(length(&make()));
    // Not only before the join, but before `go!` has returned.
    assert_eq!(made.load(SeqCst), 1);
    assert_eq!(handle.join().unwrap(), 1);
}

fn total(numbers: &'static [u32]) -> u32 {
    numbers.iter().sum()
}

static NUMBERS: [u32; 3] = [1, 2, 3];

#[gochan::test]
fn go_28_what_lives_for_ever_is_borrowed_as_it_is() {
    assert_eq!(go!(total(&[4, 5])).join().unwrap(), 9);
    assert_eq!(go!(total(&NUMBERS)).join().unwrap(), 6);
    assert_eq!(go!(total(&NUMBERS[1..])).join().unwrap(), 5);
}

#[gochan::test]
fn go_28_a_chain_from_a_name_of_the_list_runs_in_the_goroutine() {
    let ch = chan!(u64);
    let sum = go!([ch] ch.iter().sum::<u64>());
    let even = go!([ch] ch.iter().filter(|n| n % 2 == 0).take(even_ones()).count());
    for n in [2, 4, 6, 8] {
        send!(ch <- n);
    }
    close!(ch);
    let (sum, even) = (sum.join().unwrap(), even.join().unwrap());
    assert!(sum <= 20 && even <= 4 && (sum == 20) == (even == 0), "{sum} and {even}");

    let job = Arc::new(Job::new());
    assert_eq!(go!([job] job.text.len()).join().unwrap(), 4);
    assert_eq!(go!([job] job.parts[part()].len()).join().unwrap(), 9);
    assert_eq!(go!([job](*job).text().len()).join().unwrap(), 4);
    let job = Job::new();
    assert_eq!(go!([job] job.grow("er")).join().unwrap(), 6);
    assert_eq!(go!([job] job.grow(&job.text().to_uppercase())).join().unwrap(), 8);
    assert!(job.is_held_by(1));
}

fn even_ones() -> usize {
    4
}

fn part() -> usize {
    1
}

#[gochan::test]
fn go_28_everything_else_is_evaluated_at_once_and_in_order() {
    fn four(a: u32, b: u32, c: u32, d: u32) -> [u32; 4] {
        [a, b, c, d]
    }
    let mut n = 1;
    let mut next = || {
        n += 1;
        n
    };
    let mut plain = 10;
    // A variable before an argument with effects has the value from before them.
    let handle = go!(four(
        plain,
        next(),
        {
            plain += 1;
            plain
        },
        plain
    ));
    assert_eq!(plain, 11);
    assert_eq!(handle.join().unwrap(), [10, 2, 11, 11]);
    let mut chained = Job::new();
    let handle = go!([job = chained] job.text().len().max({
        chained.text.clear();
        0
    }));
    assert_eq!((chained.text.len(), handle.join().unwrap()), (0, 4));
}

/// A result whose type is known from its use alone, one that is a type parameter, and one that cannot be moved.
#[gochan::test]
fn go_28_any_result_but_a_future_is_returned() {
    let seven: u32 = go!("7".parse()).join().unwrap().unwrap();
    assert_eq!(seven, 7);
    fn run<T: Send + 'static>(f: impl FnOnce() -> T + Send + 'static) -> T {
        go!(f()).join().unwrap()
    }
    assert_eq!(run(|| "generic"), "generic");
    let pinned = go!(std::convert::identity(std::marker::PhantomPinned)).join().unwrap();
    assert_eq!(pinned, std::marker::PhantomPinned);
}
