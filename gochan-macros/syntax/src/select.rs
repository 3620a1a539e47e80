//! `select! { … }`.

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use quote::ToTokens;
use syn::parse::{Parse, ParseStream};
use syn::{Error, Expr, Pat, PatParen, Result, Token, token};

use crate::Body;
use crate::send::second_arrow;
use crate::tokens::{
    self, error_at, find_arrow, find_assign, is_operator, is_word, misspelled_arrow, parse_all, parse_expr,
    split_comma,
};

/// The words that mean something only here.
#[allow(missing_docs)]
pub mod kw {
    syn::custom_keyword!(biased);
}

/// The input of `select!`.
#[derive(Clone, Debug)]
pub struct Select {
    /// `biased;`: source order decides among ready arms.
    pub biased: Option<(kw::biased, Token![;])>,
    /// The arms, in source order. At most one is `default` or `else`.
    pub arms: Vec<Arm>,
}

/// One arm.
#[derive(Clone, Debug)]
pub struct Arm {
    /// What it waits for.
    pub kind: ArmKind,
    /// `, if condition`
    pub guard: Option<Guard>,
    /// The `=>`.
    pub fat_arrow: Token![=>],
    /// What runs when the arm is taken.
    pub body: ArmBody,
}

/// What an arm waits for.
#[derive(Clone, Debug)]
pub enum ArmKind {
    /// `v = <-rx` and its variants.
    Receive(Box<Receive>),
    /// `tx <- value`, `r = tx <- value`.
    Send(Box<SelectSend>),
    /// Taken when nothing is ready.
    Default(Token![default]),
    /// Taken when every arm is off.
    Else(Token![else]),
}

/// A receive.
#[derive(Clone, Debug)]
pub struct Receive {
    /// What happens to the value.
    pub binding: ReceiveBinding,
    /// The arrow.
    pub arrow: Token![<-],
    /// The channel.
    pub channel: Expr,
    /// `else E` of a `Some(v)` arm: evaluated instead of the body once the channel is closed.
    pub otherwise: Option<(Token![else], ArmBody)>,
}

/// How a receive arm binds its value.
#[derive(Clone, Debug)]
pub enum ReceiveBinding {
    /// `<-rx`
    Discard,
    /// `v = <-rx`: the zero value once closed.
    Value(Pat),
    /// `v, ok = <-rx`
    CommaOk(Box<(Pat, Pat)>),
    /// `Some(v) = <-rx`: off once closed.
    Some(Pat),
}

/// A send.
#[derive(Clone, Debug)]
pub struct SelectSend {
    /// `r =`: binds the `Result` instead of panicking on a closed channel.
    pub result: Option<Pat>,
    /// The channel.
    pub channel: Expr,
    /// The arrow.
    pub arrow: Token![<-],
    /// The value.
    pub value: Expr,
}

/// `, if condition`
#[derive(Clone, Debug)]
pub struct Guard {
    /// The comma.
    pub comma: Token![,],
    /// The `if`.
    pub if_token: Token![if],
    /// The arm is off when this is false.
    pub condition: Expr,
}

/// What stands after a `=>`.
#[derive(Clone, Debug)]
pub enum ArmBody {
    /// `{ … }`, unread.
    Block(Body),
    /// Any other expression.
    Expr(Expr),
}

const MISSING_COMMA: &str = "a `,` is missing between this body and the next arm";
const ARMS: &str = "`v = <-rx` receives, `tx <- value` sends";

impl Parse for Select {
    fn parse(input: ParseStream) -> Result<Self> {
        let biased = if input.peek(kw::biased) && !input.peek2(Token![<-]) && !input.peek2(Token![=]) {
            let word = input.parse()?;
            if !input.peek(Token![;]) {
                return Err(Error::new_spanned(word, "`biased` ends with a semicolon: `biased;`"));
            }
            Some((word, input.parse()?))
        } else {
            None
        };
        let mut arms: Vec<Arm> = Vec::new();
        while !input.is_empty() {
            let arm: Arm = input.parse()?;
            check_fallbacks(&arms, &arm)?;
            let block_like = arm.body.ends_like_a_block();
            let body = arm.body.to_token_stream();
            arms.push(arm);
            if input.peek(Token![;]) {
                return Err(input.error("arms are separated by `,`, and need nothing after a block"));
            }
            if input.peek(Token![,]) {
                input.parse::<Token![,]>()?;
            } else if !input.is_empty() && !block_like {
                return Err(Error::new_spanned(body, MISSING_COMMA));
            }
        }
        Ok(Select { biased, arms })
    }
}

