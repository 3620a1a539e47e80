//! Proves that two texts have the same tokens and comments, whatever their layout.
//!
//! What rustfmt adds and removes with the layout counts as the same: trailing commas and those between arms, the braces
//! of an arm or closure that is one expression, the `;` after a final `return`, doubled parentheses, the brackets of
//! `vec!`, and the indentation of comments.

use super::lexed::{Lexed, place};
use proc_macro2::{Delimiter, Group, Spacing, TokenStream, TokenTree};

/// True if the texts differ in nothing but their layout.
pub(super) fn same(one: &str, other: &str) -> bool {
    content(one).is_some_and(|one| Some(one) == content(other))
}

/// The comments and the tokens of a text.
fn content(text: &str) -> Option<(Vec<String>, Vec<String>)> {
    let (lexed, tokens) = Lexed::of(text)?;
    let comments = lexed.comments.iter().map(|range| trimmed(&text[range.clone()])).collect();
    let mut normal = Normal { text, out: Vec::new() };
    normal.inside(None, &tokens, false);
    proc_macro2::extra::invalidate_current_thread_spans();
    Some((comments, normal.out))
}

fn trimmed(text: &str) -> String {
    text.lines().map(str::trim).collect::<Vec<_>>().join("\n")
}

/// The tokens in the form in which they are compared.
struct Normal<'t> {
    text: &'t str,
    out: Vec<String>,
}

/// Operators of several characters. `&&`, `||` and `>>` may also be two operators.
const OPERATORS: [&str; 21] = [
    "<<=", ">>=", "...", "..=", "::", "->", "<-", "=>", "==", "!=", "<=", ">=", "+=", "-=", "*=", "/=", "%=",
    "^=", "&=", "|=", "..",
];

impl Normal<'_> {
    /// The tokens inside brackets. `call` says that the parentheses are those of a call.
    fn inside(&mut self, delimiter: Option<Delimiter>, tokens: &TokenStream, call: bool) {
        let tokens: Vec<TokenTree> = tokens.clone().into_iter().collect();
        let is = |at: usize, char: char| matches!(tokens.get(at), Some(TokenTree::Punct(punct)) if punct.as_char() == char);
        let commas = (0..tokens.len()).filter(|&at| is(at, ',')).count();
        let arms = delimiter == Some(Delimiter::Brace)
            && (1..tokens.len()).any(|at| is(at, '>') && is(at - 1, '=') && joined(&tokens[at - 1]));
        let one_tuple = delimiter == Some(Delimiter::Parenthesis) && commas == 1 && !call;
        let end = end_without_semicolon(&tokens);
        let mut at = 0;
        while at < end {
            match &tokens[at] {
                TokenTree::Punct(punct) => {
                    let operator = operator(&tokens[at..]);
                    let length = operator.map_or(1, str::len);
                    let last = at + 1 == tokens.len();
                    let dropped = punct.as_char() == ','
                        && (arms
                            || last && !one_tuple
                            || is(at + 1, '>')
                            || delimiter == Some(Delimiter::Brace) && at > 0 && is_brace(&tokens[at - 1]));
                    if self.doc_comment(&tokens[at]) {
                        at += if is(at + 1, '!') { 3 } else { 2 };
                        continue;
                    }
                    if !dropped {
                        self.out.push(operator.map_or_else(|| punct.to_string(), str::to_owned));
                    }
                    at += length;
                    // The body of an arm or a closure.
                    let bar = punct.as_char() == '|' && length == 1;
                    if (operator == Some("=>") || bar)
                        && let Some(TokenTree::Group(group)) = tokens.get(at)
                        && let Some(inside) = one_expression(group)
                    {
                        self.inside(None, &inside, false);
                        at += 1;
                    }
                    continue;
                }
                TokenTree::Group(group) => {
                    let vec = at >= 2
                        && is(at - 1, '!')
                        && matches!(&tokens[at - 2], TokenTree::Ident(name) if name == "vec");
                    self.group(group, vec, at > 0 && is_callee(&tokens[at - 1]));
                }
                other => self.out.push(other.to_string()),
            }
            at += 1;
        }
    }

    fn group(&mut self, group: &Group, vec: bool, call: bool) {
        let (open, close) = match group.delimiter() {
            Delimiter::Parenthesis if !vec => ("(", ")"),
            Delimiter::Brace if !vec => ("{", "}"),
            _ => ("[", "]"),
        };
        // `((x))`
        let inside: Vec<TokenTree> = group.stream().into_iter().collect();
        if let [TokenTree::Group(inner)] = &inside[..]
            && !call
            && group.delimiter() == Delimiter::Parenthesis
            && inner.delimiter() == Delimiter::Parenthesis
        {
            return self.group(inner, false, false);
        }
        self.out.push(open.to_owned());
        self.inside(Some(group.delimiter()), &group.stream(), call);
        self.out.push(close.to_owned());
    }

    /// Writes a doc comment, if `token` begins one.
    fn doc_comment(&mut self, token: &TokenTree) -> bool {
        let text = self.text.get(place(token)).unwrap_or("");
        let found = text.starts_with("//") || text.starts_with("/*");
        if found {
            self.out.push(trimmed(text));
        }
        found
    }
}

