//! `select! { … }`.

mod arm;
mod mistakes;
mod pattern;
mod recover;
#[cfg(test)]
mod tests;

use proc_macro2::{TokenStream, TokenTree};
use quote::ToTokens;
use syn::parse::{Parse, ParseStream};
use syn::{Error, Expr, Pat, Result, Token};

use self::arm::{arm_kind, split_guard};
use crate::Body;
use crate::tokens::{self, error_at, find_arrow, is_word, parse_expr};

/// The words that have a meaning only here.
#[allow(missing_docs)]
pub mod kw {
    syn::custom_keyword!(biased);
}

/// The input of `select!`.
#[derive(Clone)]
#[cfg_attr(any(test, feature = "extra-traits"), derive(Debug))]
pub struct Select {
    /// `biased;`: source order decides among ready arms.
    pub biased: Option<(kw::biased, Token![;])>,
    /// The arms, in source order. At most one is `default` or `else`.
    pub arms: Vec<Arm>,
}

/// One arm.
#[derive(Clone)]
#[cfg_attr(any(test, feature = "extra-traits"), derive(Debug))]
pub struct Arm {
    /// The operation that it waits for.
    pub kind: ArmKind,
    /// `, if condition`
    pub guard: Option<Guard>,
    /// The `=>`.
    pub fat_arrow: Token![=>],
    /// The code that runs when the arm is taken.
    pub body: ArmBody,
}

/// The operation of an arm.
#[derive(Clone)]
#[cfg_attr(any(test, feature = "extra-traits"), derive(Debug))]
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
#[derive(Clone)]
#[cfg_attr(any(test, feature = "extra-traits"), derive(Debug))]
pub struct Receive {
    /// The binding of the value.
    pub binding: ReceiveBinding,
    /// The arrow.
    pub arrow: Token![<-],
    /// The channel.
    pub channel: Expr,
    /// `else E` of a `Some(v)` arm: evaluated instead of the body once the channel is closed.
    pub otherwise: Option<(Token![else], ArmBody)>,
}

/// How a receive arm binds its value.
#[derive(Clone)]
#[cfg_attr(any(test, feature = "extra-traits"), derive(Debug))]
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
#[derive(Clone)]
#[cfg_attr(any(test, feature = "extra-traits"), derive(Debug))]
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
#[derive(Clone)]
#[cfg_attr(any(test, feature = "extra-traits"), derive(Debug))]
pub struct Guard {
    /// The comma.
    pub comma: Token![,],
    /// The `if`.
    pub if_token: Token![if],
    /// The arm is off when this is false.
    pub condition: Expr,
}

/// The body after a `=>`.
#[derive(Clone)]
#[cfg_attr(any(test, feature = "extra-traits"), derive(Debug))]
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

/// Rejects `arm` if its `default` or `else` cannot be combined with the arms before it.
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
            // The error for the arm itself may already show where its `=>` is missing.
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
            // In `f() <-rx => …` the arrow belongs to the next arm.
            let body = find_arrow(&rest).map(|at| &rest[..at]);
            match body.filter(|body| !body.is_empty() && parse_expr(body).is_ok()) {
                Some(body) => error_at(body, MISSING_COMMA),
                None => error,
            }
        })
    }
}

impl ArmBody {
    /// Parses all of `input` as one body.
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
    /// If it is a block with a syntax error in it.
    pub fn expr(&self) -> Result<Expr> {
        match self {
            ArmBody::Block(body) => syn::parse2(body.to_token_stream()),
            ArmBody::Expr(expr) => Ok(expr.clone()),
        }
    }

    /// True if the next arm may follow without a comma, as in `match`.
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