/// Refuses `arm` when its `default` or `else` does not go with the arms before it.
fn check_fallbacks(before: &[Arm], arm: &Arm) -> Result<()> {
    let has_default = before.iter().any(|arm| matches!(arm.kind, ArmKind::Default(_)));
    let has_else = before.iter().any(|arm| matches!(arm.kind, ArmKind::Else(_)));
    const TOGETHER: &str =
        "`default` is taken whenever nothing is ready, so `else` never would be: keep one of them";
    match &arm.kind {
        ArmKind::Default(word) if has_default => {
            Err(Error::new(word.span, "a `select!` has one `default` arm: this is the second"))
        }
        ArmKind::Else(word) if has_else => {
            Err(Error::new(word.span, "a `select!` has one `else` arm: this is the second"))
        }
        ArmKind::Default(word) if has_else => Err(Error::new(word.span, TOGETHER)),
        ArmKind::Else(word) if has_default => Err(Error::new(word.span, TOGETHER)),
        _ => Ok(()),
    }
}

impl Parse for Arm {
    fn parse(input: ParseStream) -> Result<Self> {
        let mut header = Vec::new();
        while !input.is_empty() && !input.peek(Token![=>]) {
            header.push(input.parse::<TokenTree>()?);
        }
        let end = (0..header.len()).find(|&at| tokens::is_punct(&header, at, ';'));
        if end == Some(1) && is_word(&header, 0, "biased") {
            return Err(error_at(&header[..2], "`biased;` goes in front of all arms"));
        }
        if input.is_empty() || end.is_some() {
            let header = tokens::without_trailing_comma(&header[..end.unwrap_or(header.len())]);
            // The arm itself may already say where its `=>` should have stood.
            arm_kind(split_guard(header)?.0)?;
            return Err(error_at(header, "missing `=>` and the arm's body"));
        }
        let fat_arrow: Token![=>] = input.parse()?;
        if header.is_empty() {
            return Err(Error::new_spanned(
                fat_arrow,
                format!("the arm needs an operation before `=>`: {ARMS}"),
            ));
        }
        let (operation, guard) = split_guard(&header)?;
        if operation.is_empty() {
            return Err(error_at(&header, format!("the guard needs an operation before it: {ARMS}")));
        }
        let kind = arm_kind(operation)?;
        if let (ArmKind::Default(_) | ArmKind::Else(_), Some(guard)) = (&kind, &guard) {
            return Err(Error::new(
                guard.if_token.span,
                "this arm has no guard: it is taken when the others cannot be; put the `if` into its body",
            ));
        }
        if input.is_empty() || input.peek(Token![,]) {
            return Err(Error::new_spanned(
                fat_arrow,
                "the arm's body is missing after `=>`: write `{}` for none",
            ));
        }
        Ok(Arm { kind, guard, fat_arrow, body: input.parse()? })
    }
}

impl Parse for ArmBody {
    fn parse(input: ParseStream) -> Result<Self> {
        if let Some((token, after)) = input.cursor().token_tree()
            && let Some(group) = tokens::braces(&token)
            && !matches!(after.punct(), Some((next, _)) if matches!(next.as_char(), '.' | '?'))
        {
            input.parse::<TokenTree>()?;
            return Ok(ArmBody::Block(Body::of(&group)));
        }
        let rest = tokens::rest(&input.fork())?;
        Expr::parse_with_earlier_boundary_rule(input).map(ArmBody::Expr).map_err(|error| {
            // `f() <-rx => …`: the arrow is the next arm's.
            let body = find_arrow(&rest).map(|at| &rest[..at]);
            match body.filter(|body| !body.is_empty() && parse_expr(body).is_ok()) {
                Some(body) => error_at(body, MISSING_COMMA),
                None => error,
            }
        })
    }
}

