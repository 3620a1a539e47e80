//! What an editor does with a variable that is in a clone list.
//!
//! An expansion names an entry twice: in a pattern, where it is declared, and as the caller's variable. Completion looks at
//! the first of these, so there is one before, in statements that only rust-analyzer sees. It completes variables then.
//!
//! In `go!([jobs] { jobs.len() })` there are two variables `jobs`: the caller's and the goroutine's. An editor that renames one of
//! them renames the list's name, which belongs to both, and then the other one has to be renamed as well. So each use in the
//! goroutine is also a use of the caller's variable, in these statements.

use gochan_syntax::{CloneEntry, Form, Literal, Parameter};
use proc_macro2::{Ident, TokenStream, TokenTree};
use quote::{ToTokens, quote};

use crate::expand::Root;

/// The statements, if the list has such entries. Each begins with the name: what stands before the cursor must not depend on
/// what comes behind it.
pub(super) fn uses<'a>(
    root: &Root,
    entries: impl Iterator<Item = &'a CloneEntry>,
    form: &Form,
) -> Option<TokenStream> {
    let code = match form {
        Form::Block(body) => vec![body.tokens.clone()],
        Form::Literal(Literal { parameters, body, arguments, .. }) => {
            let patterns = parameters.iter().map(|Parameter { pattern, .. }| quote!(let #pattern)).collect();
            vec![patterns, body.tokens.clone(), arguments.to_token_stream()]
        }
        Form::Call(call) => vec![call.to_token_stream()],
        Form::MethodCall(call) => vec![call.to_token_stream()],
    };
    let mut uses = Vec::new();
    for CloneEntry { name, .. } in entries.filter(|entry| entry.source.is_none()) {
        uses.push(name.clone());
        let before = uses.len();
        if !code.iter().all(|code| collect(name, code, &mut uses)) {
            uses.truncate(before);
        }
    }
    (!uses.is_empty()).then(|| quote!(#root::__in_editor! { #(#uses.clone();)* }))
}

/// Words that stand before the name of something new.
const DECLARE: [&str; 8] = ["let", "mut", "ref", "fn", "static", "const", "for", "type"];

/// Adds the uses of variable `name` in `code`. False: something else of this name is declared there.
fn collect(name: &Ident, code: &TokenStream, uses: &mut Vec<Ident>) -> bool {
    let tokens: Vec<TokenTree> = code.clone().into_iter().collect();
    let punct = |at: Option<usize>| match tokens.get(at?) {
        Some(TokenTree::Punct(punct)) => Some(punct.as_char()),
        _ => None,
    };
    for (at, token) in tokens.iter().enumerate() {
        match token {
            TokenTree::Group(group) if !collect(name, &group.stream(), uses) => return false,
            TokenTree::Ident(ident) if ident == name => {
                let before = at.checked_sub(1);
                let word = match before.and_then(|before| tokens.get(before)) {
                    Some(TokenTree::Ident(word)) => word.to_string(),
                    _ => String::new(),
                };
                let is_borrowed = word == "mut" && punct(at.checked_sub(2)) == Some('&');
                if !is_borrowed && DECLARE.contains(&&*word) || punct(before) == Some('|') {
                    return false;
                }
                let is_member = punct(before) == Some('.') && punct(at.checked_sub(2)) != Some('.');
                let is_path = punct(before) == Some(':') || matches!(punct(Some(at + 1)), Some(':' | '!'));
                if !is_member && !is_path {
                    uses.push(ident.clone());
                }
            }
            _ => {}
        }
    }
    true
}
