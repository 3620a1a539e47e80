//! Types that the form of an expression shows.

use super::expr::segments;
use crate::ir::Ty;
use syn::Expr;

/// A type as written, with the parts of `Vec<_>` from the expression.
pub(super) fn known_better(written: Ty, expr: &Expr) -> Ty {
    match &written {
        Ty::Path(_, arguments) if arguments.contains(&Ty::Unknown) => match shown(expr) {
            Ty::Path(name, shown) if !shown.is_empty() && written.is_called(&name) => Ty::Path(name, shown),
            _ => written,
        },
        _ => written,
    }
}

/// The type of an expression, if its form shows it.
pub(super) fn shown(expr: &Expr) -> Ty {
    let named = |name: &str| Ty::Path(name.to_owned(), Vec::new());
    let list = |name: &str, element: Ty| match element {
        Ty::Unknown => named(name),
        element => Ty::Path(name.to_owned(), vec![element]),
    };
    match expr {
        Expr::Lit(literal) => match &literal.lit {
            syn::Lit::Str(_) => named("str"),
            syn::Lit::Bool(_) => named("bool"),
            syn::Lit::Int(_) => named("i32"),
            syn::Lit::Float(_) => named("f64"),
            syn::Lit::Char(_) => named("char"),
            _ => Ty::Unknown,
        },
        Expr::Reference(inner) => shown(&inner.expr),
        Expr::Paren(inner) => shown(&inner.expr),
        Expr::Unary(inner) => shown(&inner.expr),
        Expr::Struct(value) => {
            let whole = super::types::is_own(&value.path) && value.path.segments.len() > 1;
            match value.path.segments.last() {
                Some(_) if whole => named(&segments(&value.path).join("::")),
                Some(last) => named(&last.ident.to_string()),
                None => Ty::Unknown,
            }
        }
        Expr::Macro(call) => match call.mac.path.segments.last() {
            Some(last) if last.ident == "format" => named("String"),
            Some(last) if last.ident == "vec" => list("Vec", first_element(&call.mac.tokens)),
            Some(last) if last.ident == "chan" => named("Chan"),
            _ => Ty::Unknown,
        },
        Expr::Array(array) => match array.elems.first() {
            Some(first) => list("[]", shown(first)),
            None => Ty::Unknown,
        },
        Expr::Tuple(unit) if unit.elems.is_empty() => Ty::Tuple(Vec::new()),
        Expr::Repeat(array) => list("[]", shown(&array.expr)),
        // `(0..n).map(|_| chan!(u32)).collect()`
        Expr::MethodCall(call) if call.method == "collect" => match &*call.receiver {
            Expr::MethodCall(map) if map.method == "map" => match map.args.first() {
                Some(Expr::Closure(closure)) => list("Vec", shown(&closure.body)),
                _ => Ty::Unknown,
            },
            _ => Ty::Unknown,
        },
        Expr::MethodCall(call) if call.method == "to_string" => named("String"),
        Expr::MethodCall(call) if ["to_owned", "into", "clone"].iter().any(|name| call.method == name) => {
            match shown(&call.receiver) {
                Ty::Path(name, _) if name == "str" => named("String"),
                other => other,
            }
        }
        Expr::Call(call) => match &*call.func {
            Expr::Path(path) => match &segments(&path.path)[..] {
                // The type of a pointer is that of its target.
                [.., owner, name] if name == "new" && matches!(owner.as_str(), "Arc" | "Rc" | "Box") => {
                    call.args.first().map_or_else(|| named(owner), shown)
                }
                [modules @ .., owner, _] if owner.starts_with(char::is_uppercase) => {
                    if modules.is_empty() || !super::types::is_own(&path.path) {
                        named(owner)
                    } else {
                        named(&format!("{}::{owner}", modules.join("::")))
                    }
                }
                [name]
                    if name.starts_with(char::is_uppercase)
                        && !matches!(name.as_str(), "Some" | "Ok" | "Err") =>
                {
                    named(name)
                }
                _ => Ty::Unknown,
            },
            _ => Ty::Unknown,
        },
        _ => Ty::Unknown,
    }
}

/// The type of the first element of `vec![…]`.
pub(super) fn first_element(tokens: &proc_macro2::TokenStream) -> Ty {
    let first = tokens.clone().into_iter().take_while(
        |token| !matches!(token, proc_macro2::TokenTree::Punct(sign) if matches!(sign.as_char(), ',' | ';')),
    );
    syn::parse2::<Expr>(first.collect()).map_or(Ty::Unknown, |first| shown(&first))
}
