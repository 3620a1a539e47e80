//! Finds the calls of gochan's macros that rustfmt leaves as they are.

use super::lexed::{Lexed, place, place_of};
use super::plan::{self, Plan};
use crate::read::names::Names;
use proc_macro2::{Delimiter, Group, Spacing, TokenStream, TokenTree};
use std::ops::Range;
use syn::parse::Parser;
use syn::punctuated::Punctuated;

/// A call of a macro of gochan.
pub(super) struct Call {
    /// From its name to its last bracket.
    pub(super) range: Range<usize>,
    /// What to make of it, unless it stays as it is.
    pub(super) plan: Option<Plan>,
    /// The calls inside.
    pub(super) inside: Vec<Call>,
}

/// The outermost calls in a file of a crate that imports gochan under this name, with those inside.
pub(super) fn calls(lexed: &Lexed<'_>, tokens: &TokenStream, gochan: &str) -> Vec<Call> {
    let Ok(file) = syn::parse2::<syn::File>(outline(tokens, lexed.text)) else { return Vec::new() };
    let names = Names::of(&file.items, gochan, &[]);
    let mut finder = Finder { lexed, names, modules: Vec::new(), skipped: Vec::new() };
    finder.skipped_macros(tokens);
    finder.calls(tokens)
}

/// The tokens without the code that imports nothing and defines no macro, which takes long to parse.
fn outline(tokens: &TokenStream, text: &str) -> TokenStream {
    let mut in_path = false;
    let shortened = tokens.clone().into_iter().map(|token| {
        let after_path = std::mem::replace(
            &mut in_path,
            matches!(&token, TokenTree::Punct(punct) if punct.as_char() == ':'),
        );
        match token {
            TokenTree::Group(group) if group.delimiter() == Delimiter::Brace && !after_path => {
                let inside = text.get(place(&TokenTree::Group(group.clone()))).unwrap_or("use ");
                let names = ["use ", "macro_rules"].iter().any(|word| inside.contains(word));
                let inside = if names { outline(&group.stream(), text) } else { TokenStream::new() };
                Group::new(Delimiter::Brace, inside).into()
            }
            token => token,
        }
    });
    shortened.collect()
}

struct Finder<'l> {
    lexed: &'l Lexed<'l>,
    names: Names,
    /// The modules and functions around the tokens.
    modules: Vec<String>,
    /// The macros in `#[rustfmt::skip::macros(…)]`, anywhere in the file.
    skipped: Vec<String>,
}

impl Finder<'_> {
    fn calls(&mut self, tokens: &TokenStream) -> Vec<Call> {
        let tokens: Vec<TokenTree> = tokens.clone().into_iter().collect();
        let mut found = Vec::new();
        // The name of the module or function whose braces come next.
        let mut name = None;
        let mut at = 0;
        while at < tokens.len() {
            match &tokens[at..] {
                [TokenTree::Punct(hash), TokenTree::Punct(bang), TokenTree::Group(group), ..]
                    if hash.as_char() == '#' && bang.as_char() == '!' =>
                {
                    if is_skip(group) {
                        return Vec::new();
                    }
                    at += 3;
                }
                [TokenTree::Punct(hash), TokenTree::Group(group), ..] if hash.as_char() == '#' => {
                    at += 2;
                    if is_skip(group) {
                        at += length_of_item(&tokens[at..]);
                    }
                }
                [TokenTree::Ident(rules), _, _, TokenTree::Group(_), ..] if rules == "macro_rules" => at += 4,
                [TokenTree::Ident(_), TokenTree::Punct(bang), TokenTree::Group(group), ..]
                    if bang.as_char() == '!' =>
                {
                    let inside = self.macro_call(&tokens[..=at], group);
                    found.extend(inside);
                    at += 3;
                }
                [TokenTree::Ident(word), TokenTree::Ident(next), ..] if word == "mod" || word == "fn" => {
                    name = Some(next.to_string());
                    at += 2;
                }
                [TokenTree::Group(group), ..] => {
                    let named = if group.delimiter() == Delimiter::Brace { name.take() } else { None };
                    let depth = self.modules.len();
                    self.modules.extend(named);
                    found.extend(self.calls(&group.stream()));
                    self.modules.truncate(depth);
                    at += 1;
                }
                _ => at += 1,
            }
        }
        found
    }

    /// The calls in a macro call; `before` ends with the macro's name.
    fn macro_call(&mut self, before: &[TokenTree], group: &Group) -> Vec<Call> {
        let path = path(before);
        let name = path.segments.last().map(|last| last.ident.to_string()).unwrap_or_default();
        if self.skipped.contains(&name) {
            return Vec::new();
        }
        let Some(macro_name) = self.names.resolve(&path, &self.modules) else {
            // rustfmt formats what it can read.
            let is_code = group.delimiter() != Delimiter::Brace && !name.starts_with("quote");
            let inside = if is_code { self.calls(&group.stream()) } else { Vec::new() };
            return if !inside.is_empty() && is_read_by_rustfmt(group) { inside } else { Vec::new() };
        };
        let Some(input) = plan::read(macro_name, group) else { return Vec::new() };
        let inside = self.calls(&group.stream());
        if is_read_by_rustfmt(group) {
            return inside;
        }
        let start = before.last().map_or(0, |name| place(name).start);
        let range = start..place_of(group.span_close()).end;
        vec![Call { plan: plan::plan(input, macro_name, group, self.lexed), range, inside }]
    }

    fn skipped_macros(&mut self, tokens: &TokenStream) {
        if !self.lexed.text.contains("rustfmt::skip::macros") {
            return;
        }
        for token in tokens.clone() {
            let TokenTree::Group(group) = token else { continue };
            let text = without_spaces(&group.stream());
            if let Some(list) = text.strip_prefix("rustfmt::skip::macros(") {
                self.skipped.extend(list.trim_end_matches(')').split(',').map(str::to_owned));
            } else {
                self.skipped_macros(&group.stream());
            }
        }
    }
}

