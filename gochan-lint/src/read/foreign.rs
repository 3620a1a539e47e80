//! Macros of other crates, whose input is read if it looks like expressions.

use super::lower::Lower;
use super::value::Value;
use crate::ir::{Call, OpKind, Where};
use crate::source::Span;
use proc_macro2::{TokenStream, TokenTree};
use syn::Expr;
use syn::parse::Parser;
use syn::punctuated::Punctuated;

impl Lower<'_> {
    /// A macro of another crate.
    pub(super) fn foreign(&mut self, call: &syn::Macro, span: Span) -> Value {
        let name = call.path.segments.last().map_or_else(String::new, |last| last.ident.to_string());
        if name == "thread_local" {
            self.reader.thread_locals(call);
            return Value::Nothing;
        }
        let parser = Punctuated::<Expr, syn::Token![,]>::parse_terminated;
        let plain = self.looks_at_names(&call.tokens, &name);
        let temporaries = self.temporaries.len();
        match if plain { Ok(Punctuated::new()) } else { parser.parse2(call.tokens.clone()) } {
            Ok(inputs) => {
                for input in &inputs {
                    // `format!("{}", name = x)` assigns nothing.
                    let input = match input {
                        Expr::Assign(named) => &named.right,
                        input => input,
                    };
                    if let Value::Object(object) = self.expr(input) {
                        let kind = if name == "vec" {
                            OpKind::Escape(object, Where::Stored)
                        } else {
                            OpKind::Use(object)
                        };
                        self.build.op(kind, super::span::span_of(input));
                    }
                }
            }
            Err(_) => self.mention(&call.tokens),
        }
        self.end_temporaries(temporaries, &Value::Nothing);
        if matches!(name.as_str(), "addr_of_mut" | "addr_of")
            && let Ok(place) = syn::parse2::<Expr>(call.tokens.clone())
        {
            return self.expr(&place);
        }
        if matches!(name.as_str(), "panic" | "unreachable" | "todo" | "unimplemented") {
            self.build.diverge(span);
        } else if !matches!(name.as_str(), "vec" | "format") {
            let path = vec![format!("{name}!")];
            let call = Call {
                path,
                receiver: None,
                is_method: false,
                args: Vec::new(),
                generics: Vec::new(),
                result: None,
            };
            self.build.op(OpKind::Call(call), span);
        }
        Value::Nothing
    }

    /// Reads input that only names variables, `"{}", a, b` or `a == b + 1`, without a parser; false for any other.
    pub(super) fn looks_at_names(&mut self, tokens: &TokenStream, name: &str) -> bool {
        if matches!(name, "vec" | "addr_of" | "addr_of_mut") {
            return tokens.is_empty();
        }
        let plain = tokens.clone().into_iter().all(|token| match token {
            TokenTree::Group(_) => false,
            // Any other sign may be part of a `?`, a field, a closure, a path, a label or a pattern.
            TokenTree::Punct(sign) => {
                matches!(sign.as_char(), ',' | '=' | '!' | '<' | '>' | '+' | '-' | '*' | '/' | '&')
            }
            TokenTree::Ident(name) => {
                !["return", "break", "continue", "move", "let", "if", "match"].iter().any(|word| name == word)
            }
            TokenTree::Literal(_) => true,
        });
        if plain {
            for token in tokens.clone() {
                if let TokenTree::Ident(name) = token
                    && let Some(object) = self.build.lookup_ident(&name)
                {
                    self.build.op(OpKind::Use(object), Span::of(name.span()));
                }
            }
        }
        plain
    }

    /// Every variable that the tokens name escapes.
    pub(super) fn mention(&mut self, tokens: &TokenStream) {
        for token in tokens.clone() {
            match token {
                TokenTree::Ident(name) => {
                    if let Some(object) = self.build.lookup_ident(&name) {
                        self.build.op(OpKind::Escape(object, Where::Given), Span::of(name.span()));
                        self.build.blur(object);
                    }
                }
                TokenTree::Group(group) => self.mention(&group.stream()),
                _ => {}
            }
        }
    }
}
