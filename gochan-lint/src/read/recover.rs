//! What can be read of a file that does not parse: the items around the one that is wrong.

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};

/// The items of the tokens that parse. In an `impl` or a module that does not, those inside.
pub(super) fn items(tokens: TokenStream) -> Vec<syn::Item> {
    // An item may contain blocks and `;` before its end, as in `static A: T = { … };`.
    const ENDS: usize = 3;
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let mut found = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        let ends: Vec<usize> = (at..tokens.len()).filter(|&end| may_end(&tokens[end])).take(ENDS).collect();
        let parsed = ends.iter().find_map(|&end| {
            let item = syn::parse2::<syn::Item>(tokens[at..=end].iter().cloned().collect()).ok()?;
            let whole = !matches!(item, syn::Item::Verbatim(_));
            whole.then_some((item, end))
        });
        match (parsed, ends.first()) {
            (Some((item, end)), _) => {
                found.push(item);
                at = end + 1;
            }
            (None, Some(&end)) => {
                found.extend(inside(&tokens[at..=end]));
                at = end + 1;
            }
            (None, None) => break,
        }
    }
    found
}

fn may_end(token: &TokenTree) -> bool {
    match token {
        TokenTree::Punct(sign) => sign.as_char() == ';',
        TokenTree::Group(group) => group.delimiter() == Delimiter::Brace,
        _ => false,
    }
}

/// The item with those parts of its block that parse, if it is an `impl`, a trait or a module.
fn inside(tokens: &[TokenTree]) -> Option<syn::Item> {
    let (TokenTree::Group(block), head) = tokens.split_last()? else { return None };
    let word = |name: &str| head.iter().any(|token| matches!(token, TokenTree::Ident(word) if word == name));
    if !(word("impl") || word("mod") || word("trait")) {
        return None;
    }
    let with = |parts: Vec<TokenTree>| {
        let mut group = Group::new(Delimiter::Brace, parts.into_iter().collect());
        group.set_span(block.span());
        let tokens = head.iter().cloned().chain([TokenTree::Group(group)]);
        syn::parse2::<syn::Item>(tokens.collect()).ok()
    };
    let mut kept = Vec::new();
    let mut part = Vec::new();
    for token in block.stream() {
        let ends = may_end(&token);
        part.push(token);
        if ends && with(part.clone()).is_some() {
            kept.append(&mut part);
        } else if ends {
            // A part inside, if it is a module or an `impl` itself.
            let nested = inside(&part).map(|item| quote::quote!(#item));
            kept.extend(nested.into_iter().flatten());
            part.clear();
        }
    }
    with(kept)
}