/// The path that ends with the last of `tokens`.
fn path(tokens: &[TokenTree]) -> syn::Path {
    let mut segments = Vec::new();
    let mut at = tokens.len();
    while let Some(TokenTree::Ident(name)) = at.checked_sub(1).and_then(|at| tokens.get(at)) {
        segments.push(syn::PathSegment::from(name.clone()));
        let is_colon = |before: usize| {
            let token = at.checked_sub(before).and_then(|at| tokens.get(at));
            matches!(token, Some(TokenTree::Punct(punct)) if punct.as_char() == ':')
        };
        if !(is_colon(2) && is_colon(3)) {
            break;
        }
        at -= 3;
    }
    segments.reverse();
    syn::Path { leading_colon: None, segments: segments.into_iter().collect() }
}

/// True if rustfmt formats the input of a macro: it is a list of expressions in parentheses or brackets.
fn is_read_by_rustfmt(group: &Group) -> bool {
    let list = Punctuated::<syn::Expr, syn::Token![,]>::parse_terminated;
    group.delimiter() != Delimiter::Brace
        && !has_arrow(&group.stream())
        && list.parse2(group.stream()).is_ok()
}

/// True if `<-`, which is a token for the compiler, is outside of all brackets.
fn has_arrow(tokens: &TokenStream) -> bool {
    let mut before = None;
    tokens.clone().into_iter().any(|token| {
        let TokenTree::Punct(punct) = token else {
            before = None;
            return false;
        };
        let arrow = before == Some('<') && punct.as_char() == '-';
        before = (punct.spacing() == Spacing::Joint).then(|| punct.as_char());
        arrow
    })
}

fn without_spaces(tokens: &TokenStream) -> String {
    tokens.to_string().replace(' ', "")
}

/// True for what is in the brackets of `#[rustfmt::skip]`.
fn is_skip(attribute: &Group) -> bool {
    let text = without_spaces(&attribute.stream());
    let is = |text: &str| text == "rustfmt::skip" || text == "rustfmt_skip";
    let condition = text.strip_prefix("cfg_attr(").and_then(|text| text.strip_suffix(')'));
    is(&text) || condition.is_some_and(|text| text.split(',').skip(1).any(is))
}

/// The number of tokens of the item, statement, arm or field at the start.
fn length_of_item(tokens: &[TokenTree]) -> usize {
    let is_word = |at: usize, words: &[&str]| matches!(tokens.get(at), Some(TokenTree::Ident(word)) if words.iter().any(|known| word == known));
    let function = is_word(1, &["fn", "unsafe", "extern", "async"]);
    let to_semicolon = is_word(0, &["let", "static", "use", "type"]) || is_word(0, &["const"]) && !function;
    let mut angles = 0_usize;
    for (at, token) in tokens.iter().enumerate() {
        let goes_on = is_word(at + 1, &["else"])
            || matches!(tokens.get(at + 1), Some(TokenTree::Punct(next)) if matches!(next.as_char(), '.' | '?' | '='));
        match token {
            TokenTree::Punct(punct) => match punct.as_char() {
                ';' => return at + 1,
                '<' => angles += 1,
                '>' => angles = angles.saturating_sub(1),
                ',' if angles == 0 && !to_semicolon => return at + 1,
                _ => {}
            },
            TokenTree::Group(group) if group.delimiter() == Delimiter::Brace && !to_semicolon && !goes_on => {
                return at + 1;
            }
            _ => {}
        }
    }
    tokens.len()
}
