//! One declaration of `runtime::local!`, for the message about what is wrong with it: right ones need no procedural
//! macro.

use proc_macro2::TokenTree;
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream};
use syn::{Attribute, Error, Expr, Ident, Meta, Result, Token, Type, Visibility};

use crate::tokens::{self, error_at};

/// `static NAME: Type = initial value;`, with attributes, and whatever follows it.
#[derive(Clone)]
#[cfg_attr(any(test, feature = "extra-traits"), derive(Debug))]
pub struct Local {
    /// `#[inherit]` and others.
    pub attrs: Vec<Attribute>,
    /// `pub` and its like.
    pub vis: Visibility,
    /// The name.
    pub name: Ident,
    /// The type of each goroutine's value.
    pub ty: Type,
    /// The initial value.
    pub init: Expr,
}

const SHAPE: &str = "`static NAME: Cell<u32> = Cell::new(0);`";

impl Parse for Local {
    fn parse(input: ParseStream) -> Result<Self> {
        let attrs = input.call(Attribute::parse_outer)?;
        for attr in &attrs {
            let arguments = match &attr.meta {
                Meta::List(list) => list.delimiter.span().join(),
                Meta::NameValue(pair) => pair.eq_token.span,
                Meta::Path(_) => continue,
            };
            if attr.path().is_ident("inherit") {
                let message = "a goroutine inherits a clone, and nothing else can be asked for: `#[inherit]`";
                return Err(Error::new(arguments, message));
            }
        }
        let vis = input.parse()?;
        if !input.peek(Token![static]) {
            return Err(no_static(input));
        }
        let keyword: Token![static] = input.parse()?;
        if input.peek(Token![mut]) {
            let message = "a goroutine-local value is changed through a `Cell` or a `RefCell`, without `mut`: \
                           `static NAME: Cell<u32> = Cell::new(0);`";
            return Err(input.error(message));
        }
        if !input.peek(Ident::peek_any) {
            return Err(Error::new(keyword.span, format!("the name is missing after `static`: {SHAPE}")));
        }
        let name = input.call(Ident::parse_any)?;
        if !input.peek(Token![:]) || input.peek(Token![::]) || input.peek2(Token![=]) {
            return Err(Error::new(name.span(), format!("the type of `{name}` is missing: {SHAPE}")));
        }
        input.parse::<Token![:]>()?;
        let ty: Type = input.parse()?;
        if !input.peek(Token![=]) {
            let message = format!("the initial value is missing after this type: {SHAPE}");
            return Err(Error::new_spanned(ty, message));
        }
        input.parse::<Token![=]>()?;
        if input.is_empty() || input.peek(Token![;]) {
            return Err(Error::new_spanned(ty, format!("the initial value is missing after `=`: {SHAPE}")));
        }
        let init = input.parse()?;
        if !input.is_empty() && !input.peek(Token![;]) {
            return Err(input.error("a `;` is missing before this"));
        }
        tokens::rest(input)?;
        Ok(Local { attrs, vis, name, ty, init })
    }
}

/// The error for something else in place of `static`.
fn no_static(input: ParseStream) -> Error {
    let Ok(tokens) = tokens::rest(input) else { return input.error("expected `static`") };
    let word = match tokens.first() {
        None => return input.error(format!("expected {SHAPE}")),
        Some(TokenTree::Ident(word)) => word.to_string(),
        Some(_) => String::new(),
    };
    let message = match word.as_str() {
        "inherit" => "this is an attribute: `#[inherit] static NAME: …`".to_owned(),
        "let" | "const" | "var" => format!("each value is declared as a static: {SHAPE}"),
        _ => format!("this declares values and holds nothing else: {SHAPE}"),
    };
    error_at(&tokens[..1], message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{accept, assert_rejects};

    #[test]
    fn declarations() {
        for source in [
            "static A: u32 = 1",
            "#[inherit] pub static A: Cell<u32> = Cell::new(0);",
            "/// text\n static A: u32 = f(1); static B: u32 = 2;",
        ] {
            accept::<Local>(source);
        }
    }

    #[test]
    fn mistakes() {
        let rejects = assert_rejects::<Local>;
        rejects("static A: Cell<u32>;", "Cell<u32>", "the initial value is missing after this type");
        rejects("static A: u32 = ;", "u32", "the initial value is missing after `=`");
        rejects("static A = Cell::new(0);", "A", "the type of `A` is missing");
        rejects("static A := 1;", "A", "the type of `A` is missing");
        rejects("static : u32 = 1;", "static", "the name is missing");
        rejects("static mut A: u32 = 1;", "mut", "a `Cell` or a `RefCell`");
        rejects("let a = 1;", "let", "declared as a static");
        rejects("const A: u32 = 1;", "const", "declared as a static");
        rejects("fn a() {}", "fn", "holds nothing else");
        rejects("Cell::new(0)", "Cell", "holds nothing else");
        rejects("inherit static A: u32 = 1;", "inherit", "`#[inherit] static");
        rejects("#[inherit(clone)] static A: u32 = 1;", "(clone)", "`#[inherit]`");
        rejects("#[inherit = 1] static A: u32 = 1;", "=", "`#[inherit]`");
        rejects("static A: u32 = 1 static B: u32 = 2;", "static", "a `;` is missing before this");
    }
}
