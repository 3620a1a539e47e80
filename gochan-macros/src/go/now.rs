//! What the caller of `go!` evaluates, and what is left to the goroutine: only what it owns, or what is the same later.

use gochan_syntax::{CloneEntry, CloneList};
use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::punctuated::Punctuated;
use syn::spanned::Spanned;
use syn::{Expr, ExprReference, Token, UnOp};

use crate::expand::{at, bare, in_scope};

/// The statements that evaluate callee, receiver and arguments in the caller, in source order.
pub(super) struct Now<'a> {
    listed: Vec<&'a CloneEntry>,
    /// The entries of the list that the goroutine's expression names.
    owned: Vec<&'a CloneEntry>,
    statements: TokenStream,
    count: usize,
}

impl<'a> Now<'a> {
    pub(super) fn new(clones: Option<&'a CloneList>) -> Now<'a> {
        let listed = clones.iter().flat_map(|list| &list.entries).collect();
        Now { listed, owned: Vec::new(), statements: TokenStream::new(), count: 0 }
    }

    /// The statements, and the goroutine's expression with what it owns around it.
    pub(super) fn finish(self, body: TokenStream) -> (TokenStream, TokenStream) {
        if self.owned.is_empty() {
            return (self.statements, body);
        }
        let taken: TokenStream = self.owned.into_iter().map(own).collect();
        let body = in_scope(&taken, &body);
        (self.statements, quote!({ #body }))
    }

    /// Evaluates `expr` into a variable.
    fn bind(&mut self, name: Ident, mutable: bool, expr: &Expr) -> Ident {
        let mutable = mutable.then(|| quote!(mut));
        let statement = quote_spanned!(at(name.span())=> let #mutable #name = #expr;);
        self.statements.extend(statement);
        name
    }

    fn bind_argument(&mut self, mutable: bool, expr: &Expr) -> Ident {
        let name = format_ident!("__gochan_arg{}", self.count, span = at(expr.span()));
        self.count += 1;
        self.bind(name, mutable, expr)
    }

    /// Moves a variable into one whose name counts as the user's: where it does not fit, the compiler offers `jobs.into()`,
    /// not `go!(…).into()`. It is declared elsewhere, or the compiler would offer `ref jobs` for a variable that is still
    /// needed.
    fn bind_variable(&mut self, path: &Expr) -> Ident {
        let name = format_ident!("__gochan_arg{}", self.count, span = path.span());
        let declared = Ident::new(&name.to_string(), Span::call_site().resolved_at(path.span()));
        self.count += 1;
        self.statements.extend(quote_spanned!(at(path.span())=> let #declared = #path;));
        name
    }

    /// The callee in the goroutine. A path has nothing to evaluate; named in place it keeps its generic parameters open
    /// and gives the compiler's better messages. A local variable is captured at once.
    pub(super) fn callee(&mut self, callee: Expr) -> TokenStream {
        let callee = bare(callee);
        if matches!(callee, Expr::Path(_)) {
            return callee.into_token_stream();
        }
        let name = format_ident!("__gochan_callee", span = at(callee.span()));
        self.bind(name, true, &callee).into_token_stream()
    }

    /// The receiver of a method in the goroutine. A chain of fields and methods that begins at a name of the list stays
    /// there, with its arguments evaluated now.
    pub(super) fn receiver(&mut self, receiver: Expr) -> TokenStream {
        let mut receiver = bare(receiver);
        if let Some(entry) = self.listed_root(&receiver, Through::Calls) {
            self.own(entry);
            self.evaluate_inside(&mut receiver);
            return receiver.into_token_stream();
        }
        let name = format_ident!("__gochan_self", span = at(receiver.span()));
        self.bind(name, true, &receiver).into_token_stream()
    }

    /// Evaluates the indices and the arguments of methods between the root of `expr` and the whole.
    fn evaluate_inside(&mut self, expr: &mut Expr) {
        match expr {
            Expr::MethodCall(call) => {
                self.evaluate_inside(&mut call.receiver);
                for argument in &mut call.args {
                    self.replace(argument);
                }
            }
            Expr::Index(index) => {
                self.evaluate_inside(&mut index.expr);
                self.replace(&mut index.index);
            }
            Expr::Field(field) => self.evaluate_inside(&mut field.base),
            Expr::Unary(unary) => self.evaluate_inside(&mut unary.expr),
            Expr::Paren(paren) => self.evaluate_inside(&mut paren.expr),
            Expr::Group(group) => self.evaluate_inside(&mut group.expr),
            _ => {}
        }
    }

    fn replace(&mut self, argument: &mut Expr) {
        let later = self.argument(argument.clone());
        *argument = Expr::Verbatim(later);
    }

    pub(super) fn arguments(&mut self, arguments: Punctuated<Expr, Token![,]>, span: Span) -> Group {
        let later: Punctuated<TokenStream, Token![,]> =
            arguments.into_iter().map(|argument| self.argument(argument)).collect();
        let mut group = Group::new(Delimiter::Parenthesis, later.into_token_stream());
        group.set_span(at(span));
        group
    }

    /// The goroutine's expression for `argument`. A closure stays where the callee's signature determines the types of
    /// its parameters; it contains nothing to evaluate, and its captures move at once.
    fn argument(&mut self, argument: Expr) -> TokenStream {
        let argument = bare(argument);
        match argument {
            Expr::Closure(_) | Expr::Lit(_) => argument.into_token_stream(),
            Expr::Reference(reference) => self.reference(reference),
            Expr::Path(_) => self.bind_variable(&argument).into_token_stream(),
            _ => self.bind_value(&argument).into_token_stream(),
        }
    }

    /// Evaluates a value. Where that of a call does not fit, the compiler offers `jobs.clone().into()`: the variable stands
    /// where the call ends, and its name counts as the user's.
    fn bind_value(&mut self, expr: &Expr) -> Ident {
        let end = match expr {
            Expr::MethodCall(call) => call.paren_token.span.join(),
            Expr::Call(call) => call.paren_token.span.join(),
            _ => return self.bind_argument(false, expr),
        };
        let name = format_ident!("__gochan_arg{}", self.count, span = end);
        let declared = Ident::new(&name.to_string(), Span::call_site().resolved_at(end));
        self.count += 1;
        self.statements.extend(quote_spanned!(at(expr.span())=> let #declared = #expr;));
        name
    }

    /// A reference to a name of the list, or to a value, is a reference to what the goroutine owns.
    fn reference(&mut self, mut reference: ExprReference) -> TokenStream {
        if let Some(entry) = self.listed_root(&reference.expr, Through::Places) {
            self.own(entry);
            self.evaluate_inside(&mut reference.expr);
            return reference.into_token_stream();
        }
        let mutable = reference.mutability.is_some();
        let root = root_mut(&mut reference.expr, Through::Places);
        if matches!(root, Expr::Path(_)) || is_constant(root) {
            return self.bind_argument(false, &Expr::Reference(reference)).into_token_stream();
        }
        let owned = self.bind_argument(mutable, root);
        *root = Expr::Verbatim(owned.into_token_stream());
        self.evaluate_inside(&mut reference.expr);
        reference.into_token_stream()
    }

    fn own(&mut self, entry: &'a CloneEntry) {
        if !self.owned.iter().any(|owned| owned.name == entry.name) {
            self.owned.push(entry);
        }
    }

    /// The entry of the list at which `expr` begins.
    fn listed_root(&self, expr: &Expr, through: Through) -> Option<&'a CloneEntry> {
        let Expr::Path(path) = root(expr, through) else { return None };
        let name = path.path.get_ident()?;
        self.listed.iter().copied().find(|entry| entry.name == *name)
    }
}

/// `let mut name = name;` inside the goroutine: it owns the whole clone, of which it may need a part only.
fn own(CloneEntry { name, .. }: &CloneEntry) -> TokenStream {
    quote_spanned!(at(name.span())=> let mut #name = #name;)
}

/// The expressions between a root and the whole.
#[derive(Clone, Copy, PartialEq)]
enum Through {
    /// Fields, indices and dereferences: places within the root.
    Places,
    /// Method calls too.
    Calls,
}

impl Through {
    /// The expression that `expr` is a part of.
    fn base(self, expr: &Expr) -> Option<&Expr> {
        match expr {
            Expr::Paren(paren) => Some(&paren.expr),
            Expr::Group(group) => Some(&group.expr),
            Expr::Field(field) => Some(&field.base),
            Expr::Unary(unary) if matches!(unary.op, UnOp::Deref(_)) => Some(&unary.expr),
            Expr::Index(index) => Some(&index.expr),
            Expr::MethodCall(call) if self == Through::Calls => Some(&call.receiver),
            _ => None,
        }
    }
}

fn root(expr: &Expr, through: Through) -> &Expr {
    through.base(expr).map_or(expr, |base| root(base, through))
}

fn root_mut(expr: &mut Expr, through: Through) -> &mut Expr {
    if through.base(expr).is_none() {
        return expr;
    }
    match expr {
        Expr::Paren(paren) => root_mut(&mut paren.expr, through),
        Expr::Group(group) => root_mut(&mut group.expr, through),
        Expr::Field(field) => root_mut(&mut field.base, through),
        Expr::Unary(unary) => root_mut(&mut unary.expr, through),
        Expr::Index(index) => root_mut(&mut index.expr, through),
        Expr::MethodCall(call) => root_mut(&mut call.receiver, through),
        _ => unreachable!("it has a base"),
    }
}

/// True for what the compiler keeps in a static when it is borrowed: literals, and compounds of them.
fn is_constant(expr: &Expr) -> bool {
    match expr {
        Expr::Lit(_) => true,
        Expr::Unary(unary) => !matches!(unary.op, UnOp::Deref(_)) && is_constant(&unary.expr),
        Expr::Array(array) => array.elems.iter().all(is_constant),
        Expr::Tuple(tuple) => tuple.elems.iter().all(is_constant),
        Expr::Repeat(repeat) => is_constant(&repeat.expr),
        Expr::Reference(reference) => reference.mutability.is_none() && is_constant(&reference.expr),
        Expr::Paren(paren) => is_constant(&paren.expr),
        Expr::Group(group) => is_constant(&group.expr),
        _ => false,
    }
}
