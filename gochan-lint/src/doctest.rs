//! The code blocks of documentation, each as a program of its own whose bytes keep their offsets in the file.

use crate::source::SourceFile;
use pulldown_cmark::{CodeBlockKind, Event, Options, Parser, Tag, TagEnd};
use std::path::{Component, Path, PathBuf};

/// What is put in front of a block without a `main` of its own.
const HEAD: &str = "fn d(){";

/// The Rust blocks in the `///` and `//!` comments of a file: each as a text in which everything else is blank.
#[must_use]
pub fn blocks(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut comment: Vec<(usize, &str)> = Vec::new();
    let mut at = 0;
    for line in text.split_inclusive('\n').chain(["end"]) {
        let code = line.trim_start();
        let is_doc = code.starts_with("//!") || code.starts_with("///") && !code.starts_with("////");
        if is_doc {
            let from = line.len() - code.len() + 3;
            comment.push((at + from, &line[from..]));
        } else if !comment.is_empty() {
            found.extend(blocks_of(text, &std::mem::take(&mut comment)));
        }
        at += line.len();
    }
    found
}

/// The Rust blocks of a Markdown file.
#[must_use]
pub fn markdown_blocks(text: &str) -> Vec<String> {
    let mut at = 0;
    let lines = text.split_inclusive('\n').map(|line| {
        at += line.len();
        (at - line.len(), line)
    });
    blocks_of(text, &lines.collect::<Vec<_>>())
}

/// The files that a file includes as documentation.
#[must_use]
pub fn included(file: &SourceFile, root: &Path) -> Vec<PathBuf> {
    let folder = root.join(&file.path).parent().map(Path::to_owned).unwrap_or_default();
    let names = file.text.lines().filter(|line| {
        let line = line.trim_start();
        line.starts_with("#![doc") || line.starts_with("#[doc") || line.starts_with("#![cfg_attr(doc")
    });
    let names = names.filter_map(|line| line.split_once("include_str!(\"")?.1.split_once('"'));
    names.map(|(name, _)| tidy(&folder.join(name))).collect()
}

/// The path without `..`.
fn tidy(path: &Path) -> PathBuf {
    let mut tidy = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir if tidy.file_name().is_some() => drop(tidy.pop()),
            part => tidy.push(part),
        }
    }
    tidy
}

/// The Rust blocks of the Markdown in `lines`, which are parts of the text, each with its place.
fn blocks_of(text: &str, lines: &[(usize, &str)]) -> Vec<String> {
    // rustdoc removes the indentation that all lines have.
    let indent = |line: &str| line.len() - line.trim_start_matches(' ').len();
    let filled = lines.iter().filter(|(_, line)| !line.trim().is_empty());
    let common = filled.map(|(_, line)| indent(line)).min().unwrap_or(0);
    let mut markdown = String::new();
    // Where each line begins in the Markdown and in the text.
    let mut places = Vec::new();
    for (at, line) in lines {
        let skipped = common.min(indent(line));
        places.push((markdown.len(), at + skipped));
        markdown += &line[skipped..];
    }
    let mut found = Vec::new();
    let mut open: Option<Vec<std::ops::Range<usize>>> = None;
    for (event, range) in Parser::new_ext(&markdown, Options::all()).into_offset_iter() {
        match event {
            Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(words))) if is_rust(&words) => {
                open = Some(Vec::new());
            }
            Event::Text(_) => open.iter_mut().for_each(|block| block.push(range.clone())),
            Event::End(TagEnd::CodeBlock) => {
                let block = open.take().and_then(|parts| block_of(text, &markdown, &places, &parts));
                found.extend(block);
            }
            _ => {}
        }
    }
    found
}