impl ArmBody {
    /// Reads all of `input` as one body.
    pub(crate) fn parse_one(input: ParseStream) -> Result<ArmBody> {
        let fork = input.fork();
        if let Ok(token) = fork.parse::<TokenTree>()
            && let Some(group) = tokens::braces(&token)
            && fork.is_empty()
        {
            input.parse::<TokenTree>()?;
            return Ok(ArmBody::Block(Body::of(&group)));
        }
        input.parse().map(ArmBody::Expr)
    }

    /// The body as an expression.
    ///
    /// # Errors
    ///
    /// When it is a block with a syntax error in it.
    pub fn expr(&self) -> Result<Expr> {
        match self {
            ArmBody::Block(body) => syn::parse2(body.to_token_stream()),
            ArmBody::Expr(expr) => Ok(expr.clone()),
        }
    }

    /// Whether the next arm may follow without a comma, as in `match`.
    fn ends_like_a_block(&self) -> bool {
        match self {
            ArmBody::Block(_) => true,
            ArmBody::Expr(expr) => ends_like_a_block(expr),
        }
    }
}

fn ends_like_a_block(expr: &Expr) -> bool {
    match expr {
        Expr::Group(group) => ends_like_a_block(&group.expr),
        Expr::Block(_)
        | Expr::Unsafe(_)
        | Expr::If(_)
        | Expr::Match(_)
        | Expr::Loop(_)
        | Expr::While(_)
        | Expr::ForLoop(_) => true,
        _ => false,
    }
}

impl ToTokens for ArmBody {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        match self {
            ArmBody::Block(body) => body.to_tokens(tokens),
            ArmBody::Expr(expr) => expr.to_tokens(tokens),
        }
    }
}

/// Splits `operation, if condition`.
fn split_guard(header: &[TokenTree]) -> Result<(&[TokenTree], Option<Guard>)> {
    let comma = (0..header.len()).rev().find(|&at| {
        tokens::punct(header, at).is_some_and(|punct| punct.as_char() == ',') && is_word(header, at + 1, "if")
    });
    let Some(comma) = comma else { return Ok((header, None)) };
    let (if_span, condition) = (header[comma + 1].span(), &header[comma + 2..]);
    if condition.is_empty() {
        return Err(Error::new(if_span, "the condition is missing after `if`"));
    }
    let condition = parse_expr(condition).map_err(|error| missing_fat_arrow(condition).unwrap_or(error))?;
    if let Some(binding) = binding(&condition) {
        return Err(Error::new_spanned(
            binding,
            "a guard is a `bool`, known before the arm waits, and binds nothing: `, if matches!(…)`",
        ));
    }
    let guard = Guard { comma: Token![,](header[comma].span()), if_token: Token![if](if_span), condition };
    Ok((&header[..comma], Some(guard)))
}

/// The `let` in `let Some(x) = y && z`.
fn binding(condition: &Expr) -> Option<&Expr> {
    match condition {
        Expr::Let(_) => Some(condition),
        Expr::Binary(binary) => binding(&binary.left).or_else(|| binding(&binary.right)),
        _ => None,
    }
}

fn arm_kind(operation: &[TokenTree]) -> Result<ArmKind> {
    let Some(first) = operation.first() else {
        return Err(Error::new(
            proc_macro2::Span::call_site(),
            format!("the arm needs an operation: {ARMS}"),
        ));
    };
    if let Some(fallback) = fallback(operation) {
        return fallback;
    }
    if is_word(operation, 0, "if") && split_comma(operation).is_some() {
        return Err(Error::new(first.span(), "a guard follows the operation: `<-rx, if condition => …`"));
    }
    let at =
        find_arrow(operation).filter(|_| !is_word(operation, 0, "case") && !is_word(operation, 0, "let"));
    let Some(at) = at else { return Err(no_arrow(operation)) };
    let arrow = tokens::arrow_token(operation, at);
    let (before, after) = (&operation[..at], &operation[at + 2..]);
    if let Some(colon) = (0..before.len()).find(|&at| is_operator(before, at, ':', '=')) {
        return Err(error_at(&before[colon..colon + 2], "an arm binds with `=`: `v = <-rx`"));
    }
    if after.is_empty() {
        return Err(Error::new_spanned(arrow, format!("an operand is missing after `<-`: {ARMS}")));
    }
    match find_assign(before) {
        Some(0) => Err(Error::new(first.span(), "name what is received before `=`, or drop the `=`: `<-rx`")),
        Some(eq) if eq + 1 == before.len() => receive(receive_binding(&before[..eq])?, arrow, after),
        None if before.is_empty() => receive(ReceiveBinding::Discard, arrow, after),
        eq => {
            let result = eq.map(|eq| irrefutable(&before[..eq])).transpose()?;
            let channel = parse_expr(&before[eq.map_or(0, |eq| eq + 1)..])?;
            let value = operand(after)?;
            Ok(ArmKind::Send(Box::new(SelectSend { result, channel, arrow, value })))
        }
    }
}

