//! What a macro call consists of, by the macros' own grammar.

use super::arms::{self, Arms};
use super::lexed::{Lexed, around, place, place_of};
use super::part::Part;
use gochan_syntax as grammar;
use proc_macro2::{Delimiter, Group, TokenTree};
use std::ops::Range;

/// How to lay a call out.
pub(super) enum Plan {
    /// A head, and a block or an expression after it: `go!([a] { … })`, `send!(ch <- value)`.
    Tail(Tail),
    /// `select! { … }`
    Arms(Arms),
}

/// A call of a macro that ends with a block or an expression.
pub(super) struct Tail {
    /// `go!(` or `defer! `.
    pub(super) opening: String,
    /// What is between the opening and the tail, with the space after it.
    pub(super) head: Vec<Part>,
    /// The block or expression.
    pub(super) tail: Range<usize>,
    /// It is a block.
    pub(super) block: bool,
    /// What comes after it.
    pub(super) closing: String,
}

/// The input of a macro.
pub(super) enum Input {
    Go(grammar::Go),
    Defer,
    Send(grammar::Send),
    WithContext(grammar::WithContext),
    Select(grammar::Select),
    /// A macro whose input rustfmt formats.
    Other,
}

/// Parses the input of the macro with this name. `None` if the grammar rejects it.
pub(super) fn read(name: &str, group: &Group) -> Option<Input> {
    let tokens = group.stream();
    match name {
        "go" => syn::parse2(tokens).ok().map(Input::Go),
        "defer" => syn::parse2::<grammar::Defer>(tokens).ok().map(|_| Input::Defer),
        "send" => syn::parse2(tokens).ok().map(Input::Send),
        "with_context" => syn::parse2(tokens).ok().map(Input::WithContext),
        "select" => syn::parse2(tokens).ok().map(Input::Select),
        _ => Some(Input::Other),
    }
}

/// What to make of a call, or `None` if it stays as it is: in an unusual form, or with comments where there is no line
/// for them.
pub(super) fn plan(input: Input, name: &str, group: &Group, lexed: &Lexed<'_>) -> Option<Plan> {
    let tokens: Vec<TokenTree> = group.stream().into_iter().collect();
    let braces = group.delimiter() == Delimiter::Brace;
    let parentheses = group.delimiter() == Delimiter::Parenthesis;
    let tail = match input {
        Input::Select(select) if braces => return arms::plan(&select, group, lexed).map(Plan::Arms),
        Input::Go(grammar::Go { clones: None, .. }) | Input::Defer if braces => {
            let opening = format!("{name}! ");
            Tail {
                opening,
                head: Vec::new(),
                tail: place_of_group(group),
                block: true,
                closing: String::new(),
            }
        }
        Input::Go(go) if parentheses => go_with_list(&go, &tokens, lexed)?,
        Input::Send(send) if parentheses => {
            let head = vec![Part::Expr(around(&send.channel)), Part::Text(" <- ".to_owned())];
            in_parentheses(name, head, around(&send.value), is_block(&send.value))
        }
        Input::WithContext(with) if parentheses => {
            let binding = match &with.binding {
                grammar::ContextBinding::Context(context) => format!("{context} = "),
                grammar::ContextBinding::WithCancel { context, cancel, .. } => {
                    format!("({context}, {cancel}) = ")
                }
            };
            let head =
                vec![Part::Text(binding), Part::Expr(around(&with.source)), Part::Text(" => ".to_owned())];
            in_parentheses(name, head, around(&with.body), matches!(with.body, grammar::ArmBody::Block(_)))
        }
        _ => return None,
    };
    // Comments are kept in the tail alone, and a comma after it would be lost.
    let Range { start: open, end: close } = place_of_group(group);
    let comma = matches!(tokens.last(), Some(TokenTree::Punct(last)) if last.as_char() == ',' && !braces);
    let outside = [open..tail.tail.start, tail.tail.end..close];
    (!comma && !outside.iter().any(|range| lexed.has_comment(range))).then_some(Plan::Tail(tail))
}

fn in_parentheses(name: &str, head: Vec<Part>, tail: Range<usize>, block: bool) -> Tail {
    Tail { opening: format!("{name}!("), head, tail, block, closing: ")".to_owned() }
}

fn is_block(expr: &syn::Expr) -> bool {
    matches!(expr, syn::Expr::Block(block) if block.label.is_none() && block.attrs.is_empty())
}

fn place_of_group(group: &Group) -> Range<usize> {
    place_of(group.span_open()).start..place_of(group.span_close()).end
}

/// `go!([a, b] …)`
fn go_with_list(go: &grammar::Go, tokens: &[TokenTree], lexed: &Lexed<'_>) -> Option<Tail> {
    let mut head = Vec::new();
    let mut rest = tokens;
    if let Some(list) = &go.clones {
        let entries = list.entries.iter().map(|entry| {
            let mutable = if entry.mutability.is_some() { "mut " } else { "" };
            match &entry.source {
                Some((_, source)) => (format!("{mutable}{} = ", entry.name), Some(around(source))),
                None => (format!("{mutable}{}", entry.name), None),
            }
        });
        head.extend([Part::List(entries.collect()), Part::Text(" ".to_owned())]);
        rest = &tokens[1..];
    }
    let whole = place(rest.first()?).start..place(rest.last()?).end;
    match (&go.form, rest) {
        (grammar::Form::Block(_), [TokenTree::Group(group)]) if group.delimiter() == Delimiter::Brace => {
            Some(in_parentheses("go", head, whole, true))
        }
        // Statements without braces.
        (grammar::Form::Block(_), _) if syn::parse2::<syn::Expr>(rest.iter().cloned().collect()).is_err() => {
            None
        }
        (grammar::Form::Literal(_), [literal @ .., TokenTree::Group(body), TokenTree::Group(arguments)])
            if body.delimiter() == Delimiter::Brace =>
        {
            // The parameters and arguments stay as they are.
            let parameters = &lexed.text[place(literal.first()?).start..place(literal.last()?).end];
            let arguments = &lexed.text[place_of_group(arguments)];
            if parameters.contains('\n') || arguments.contains('\n') {
                return None;
            }
            head.push(Part::Text(format!("{parameters} ")));
            let mut tail = in_parentheses("go", head, place_of_group(body), true);
            tail.closing = format!("{arguments})");
            Some(tail)
        }
        _ => Some(in_parentheses("go", head, whole, false)),
    }
}