fn joined(token: &TokenTree) -> bool {
    matches!(token, TokenTree::Punct(punct) if punct.spacing() == Spacing::Joint)
}

fn is_brace(token: &TokenTree) -> bool {
    matches!(token, TokenTree::Group(group) if group.delimiter() == Delimiter::Brace)
}

/// The longest operator at the start.
fn operator(tokens: &[TokenTree]) -> Option<&'static str> {
    let is = |operator: &&str| {
        operator.chars().enumerate().all(|(at, char)| {
            let last = at + 1 == operator.len();
            matches!(tokens.get(at), Some(TokenTree::Punct(punct)) if punct.as_char() == char)
                && (last || joined(&tokens[at]))
        })
    };
    OPERATORS.into_iter().find(is)
}

/// True if parentheses after `token` are those of a call, a pattern or a macro rather than a tuple.
fn is_callee(token: &TokenTree) -> bool {
    const KEYWORDS: [&str; 12] =
        ["return", "in", "break", "match", "if", "while", "else", "let", "mut", "ref", "move", "as"];
    match token {
        TokenTree::Ident(name) => !KEYWORDS.iter().any(|word| name == word),
        TokenTree::Punct(punct) => matches!(punct.as_char(), '>' | '!' | '?'),
        TokenTree::Group(group) => group.delimiter() != Delimiter::Brace,
        TokenTree::Literal(_) => false,
    }
}

/// The end of `tokens`, or the position of the `;` after a final `return`, `break` or `continue`.
fn end_without_semicolon(tokens: &[TokenTree]) -> usize {
    let is_semicolon = |token: &TokenTree| matches!(token, TokenTree::Punct(punct) if punct.as_char() == ';');
    let Some((last, before)) = tokens.split_last() else { return 0 };
    let statement = before.iter().rev().take_while(|token| !is_semicolon(token));
    let leaves = |token: &TokenTree| {
        ["return", "break", "continue"]
            .iter()
            .any(|word| matches!(token, TokenTree::Ident(name) if name == word))
    };
    if is_semicolon(last) && statement.into_iter().any(leaves) { before.len() } else { tokens.len() }
}

/// What is in the braces of an arm or a closure, if it can stand without them.
fn one_expression(group: &Group) -> Option<TokenStream> {
    if group.delimiter() != Delimiter::Brace || group.stream().is_empty() {
        return None;
    }
    let mut tokens: Vec<TokenTree> = group.stream().into_iter().collect();
    tokens.truncate(end_without_semicolon(&tokens));
    if let [TokenTree::Group(inner)] = &tokens[..]
        && let Some(inside) = one_expression(inner)
    {
        return Some(inside);
    }
    let statements =
        tokens.iter().any(|token| matches!(token, TokenTree::Punct(punct) if punct.as_char() == ';'));
    (!statements).then(|| tokens.into_iter().collect())
}