/// `default` and `else`, unless the word is only the name of a channel.
fn fallback(operation: &[TokenTree]) -> Option<Result<ArmKind>> {
    let span = operation[0].span();
    let arm = match &operation[0] {
        TokenTree::Ident(word) if word == "default" => ArmKind::Default(Token![default](span)),
        TokenTree::Ident(word) if word == "else" => ArmKind::Else(Token![else](span)),
        TokenTree::Ident(word) if word == "_" && operation.len() == 1 => {
            return Some(Err(Error::new(
                span,
                "the arm that is taken when nothing is ready is `default => …`",
            )));
        }
        TokenTree::Ident(word) if word == "complete" && operation.len() == 1 => {
            return Some(Err(Error::new(
                span,
                "the arm that is taken when all others are off is `else => …`",
            )));
        }
        _ => return None,
    };
    if let Some(error) = misspelled_fat_arrow(operation, |before| before.len() == 1) {
        return Some(Err(error));
    }
    match operation.get(1) {
        None => Some(Ok(arm)),
        Some(TokenTree::Punct(_)) if matches!(arm, ArmKind::Default(_)) => None,
        Some(next) => Some(Err(Error::new(next.span(), "missing `=>` before the arm's body"))),
    }
}

fn receive(binding: ReceiveBinding, arrow: Token![<-], after: &[TokenTree]) -> Result<ArmKind> {
    let closes = matches!(binding, ReceiveBinding::Some(_));
    let arm = |channel, otherwise| ArmKind::Receive(Box::new(Receive { binding, arrow, channel, otherwise }));
    if let Ok(channel) = parse_expr(after)
        && find_arrow(after).is_none()
    {
        return Ok(arm(channel, None));
    }
    // `if a { b } else { c }` may itself be the channel: the last `else` with a whole expression before it.
    let split = (0..after.len())
        .rev()
        .filter(|&at| is_word(after, at, "else"))
        .find_map(|at| parse_expr(&after[..at]).ok().map(|channel| (at, channel)));
    let Some((at, channel)) = split else { return operand(after).map(|channel| arm(channel, None)) };
    let (word, otherwise) = (after[at].span(), &after[at + 1..]);
    if !closes {
        return Err(Error::new(word, "`else` belongs to a `Some(v)` arm: `Some(v) = <-rx else { … } => …`"));
    }
    if otherwise.is_empty() {
        return Err(Error::new(word, "what to do once the channel is closed is missing after `else`"));
    }
    let block = if let [token] = otherwise { tokens::braces(token) } else { None };
    let otherwise = match block {
        Some(block) => ArmBody::Block(Body::of(&block)),
        None => ArmBody::Expr(operand(otherwise)?),
    };
    Ok(arm(channel, Some((Token![else](word), otherwise))))
}

