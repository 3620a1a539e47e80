//! Turns the code of a function into graphs. The methods are in the files of this folder, by syntactic form.

use super::build::Builder;
use super::reader::{Around, Reader};
use super::types::{replaced, ty};
use super::value::Value;
use crate::ir::{Capacity, Function, ObjectId, Origin, Param, Ty};
use crate::source::Span;
use syn::spanned::Spanned;

/// Turns the code of one function into graphs.
pub(super) struct Lower<'r> {
    pub(super) reader: &'r mut Reader,
    pub(super) build: Builder,
    /// Guards without a name, which live until the end of their statement.
    pub(super) temporaries: Vec<ObjectId>,
    /// The new channels in the fields of the structure that was read last.
    pub(super) fields: Vec<(String, Capacity)>,
}

impl<'r> Lower<'r> {
    pub(super) fn new(reader: &'r mut Reader, function: Function) -> Lower<'r> {
        Lower { reader, build: Builder::new(function), temporaries: Vec::new(), fields: Vec::new() }
    }
}

impl Lower<'_> {
    pub(super) fn param(&mut self, input: &syn::FnArg, around: &Around) {
        let (name, ty, span) = match input {
            syn::FnArg::Receiver(receiver) => {
                let owner = around.owner.clone().unwrap_or_default();
                let ty = Ty::Ref(Box::new(Ty::Path(owner, Vec::new())));
                ("self".to_owned(), ty, Span::of(receiver.self_token.span))
            }
            syn::FnArg::Typed(typed) => {
                let ty = replaced(ty(&typed.ty), &around.parameters);
                match &*typed.pat {
                    syn::Pat::Ident(name) => (name.ident.to_string(), ty, Span::of(name.ident.span())),
                    _ => {
                        let value = self.typed("", &ty, Span::of(typed.pat.span()));
                        self.pattern(&typed.pat, Value::Object(value));
                        (String::new(), ty, Span::of(typed.pat.span()))
                    }
                }
            }
        };
        let object = self.typed(&name, &ty, span);
        if let syn::FnArg::Typed(syn::PatType { pat, .. }) = input
            && let syn::Pat::Ident(syn::PatIdent { mutability: Some(_), .. }) = &**pat
        {
            self.build.mutable.insert((name.clone(), object), span);
        }
        self.build.bind(&name, object);
        self.build.add_param(object);
        self.build.function.params.push(Param { name, ty, object, span });
    }

    pub(super) fn typed(&mut self, name: &str, ty: &Ty, span: Span) -> ObjectId {
        self.build.object(name, Origin::Typed(ty.clone()), span)
    }
}
