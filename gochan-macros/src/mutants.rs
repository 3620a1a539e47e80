//! No input makes a macro panic: the inputs of the snapshots, with tokens deleted, doubled, swapped and exchanged.
//!
//! `cargo xtask fuzz macros` runs this for a given time, on new seeds.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::time::{Duration, Instant};

use proc_macro2::{Group, TokenStream, TokenTree};
use quote::quote;

use crate::{chan, close, context, defer, expand, go, main_test, recv, select, send};

/// SplitMix64.
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % end.max(1) as u64) as usize
    }
}

/// The inputs of the macros in the snapshots.
fn inputs() -> Vec<TokenStream> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/snapshots");
    let mut found = Vec::new();
    for entry in folder.read_dir().unwrap() {
        let text = std::fs::read_to_string(entry.unwrap().path()).unwrap();
        for line in text.lines().filter_map(|line| line.strip_prefix("// ")) {
            let input = line.split_once("!(").and_then(|(_, input)| input.strip_suffix(')')).unwrap_or(line);
            found.extend(input.parse::<TokenStream>());
        }
    }
    assert!(found.len() > 50, "the snapshots have {} inputs", found.len());
    found
}

/// Changes some tokens of `input`, at any depth, or inserts some of `others`.
fn mutate(input: &TokenStream, others: &[TokenStream], random: &mut Random) -> TokenStream {
    let mut tokens: Vec<TokenTree> = input.clone().into_iter().collect();
    for _ in 0..=random.below(3) {
        if tokens.is_empty() {
            break;
        }
        let (at, other) = (random.below(tokens.len()), random.below(tokens.len()));
        match (random.below(6), &tokens[at]) {
            (0 | 1, TokenTree::Group(group)) => {
                let inner = mutate(&group.stream(), others, random);
                tokens[at] = TokenTree::Group(Group::new(group.delimiter(), inner));
            }
            (2, _) => drop(tokens.remove(at)),
            (3, _) => tokens.insert(at, tokens[at].clone()),
            (4, _) => tokens.swap(at, other),
            _ => {
                let lender: Vec<TokenTree> = others[random.below(others.len())].clone().into_iter().collect();
                if !lender.is_empty() {
                    tokens[at] = lender[random.below(lender.len())].clone();
                }
            }
        }
    }
    tokens.into_iter().collect()
}

/// The expansion of `input` by every macro.
fn expand_all(input: &TokenStream) -> Vec<TokenStream> {
    let input = quote!([gochan] #input);
    let item = quote!(fn main() { #input });
    let arguments = quote!(crate = gochan);
    vec![
        expand::expression_or(input.clone(), go::expand, go::remains),
        expand::typed_expression(input.clone(), chan::expand),
        expand::expression(input.clone(), send::expand),
        expand::expression_or(input.clone(), recv::expand, recv::remains),
        expand::expression(input.clone(), close::expand),
        expand::expression_or(input.clone(), select::expand, select::remains),
        expand::expression_or(input.clone(), context::expand, context::remains),
        expand::statement(input, defer::expand, defer::remains),
        main_test::expand_main(arguments.clone(), item.clone()),
        main_test::expand_test(arguments, item),
    ]
}

#[test]
fn mutants_of_the_snapshots_expand() {
    let number = |name| std::env::var(name).ok().and_then(|text: String| text.parse::<u64>().ok());
    let (first, seconds) = (number("GOCHAN_FUZZ_SEED").unwrap_or(0), number("GOCHAN_FUZZ_SECONDS"));
    let inputs = inputs();
    let end = seconds.map(|seconds| Instant::now() + Duration::from_secs(seconds));
    let mut seed = first;
    while end.map_or(seed < first + 3_000, |end| Instant::now() < end) {
        let mut random = Random(seed);
        let input = mutate(&inputs[random.below(inputs.len())], &inputs, &mut random);
        let expanded = catch_unwind(AssertUnwindSafe(|| expand_all(&input)));
        assert!(expanded.is_ok(), "seed {seed} panics: {input}");
        seed += 1;
    }
}