fn receive_binding(tokens: &[TokenTree]) -> Result<ReceiveBinding> {
    if let Some((value, comma, ok)) = split_comma(tokens) {
        let third = split_comma(ok).map(|(_, comma, _)| comma);
        if value.is_empty() || ok.is_empty() || third.is_some() {
            let span = third.unwrap_or(comma).span();
            return Err(Error::new(span, "two names go here: `v, ok = <-rx`"));
        }
        let (value, ok) = (whole_pattern(value)?, irrefutable(ok)?);
        if some_pattern(&value).is_some() {
            return Err(Error::new_spanned(
                ok,
                "a `Some(v)` arm is off once the channel is closed: drop `ok`",
            ));
        }
        check_irrefutable(&value)?;
        return Ok(ReceiveBinding::CommaOk(Box::new((value, ok))));
    }
    if let [TokenTree::Ident(_), rest @ ..] = tokens
        && tokens::is_punct(rest, 0, ':')
        && !is_operator(rest, 0, ':', ':')
    {
        return Err(error_at(rest, "the type is the channel's: `v = <-rx`"));
    }
    let pattern = whole_pattern(tokens)?;
    if let Some(inner) = some_pattern(&pattern) {
        check_irrefutable(inner)?;
        return Ok(ReceiveBinding::Some(inner.clone()));
    }
    if matches!(&pattern, Pat::Ident(name) if name.ident == "None") {
        return Err(Error::new_spanned(
            pattern,
            "to act on a closed channel, write `Some(v) = <-rx else { … } => …` or `v, ok = <-rx => …`",
        ));
    }
    check_irrefutable(&pattern)?;
    Ok(ReceiveBinding::Value(pattern))
}

/// All of `tokens` as one pattern. Alternatives need parentheses, unless they are all of `$p:pat`.
fn whole_pattern(tokens: &[TokenTree]) -> Result<Pat> {
    if let [TokenTree::Group(group)] = tokens
        && group.delimiter() == Delimiter::None
    {
        let inside: Vec<TokenTree> = group.stream().into_iter().collect();
        return Ok(match parse_all(&inside, Pat::parse_multi_with_leading_vert)? {
            pattern @ Pat::Or(_) => Pat::Paren(PatParen {
                attrs: Vec::new(),
                paren_token: token::Paren(group.span()),
                pat: Box::new(pattern),
            }),
            pattern => pattern,
        });
    }
    parse_all(tokens, Pat::parse_single)
}

fn irrefutable(tokens: &[TokenTree]) -> Result<Pat> {
    let pattern = whole_pattern(tokens)?;
    check_irrefutable(&pattern)?;
    Ok(pattern)
}

/// Refuses what of `pattern` is seen not to match every value, in better words than the compiler has for a
/// `let` that nobody wrote.
fn check_irrefutable(pattern: &Pat) -> Result<()> {
    match pattern {
        Pat::Lit(_) | Pat::Range(_) => Err(refutable(pattern)),
        Pat::Ident(name) if name.ident == "None" => Err(refutable(pattern)),
        Pat::TupleStruct(tuple) if ["Some", "Ok", "Err"].iter().any(|name| tuple.path.is_ident(name)) => {
            Err(refutable(pattern))
        }
        Pat::TupleStruct(tuple) => tuple.elems.iter().try_for_each(check_irrefutable),
        Pat::Tuple(tuple) => tuple.elems.iter().try_for_each(check_irrefutable),
        Pat::Struct(fields) => fields.fields.iter().try_for_each(|field| check_irrefutable(&field.pat)),
        Pat::Ident(name) => name.subpat.iter().try_for_each(|(_, pattern)| check_irrefutable(pattern)),
        Pat::Paren(paren) => check_alternatives(&paren.pat),
        Pat::Reference(reference) => check_irrefutable(&reference.pat),
        Pat::Type(typed) => check_irrefutable(&typed.pat),
        _ => Ok(()),
    }
}

/// In `(Ok(()) | Err(_))` the alternatives together may match every value: the compiler knows.
fn check_alternatives(pattern: &Pat) -> Result<()> {
    if matches!(pattern, Pat::Or(_)) { Ok(()) } else { check_irrefutable(pattern) }
}

fn refutable(pattern: &Pat) -> Error {
    Error::new_spanned(
        pattern,
        "this does not match every value, and an arm cannot leave values unreceived: bind a name, and \
         `match` on it in the body",
    )
}

fn some_pattern(pattern: &Pat) -> Option<&Pat> {
    match pattern {
        Pat::TupleStruct(tuple) if tuple.path.is_ident("Some") && tuple.elems.len() == 1 => {
            tuple.elems.first()
        }
        _ => None,
    }
}

