//! The code blocks of documentation, each a program of its own whose bytes stand where they stand in the file.

use crate::source::SourceFile;
use std::path::{Component, Path, PathBuf};

/// What stands around a block without a `main` of its own.
const HEAD: &str = "fn d(){";

/// The Rust blocks in the `///` and `//!` comments of a file: for each a text in which everything else is blank.
#[must_use]
pub fn blocks(text: &str) -> Vec<String> {
    blocks_of(text, |line| {
        let code = line.trim_start();
        let indent = line.len() - code.len();
        let is_doc = code.starts_with("//!") || code.starts_with("///") && !code.starts_with("////");
        is_doc.then_some(indent + 3)
    })
}

/// The Rust blocks of a Markdown file.
#[must_use]
pub fn markdown_blocks(text: &str) -> Vec<String> {
    blocks_of(text, |_| Some(0))
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

/// Without `..`.
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

/// `prefix` says where the text of a line of documentation begins; none for other lines.
fn blocks_of(text: &str, prefix: impl Fn(&str) -> Option<usize>) -> Vec<String> {
    let mut found = Vec::new();
    let mut open: Option<Block> = None;
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let begin = at;
        at += line.len();
        let Some(from) = prefix(line) else {
            open = None;
            continue;
        };
        let content = line.get(from..).unwrap_or("").trim();
        let fence = content.starts_with("```") || content.starts_with("~~~");
        match &mut open {
            None if fence => {
                let closes = &content[..3];
                let marks =
                    content.len() - content.trim_start_matches(closes.chars().next().unwrap_or('`')).len();
                open = Some(Block {
                    fence: content[..marks].to_owned(),
                    is_rust: is_rust(&content[marks..]),
                    text: blank(&text[..at]),
                });
            }
            None => {}
            Some(block)
                if content.starts_with(&block.fence) && content.trim_matches(['`', '~']).is_empty() =>
            {
                found.extend(open.take().filter(|block| block.is_rust).and_then(Block::finish));
            }
            Some(block) => {
                block.text += &blank(&text[begin..begin + from]);
                block.text += &code(&line[from.min(line.len())..]);
            }
        }
    }
    found
}

struct Block {
    fence: String,
    is_rust: bool,
    text: String,
}

impl Block {
    fn finish(self) -> Option<String> {
        let Block { mut text, .. } = self;
        if text.contains("fn main(") {
            return Some(text);
        }
        // What is in front is blank, and as long as a fence at least.
        if !text.get(..HEAD.len())?.trim().is_empty() {
            return None;
        }
        text.replace_range(..HEAD.len(), HEAD);
        Some(text + "}")
    }
}

/// A line of a block: what rustdoc hides is code as well.
fn code(line: &str) -> String {
    let trimmed = line.trim_start();
    let hidden = trimmed.starts_with("# ") || trimmed.trim_end() == "#" || trimmed.starts_with("##");
    let indent = line.len() - trimmed.len();
    if hidden { format!("{} {}", &line[..indent], &trimmed[1..]) } else { line.to_owned() }
}

/// A block is a test, and lasts as long as its program.
pub fn mark(file: &mut crate::ir::File) {
    let around =
        file.functions.iter_mut().find(|function| function.name == "d" && function.module.is_empty());
    if let Some(around) = around {
        around.is_test = true;
    }
}

/// As many blanks, and the same lines.
fn blank(text: &str) -> String {
    text.bytes().map(|byte| if byte == b'\n' { '\n' } else { ' ' }).collect()
}

/// What the word behind the fence says of the language.
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
    fn other_languages_and_what_must_not_compile_are_left_out() {
        for words in ["text", "toml", "compile_fail", "sh"] {
            assert!(blocks(&format!("//! ```{words}\n//! a();\n//! ```\n")).is_empty(), "{words}");
        }
        assert_eq!(blocks("//! ```rust,no_run\n//! a();\n//! ```\n").len(), 1);
        assert_eq!(markdown_blocks("text\n\n```rust\na();\n```\n\n```\nb();\n```\n").len(), 2);
    }
}
