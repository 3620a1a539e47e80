//! `select!`: slots for the values, one call of the engine, and a `match` with the bodies.
//!
//! Three requirements shape the code. The temporaries of the operands live until the engine has chosen and end before
//! any body runs: all operands are in the one statement that calls it. A value given as a place (`tx <- job`) stays
//! where it is: the engine copies it from there, and only the chosen arm moves out of the place. And no token of the
//! user's is inside `unsafe`.

use gochan_syntax::{Arm, ArmBody, ArmKind, Guard, Receive, ReceiveBinding, Select, SelectSend};
use proc_macro2::{Ident, Literal, Span, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::punctuated::Punctuated;
use syn::spanned::Spanned;
use syn::{Expr, Pat, PatIdent, PatWild, Token, UnOp};

use crate::expand::{Root, at, bare, in_scope, readable, text, zero};

pub(crate) fn expand(root: &Root, Select { biased, arms }: Select) -> TokenStream {
    if arms.is_empty() {
        let for_ever = engine(root, "for_ever", Span::call_site());
        return quote!(#for_ever());
    }
    let is_default = |arm: &Arm| matches!(arm.kind, ArmKind::Default(_));
    let is_else = |arm: &Arm| matches!(arm.kind, ArmKind::Else(_));
    let order = if biased.is_some() { "Source" } else { "Random" };
    let if_blocked = if arms.iter().any(is_default) {
        "Default"
    } else if arms.iter().any(is_else) {
        "Else"
    } else {
        "Wait"
    };
    let (order, if_blocked) = (variant(root, "Order", order), variant(root, "IfBlocked", if_blocked));

    let first_body = arms.first().map(|arm| arm.body.span());
    let (mut operations, mut fallback) = (Vec::new(), None);
    for Arm { kind, guard, body, .. } in arms {
        match kind {
            ArmKind::Receive(receive) => {
                operations.push(Operation::receive(root, operations.len(), *receive, guard, body));
            }
            ArmKind::Send(send) => {
                operations.push(Operation::send(root, operations.len(), *send, guard, body));
            }
            ArmKind::Default(_) | ArmKind::Else(_) => fallback = Some(body),
        }
    }

    let slots = operations.iter().map(|operation| &operation.slot);
    let arms = operations.iter().map(|operation| &operation.arm);
    let arguments = quote!(&mut [#(#arms),*], #order, #if_blocked);
    let has_place = operations.iter().any(|operation| operation.place.is_some());
    let (chosen, moving) = (name("chosen"), moving());
    let run = if !has_place {
        let run = engine(root, "run", Span::call_site());
        quote!(let #chosen = #run(#arguments);)
    } else {
        let new = engine(root, "Moving", Span::call_site());
        let checks = operations.iter().filter_map(Operation::gives_up);
        quote! {
            let #moving = #new::new();
            let #chosen = match #moving.run(#arguments) { #chosen => { #(#checks)* #chosen } };
        }
    };

    let outcomes: Vec<TokenStream> = (0..operations.len())
        .map(|index| operations[index].outcome(&operations))
        .chain(fallback.map(|body| {
            let unsent = operations.iter().filter_map(Operation::discard);
            let body = in_scope(&quote!(#(#unsent)*), &body);
            quote!({ #body })
        }))
        .collect();
    let dispatch = match &outcomes[..] {
        [only] => only.clone(),
        [before @ .., last] => {
            let index = (0..before.len()).map(Literal::usize_unsuffixed);
            // Located at the first body: if the bodies have different types, the compiler underlines this, too.
            let at_body = at(first_body.unwrap_or_else(Span::call_site));
            quote_spanned!(at_body=> match #chosen.index() { #(#index => #before,)* _ => #last })
        }
        [] => TokenStream::new(),
    };
    let mut functions: Vec<&str> = operations.iter().map(|operation| operation.function).collect();
    functions.sort_unstable();
    functions.dedup();
    let imports = functions.into_iter().map(|function| {
        let (path, local) = (engine(root, function, Span::call_site()), name(function));
        quote!(use #path as #local;)
    });
    quote!(#(#imports)* #(#slots)* #run #dispatch)
}

/// The usable parts of an input with mistakes: the other arms, and the operands and body of a broken one, in which an
/// editor continues to work.
pub(crate) fn remains(root: &Root, input: TokenStream) -> TokenStream {
    let (select, lost) = Select::recover(input);
    let lost = lost.into_iter().flat_map(readable);
    let expanded = (!select.arms.is_empty()).then(|| expand(root, select));
    quote!(#expanded; #(#lost;)*)
}

/// A receive or a send, and the code of its arm.
struct Operation {
    /// The function of the engine that makes the arm. It is imported under a name of the macro's own, since a path that
    /// starts with `$crate` would make errors about the channel underline the whole macro call.
    function: &'static str,
    /// The `let` of the slot, if the value is not in a place of the caller.
    slot: TokenStream,
    /// The `Arm` for the engine.
    arm: TokenStream,
    /// The value of a send, if it is a place, and the call that moves out of it.
    place: Option<(Expr, TokenStream)>,
    /// The slot of a value that may remain unsent.
    unsent: Option<Ident>,
    /// The code that runs when the arm is taken, in two parts: the end of a send, which must come first, and the rest.
    taken: (TokenStream, TokenStream),
}

impl Operation {
    fn receive(root: &Root, index: usize, receive: Receive, guard: Option<Guard>, body: ArmBody) -> Self {
        let Receive { binding, channel, otherwise, .. } = receive;
        let span = channel.span();
        let (slot, at_channel) = (slot(index, span), ident("__gochan_channel", span));
        let (new, recv) = (engine(root, "RecvSlot", span), ident("__gochan_recv", span));
        let off_when_closed = (matches!(binding, ReceiveBinding::Some(_)) && otherwise.is_none())
            .then(|| quote!(.off_when_closed()));
        let guard = only_if(guard);
        let channel = reference(channel);
        let taken = match binding {
            ReceiveBinding::Discard | ReceiveBinding::Value(Pat::Wild(_)) => {
                in_scope(&quote!(::core::mem::drop(#slot);), &body)
            }
            ReceiveBinding::Value(pattern) => {
                let value = received(root, &slot, "value", pattern.span());
                if is_comma_ok(&pattern) {
                    let (path, pair) =
                        (engine(root, "pair", pattern.span()), ident("__gochan_pair", pattern.span()));
                    let value = quote_spanned!(pair.span()=> { use #path as #pair; #pair(#value) });
                    bind(&[&pattern], &value, &body)
                } else {
                    bind(&[&pattern], &value, &body)
                }
            }
            ReceiveBinding::CommaOk(patterns) => match *patterns {
                (Pat::Wild(_), ok) => bind(&[&ok], &quote!(#slot.take().is_some()), &body),
                (value, ok) => {
                    let value_ok = received(root, &slot, "value_ok", value.span());
                    bind(&[&value, &ok], &value_ok, &body)
                }
            },
            ReceiveBinding::Some(pattern) => {
                let value = ident("__gochan_value", pattern.span());
                let received = bind(&[&pattern], &value, &body);
                let closed = otherwise.map_or_else(
                    || quote!(::core::unreachable!()),
                    |(_, otherwise)| otherwise.into_token_stream(),
                );
                quote! {
                    match #slot.take() {
                        ::core::option::Option::Some(#value) => { #received }
                        ::core::option::Option::None => #closed,
                    }
                }
            }
        };
        Operation {
            function: "recv",
            slot: quote!(let mut #slot = #new::new();),
            arm: quote_spanned! {at(span)=>
                match #channel { #at_channel => #recv(#at_channel, &mut #slot) } #guard #off_when_closed
            },
            place: None,
            unsent: None,
            taken: (TokenStream::new(), taken),
        }
    }

    fn send(root: &Root, index: usize, send: SelectSend, guard: Option<Guard>, body: ArmBody) -> Self {
        let SelectSend { result, channel, value, .. } = send;
        let (span, value) = (channel.span(), bare(value));
        let at_channel = ident("__gochan_channel", span);
        let guard = only_if(guard);
        let channel = reference(channel);
        let rest = match &result {
            None => in_scope(&TokenStream::new(), &body),
            Some(pattern) => {
                let result = ident("__gochan_result", pattern.span());
                bind(&[pattern], &result, &body)
            }
        };
        let finish = |call: TokenStream| match &result {
            None => quote!(#call;),
            Some(pattern) => {
                let result = ident("__gochan_result", pattern.span());
                quote!(let #result = #call;)
            }
        };
        let finished = if result.is_some() { "result" } else { "sent" };
        if is_place(&value) {
            let (moving, chosen) = (moving(), name("chosen"));
            let at_value = ident("__gochan_value", value.span());
            let send_place = ident("__gochan_send_place", span);
            let (place, finished) = (reference(value.clone()), ident(finished, span));
            let new_lvalue = engine(root, "Lvalue", value.span());
            let give_up = quote!(#moving.#finished(#chosen, #value));
            return Operation {
                function: "send_place",
                slot: TokenStream::new(),
                arm: quote_spanned! {at(span)=>
                    match (#channel, #new_lvalue::of(#place)) {
                        (#at_channel, #at_value) => unsafe { #send_place(#at_channel, #at_value) }
                    } #guard
                },
                taken: (finish(give_up.clone()), rest),
                place: Some((value, give_up)),
                unsent: None,
            };
        }
        let (slot, send) = (slot(index, span), ident("__gochan_send", span));
        let new = engine(root, "SendSlot", span);
        let value = text(root, &at_channel, &value).unwrap_or_else(|| value.into_token_stream());
        Operation {
            function: "send",
            slot: quote!(let mut #slot = #new::new();),
            arm: quote_spanned! {at(span)=>
                match #channel {
                    #at_channel => { #slot.put(#at_channel, #value); #send(#at_channel, &mut #slot) }
                } #guard
            },
            place: None,
            taken: (finish(method(&slot, finished, span)), rest),
            unsent: Some(slot),
        }
    }

    /// Drops a value that was not sent because another arm was taken.
    fn discard(&self) -> Option<TokenStream> {
        self.unsent.as_ref().map(|slot| quote!(#slot.discard();))
    }

    /// Code that never runs and proves to the compiler what the engine requires of a place.
    ///
    /// The expression is a place: of something that only looks like one, such as a constant in lower case, the caller
    /// would keep a copy. And it can be moved out of while the temporaries of the operands are still alive: one that
    /// borrows from the place, and reads it in its destructor, would see a value that already belongs to the receiver.
    fn gives_up(&self) -> Option<TokenStream> {
        let (place, give_up) = self.place.as_ref()?;
        Some(quote! {
            if false {
                let _ = &raw const (#place);
                let _ = #give_up;
                ::core::unreachable!()
            }
        })
    }

    fn outcome(&self, all: &[Operation]) -> TokenStream {
        let (first, rest) = &self.taken;
        let others = all.iter().filter(|other| !std::ptr::eq(*other, self));
        let unsent = others.filter_map(Operation::discard);
        quote!({ #first #(#unsent)* #rest })
    }
}

/// `body` with `value` bound by the one pattern, or its two parts by the two.
///
/// A pattern that may fail to match is bound by a `match`, after code that never runs has made the compiler check that
/// it cannot fail: as the parameter of a function literal, since for a `let` the compiler would suggest a fix, such as
/// adding an `else`, that the user cannot apply.
fn bind(patterns: &[&Pat], value: &impl ToTokens, body: &ArmBody) -> TokenStream {
    if patterns.iter().all(|pattern| always_matches(pattern)) {
        let pattern = tuple(patterns);
        return in_scope(&quote!(let #pattern = #value;), body);
    }
    let parts: Vec<Ident> = (0..patterns.len()).map(|part| name(&format!("part{part}"))).collect();
    let parameters = patterns.iter().zip(&parts).filter(|(pattern, _)| !always_matches(pattern));
    let checks = parameters.map(|(pattern, part)| {
        let pattern = nameless((*pattern).clone());
        quote! {
            if false {
                ::core::option::Option::Some(#part).map(|#pattern| {});
                ::core::unreachable!()
            }
        }
    });
    let without_parentheses = |pattern: &&Pat| match pattern {
        Pat::Paren(paren) => paren.pat.to_token_stream(),
        pattern => pattern.to_token_stream(),
    };
    let patterns: Vec<TokenStream> = patterns.iter().map(without_parentheses).collect();
    let (parts, pattern) = (tuple(&parts), tuple(&patterns));
    quote! {
        let #parts = #value;
        #(#checks)*
        match #parts {
            #pattern => #body,
            _ => ::core::unreachable!(),
        }
    }
}

/// `pattern` without the variables that it binds, which matches the same values: nothing in it is unused.
fn nameless(pattern: Pat) -> Pat {
    let all = |patterns: Punctuated<Pat, Token![,]>| patterns.into_iter().map(nameless).collect();
    match pattern {
        Pat::Ident(PatIdent { subpat: Some((_, pattern)), .. }) => nameless(*pattern),
        Pat::Ident(PatIdent { ident, .. }) if !is_capitalized(&ident.to_string()) => {
            Pat::Wild(PatWild { attrs: Vec::new(), underscore_token: Token![_](ident.span()) })
        }
        Pat::Or(mut or) => {
            or.cases = or.cases.into_iter().map(nameless).collect();
            Pat::Or(or)
        }
        Pat::Paren(mut paren) => {
            paren.pat = Box::new(nameless(*paren.pat));
            Pat::Paren(paren)
        }
        Pat::Reference(mut reference) => {
            reference.pat = Box::new(nameless(*reference.pat));
            Pat::Reference(reference)
        }
        Pat::Slice(mut slice) => {
            slice.elems = all(slice.elems);
            Pat::Slice(slice)
        }
        Pat::Struct(mut fields) => {
            for field in &mut fields.fields {
                let colon = Token![:](field.pat.span());
                field.colon_token.get_or_insert(colon);
                *field.pat = nameless((*field.pat).clone());
            }
            Pat::Struct(fields)
        }
        Pat::Tuple(mut tuple) => {
            tuple.elems = all(tuple.elems);
            Pat::Tuple(tuple)
        }
        Pat::TupleStruct(mut tuple) => {
            tuple.elems = all(tuple.elems);
            Pat::TupleStruct(tuple)
        }
        Pat::Type(mut typed) => {
            typed.pat = Box::new(nameless(*typed.pat));
            Pat::Type(typed)
        }
        pattern => pattern,
    }
}

/// The single part itself, or the parts in parentheses.
fn tuple(parts: &[impl ToTokens]) -> TokenStream {
    match parts {
        [part] => part.to_token_stream(),
        parts => quote!((#(#parts),*)),
    }
}

/// True if `pattern` visibly matches every value.
fn always_matches(pattern: &Pat) -> bool {
    match pattern {
        Pat::Wild(_) | Pat::Rest(_) => true,
        Pat::Ident(name) => {
            let subpattern = name.subpat.as_ref().is_none_or(|(_, pattern)| always_matches(pattern));
            !is_capitalized(&name.ident.to_string()) && subpattern
        }
        Pat::Tuple(tuple) => tuple.elems.iter().all(always_matches),
        Pat::Paren(paren) => always_matches(&paren.pat),
        Pat::Reference(reference) => always_matches(&reference.pat),
        Pat::Type(typed) => always_matches(&typed.pat),
        _ => false,
    }
}

/// True if the compiler allows `expr` to be borrowed now and moved out of later, and both mean the same place: a local
/// variable, a field of one, or the target of one of these.
fn is_place(expr: &Expr) -> bool {
    match expr {
        Expr::Paren(paren) => is_place(&paren.expr),
        Expr::Group(group) => is_place(&group.expr),
        Expr::Field(field) => is_place(&field.base),
        Expr::Unary(unary) => matches!(unary.op, UnOp::Deref(_)) && is_place(&unary.expr),
        Expr::Path(path) if path.qself.is_none() => {
            path.path.get_ident().is_some_and(|name| !is_capitalized(&name.to_string()))
        }
        _ => false,
    }
}

/// True if `name` is by convention the name of a constant, a variant or a type.
fn is_capitalized(name: &str) -> bool {
    let name = name.strip_prefix("r#").unwrap_or(name);
    name.chars().find(|letter| letter.is_alphabetic()).is_some_and(char::is_uppercase)
}

/// `.only_if(…)`, with the temporaries of the condition dropped before the engine waits.
fn only_if(guard: Option<Guard>) -> Option<TokenStream> {
    let condition = bare(guard?.condition);
    let on = ident("__gochan_on", condition.span());
    Some(quote_spanned!(on.span()=> .only_if({ let #on: ::core::primitive::bool = #condition; #on })))
}

/// `&expr`, with the parentheses it needs. The `&` is the macro's, so clippy ignores it.
fn reference(expr: Expr) -> TokenStream {
    let and_token = Token![&](at(expr.span()));
    syn::ExprReference { attrs: Vec::new(), and_token, mutability: None, expr: Box::new(expr) }
        .into_token_stream()
}

/// An item of `gochan::__private::select`.
fn engine(root: &Root, item: &str, span: Span) -> TokenStream {
    let (select, item) = (root.private("select"), Ident::new(item, at(span)));
    quote!(#select::#item)
}

/// A variant of an enum that the engine takes.
fn variant(root: &Root, of: &str, name: &str) -> TokenStream {
    let (of, name) = (engine(root, of, Span::call_site()), ident(name, Span::call_site()));
    quote!(#of::#name)
}

/// True for `(v, ok)`, which may be meant as Go's comma-ok.
fn is_comma_ok(pattern: &Pat) -> bool {
    let Pat::Tuple(tuple) = pattern else { return false };
    let names: Vec<String> = tuple
        .elems
        .iter()
        .filter_map(|name| match name {
            Pat::Ident(name) => Some(name.ident.to_string()),
            Pat::Wild(_) => Some("_".to_owned()),
            _ => None,
        })
        .collect();
    tuple.elems.len() == 2 && names.len() == 2 && ["ok", "more", "open", "okay"].contains(&&*names[1])
}

/// What the slot received, or the zero value, with all tokens located at `span`.
fn received(root: &Root, slot: &Ident, name: &str, span: Span) -> TokenStream {
    let slot = Ident::new(&slot.to_string(), at(span));
    zero(root, &slot, &ident(name, span), span)
}

/// `slot.name()`, with all tokens located at `span`.
fn method(slot: &Ident, name: &str, span: Span) -> TokenStream {
    let (slot, name) = (Ident::new(&slot.to_string(), at(span)), ident(name, span));
    quote_spanned!(at(span)=> #slot.#name())
}

fn slot(index: usize, span: Span) -> Ident {
    format_ident!("__gochan_slot{index}", span = at(span))
}

fn moving() -> Ident {
    name("moving")
}

fn name(word: &str) -> Ident {
    ident(&format!("__gochan_{word}"), Span::call_site())
}

/// A name of the macro's own, located at `span`.
fn ident(word: &str, span: Span) -> Ident {
    Ident::new(word, at(span))
}