/// An expression that ends where `=>` or the guard began; whatever else is in it shows that the `=>` is
/// missing.
fn operand(tokens: &[TokenTree]) -> Result<Expr> {
    let error = match (parse_expr(tokens), find_arrow(tokens)) {
        (Ok(expr), None) => return Ok(expr),
        (Err(error), None) => match split_comma(tokens) {
            Some((operand, _, rest)) if !rest.is_empty() && parse_expr(operand).is_ok() => {
                error_at(rest, "after the comma comes a guard: `, if condition => …`")
            }
            _ => error,
        },
        (_, Some(second)) => match split_comma(&tokens[..second]) {
            Some((_, _, next)) if !is_word(next, 0, "if") => error_at(
                &tokens[second..second + 2],
                "an arm is one operation: write another arm for this one",
            ),
            _ => second_arrow(tokens, second),
        },
    };
    Err(missing_fat_arrow(tokens).unwrap_or(error))
}

/// Where the operand at the start of `tokens` ends although no `=>` follows.
fn operand_end(tokens: &[TokenTree]) -> Option<usize> {
    let starts_body = |at: usize| match &tokens[at] {
        TokenTree::Group(group) => group.delimiter() == Delimiter::Brace,
        TokenTree::Ident(_) => true,
        _ => false,
    };
    (1..tokens.len()).find(|&at| starts_body(at) && parse_expr(&tokens[..at]).is_ok())
}

/// The `:` or `->` that stands for the `=>` behind what is complete.
fn misspelled_fat_arrow(tokens: &[TokenTree], is_complete: fn(&[TokenTree]) -> bool) -> Option<Error> {
    let path = |at: usize| is_operator(tokens, at, ':', ':') || is_operator(tokens, at - 1, ':', ':');
    (1..tokens.len()).find_map(|at| {
        let (length, written) = match () {
            () if is_operator(tokens, at, '-', '>') => (2, "->"),
            () if tokens::is_punct(tokens, at, ':') && !path(at) => (1, ":"),
            () => return None,
        };
        let message = format!("an arm's body follows `=>`, not `{written}`");
        is_complete(&tokens[..at]).then(|| error_at(&tokens[at..at + length], message))
    })
}

/// The error for an arm's body that stands in `tokens` without a `=>` before it.
fn missing_fat_arrow(tokens: &[TokenTree]) -> Option<Error> {
    if let Some(error) = misspelled_fat_arrow(tokens, |operand| parse_expr(operand).is_ok()) {
        return Some(error);
    }
    if let Some((_, comma, rest)) = split_comma(tokens)
        && rest.len() == 1
        && is_word(rest, 0, "ok")
    {
        return Some(error_at(&[comma.clone(), rest[0].clone()], "`ok` goes to the names: `v, ok = <-rx`"));
    }
    let at = operand_end(tokens)?;
    let span = tokens[at].span();
    if is_word(tokens, at, "if") {
        return Some(Error::new(span, "a guard follows a comma: `, if condition =>`"));
    }
    Some(Error::new(span, "missing `=>` before the arm's body"))
}

fn no_arrow(operation: &[TokenTree]) -> Error {
    let word = operation[0].span();
    if is_word(operation, 0, "case") {
        let message = "arms have no `case`: `v = <-rx => …`, `tx <- value => …`, `default => …`";
        return Error::new(word, message);
    }
    if is_word(operation, 0, "let") {
        return Error::new(word, "an arm needs no `let`: `v = <-rx => …`");
    }
    if let Some(at) = misspelled_arrow(operation) {
        let (arrow, spaced) = (&operation[at..at + 2], tokens::is_punct(operation, at, '<'));
        let in_one_piece = if spaced { ", in one piece" } else { "" };
        return error_at(arrow, format!("the arrow is `<-`{in_one_piece}: {ARMS}"));
    }
    match find_assign(operation) {
        Some(eq) if eq + 1 < operation.len() => {
            error_at(&operation[eq + 1..], "`<-` is missing: to receive, write `v = <-rx`")
        }
        _ => error_at(operation, format!("`<-` is missing: {ARMS}")),
    }
}

mod recover;
#[cfg(test)]
mod tests;