/// A text that is blank but for the parts of the Markdown.
fn block_of(
    text: &str,
    markdown: &str,
    places: &[(usize, usize)],
    parts: &[std::ops::Range<usize>],
) -> Option<String> {
    let mut lines: Vec<(usize, String)> = Vec::new();
    for part in parts {
        let mut begin = part.start;
        for line in markdown[part.clone()].split_inclusive('\n') {
            let index = places.partition_point(|(start, _)| *start <= begin) - 1;
            let (start, at) = places[index];
            let place = at + (begin - start);
            // A part may begin inside a line.
            match lines.last_mut() {
                Some((before, known)) if *before + known.len() == place && !known.ends_with('\n') => {
                    *known += line;
                }
                _ => lines.push((place, line.to_owned())),
            }
            begin += line.len();
        }
    }
    let mut block = String::new();
    for (place, line) in lines {
        let line = code(&line);
        block += &blank(text.get(block.len()..place)?);
        block += &line;
    }
    if block.contains("fn main(") {
        return Some(block);
    }
    // The text before a block is blank, and at least as long as a fence.
    if !block.get(..HEAD.len())?.trim().is_empty() {
        return None;
    }
    block.replace_range(..HEAD.len(), HEAD);
    Some(block + "}")
}

/// A line of a block. Lines that rustdoc hides are code as well.
fn code(line: &str) -> String {
    let trimmed = line.trim_start();
    let hidden = trimmed.starts_with("# ") || trimmed.trim_end() == "#" || trimmed.starts_with("##");
    let indent = line.len() - trimmed.len();
    if hidden { format!("{} {}", &line[..indent], &trimmed[1..]) } else { line.to_owned() }
}

/// Marks a block as a test that lasts as long as its program.
pub fn mark(file: &mut crate::ir::File) {
    let around =
        file.functions.iter_mut().find(|function| function.name == "d" && function.module.is_empty());
    if let Some(around) = around {
        around.is_test = true;
    }
}

/// The text with every byte but line ends replaced by a space.
fn blank(text: &str) -> String {
    text.bytes().map(|byte| if byte == b'\n' { '\n' } else { ' ' }).collect()
}

/// True if the words after the fence say that the block is Rust.
fn is_rust(words: &str) -> bool {
    const RUST: [&str; 7] =
        ["rust", "ignore", "no_run", "should_panic", "test_harness", "standalone_crate", "custom"];
    words.trim().split([',', ' ']).all(|word| {
        word.is_empty() || RUST.contains(&word) || word.starts_with("edition") || word.starts_with("ignore-")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_keeps_its_place() {
        let text = "/// Does it.\n///\n/// ```\n/// # use x;\n/// a(\"é\");\n/// ```\nfn f() {}\n";
        let blocks = blocks(text);
        assert_eq!(blocks.len(), 1);
        assert_eq!(blocks[0].find("a("), text.find("a("));
        assert_eq!(blocks[0].find("use x"), text.find("use x"));
        assert!(syn::parse_file(&blocks[0]).is_ok(), "{}", blocks[0]);
        assert!(!blocks[0].contains('#'));
        let mut file = crate::read::read(&blocks[0], Some("gochan")).unwrap();
        mark(&mut file);
        assert!(file.functions[0].is_test);
    }

    #[test]
    fn blocks_may_be_in_lists_and_quotes() {
        let text = "//! - first\n//!\n//!   ~~~rust\n//!   a();\n//!\n//!   # b();\n//!   ~~~\n//!\n//! > ```\n//! > c();\n//! > ```\n";
        let blocks = blocks(text);
        assert_eq!(blocks.len(), 2, "{blocks:?}");
        assert_eq!(blocks[0].find("a("), text.find("a("));
        assert_eq!(blocks[0].find("b("), text.find("b("));
        assert_eq!(blocks[1].find("c("), text.find("c("));
        for block in &blocks {
            assert!(syn::parse_file(block).is_ok(), "{block}");
        }
        let fenced = "````text\n```rust\na();\n```\n````\n";
        assert!(markdown_blocks(fenced).is_empty(), "a block in a block");
    }

    #[test]
    fn other_languages_and_what_must_not_compile_are_left_out() {
        for words in ["text", "toml", "compile_fail", "sh"] {
            assert!(blocks(&format!("//! ```{words}\n//! a();\n//! ```\n")).is_empty(), "{words}");
        }
        assert_eq!(blocks("//! ```rust,no_run\n//! a();\n//! ```\n").len(), 1);
        assert_eq!(markdown_blocks("text\n\n```rust\na();\n```\n\n```\nb();\n```\n").len(), 2);
    }
}
