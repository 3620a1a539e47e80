//! `go!(f(a))`, `go!(|i| { … }(i))`, `go!({ … })`, each with an optional `[clone, list]` in front.

use proc_macro2::{Delimiter, Span, TokenStream, TokenTree};
use quote::ToTokens;
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::spanned::Spanned;
use syn::{
    Error, Expr, ExprCall, ExprClosure, ExprMethodCall, Ident, Member, Pat, Result, ReturnType, Token, Type,
    token,
};

use crate::Body;
use crate::tokens::{self, error_at, is_word, parse_all, stream};

/// The input of `go!`.
#[derive(Clone)]
#[cfg_attr(any(test, feature = "extra-traits"), derive(Debug))]
pub struct Go {
    /// The handles cloned before anything else.
    pub clones: Option<CloneList>,
    /// The code that the goroutine runs.
    pub form: Form,
}

/// The input after the clone list.
#[derive(Clone)]
#[cfg_attr(any(test, feature = "extra-traits"), derive(Debug))]
pub enum Form {
    /// `f(a, b)`: callee and arguments are evaluated by the caller.
    Call(ExprCall),
    /// `x.method(a)`: receiver and arguments are evaluated by the caller.
    MethodCall(ExprMethodCall),
    /// `|i| { … }(i)`: a function literal and its call; the arguments are evaluated by the caller.
    Literal(Literal),
    /// `{ … }`, or bare statements between the macro's own braces.
    Block(Body),
}

/// `[jobs, mut count, out = self.out]`.
#[derive(Clone)]
#[cfg_attr(any(test, feature = "extra-traits"), derive(Debug))]
pub struct CloneList {
    /// The brackets.
    pub bracket: token::Bracket,
    /// The entries.
    pub entries: Punctuated<CloneEntry, Token![,]>,
}

/// One entry of a clone list.
#[derive(Clone)]
#[cfg_attr(any(test, feature = "extra-traits"), derive(Debug))]
pub struct CloneEntry {
    /// Makes the clone assignable.
    pub mutability: Option<Token![mut]>,
    /// The variable to clone, and the clone's name.
    pub name: Ident,
    /// `= expression`: clones that expression under `name`, if the source is not a variable.
    pub source: Option<(Token![=], Expr)>,
}

/// A function literal with its trailing call.
#[derive(Clone)]
#[cfg_attr(any(test, feature = "extra-traits"), derive(Debug))]
pub struct Literal {
    /// The parameters between the bars.
    pub parameters: Vec<Parameter>,
    /// `-> T`.
    pub output: ReturnType,
    /// The body.
    pub body: Body,
    /// The arguments of the trailing call, one for each parameter.
    pub arguments: Punctuated<Expr, Token![,]>,
}

/// One parameter of a function literal.
#[derive(Clone)]
#[cfg_attr(any(test, feature = "extra-traits"), derive(Debug))]
pub struct Parameter {
    /// The pattern.
    pub pattern: Pat,
    /// Its type, if written.
    pub ty: Option<Type>,
}

const FORMS: &str = "a call `f(a)`, a function literal with its call `|| { … }()`, or a block `{ … }`";

impl Parse for Go {
    fn parse(input: ParseStream) -> Result<Self> {
        if input.is_empty() {
            return Err(Error::new(input.span(), format!("`go!` needs something to run: {FORMS}")));
        }
        let clones = if input.peek(token::Bracket) { Some(input.parse::<CloneList>()?) } else { None };
        if let Some(list) = &clones
            && (input.is_empty()
                || input.peek(Token![.])
                || input.peek(Token![?])
                || input.peek(token::Bracket))
        {
            return Err(Error::new(
                list.bracket.span.join(),
                format!("this is the list of handles to clone; after it comes what to run: {FORMS}"),
            ));
        }
        let tokens = tokens::rest(input)?;
        if let Some(separator) = clones.as_ref().and_then(|_| separator(&tokens)) {
            let message = "nothing stands between the list and what to run: `go!([a, b] { … })`";
            return Err(error_at(separator, message));
        }
        Ok(Go { clones, form: form(tokens::without_trailing_comma(&tokens))? })
    }
}

impl Parse for CloneList {
    fn parse(input: ParseStream) -> Result<Self> {
        let content;
        let bracket = syn::bracketed!(content in input);
        Ok(CloneList { bracket, entries: content.parse_terminated(CloneEntry::parse, Token![,])? })
    }
}

impl Parse for CloneEntry {
    fn parse(input: ParseStream) -> Result<Self> {
        if input.peek(Token![&]) {
            return Err(input.error("the list clones what it names: write the name without `&`"));
        }
        let mutability = input.parse()?;
        if input.peek(Token![self]) {
            return Err(self_entry(input));
        }
        if !input.peek(Ident) {
            return Err(input.error(
                "the list in front of the goroutine holds names of variables to clone, as in `[jobs, out]`",
            ));
        }
        let name = input.parse()?;
        if input.peek(Token![=]) {
            return Ok(CloneEntry { mutability, name, source: Some((input.parse()?, input.parse()?)) });
        }
        if !input.is_empty() && !input.peek(Token![,]) {
            return Err(path_entry(input, &name));
        }
        Ok(CloneEntry { mutability, name, source: None })
    }
}

fn self_entry(input: ParseStream) -> Error {
    let this = input.call(Ident::parse_any);
    match this {
        Ok(this) if input.peek(Token![.]) => path_entry(input, &this),
        Ok(this) => {
            Error::new(this.span(), "`self` cannot be rebound: name the clone, as in `[this = self]`")
        }
        Err(error) => error,
    }
}

/// The error for an entry such as `self.jobs`, which gives the goroutine no name for the clone.
fn path_entry(input: ParseStream, first: &Ident) -> Error {
    if input.peek(Token![as]) {
        return input.error(format!("the clone's name comes first: `[name = {first}]`"));
    }
    if input.peek(Token![:]) && !input.peek(Token![::]) {
        return input.error(format!("the list holds names alone, without types: `[{first}]`"));
    }
    let mut entry = first.to_token_stream();
    let mut last = first.to_string();
    while !input.is_empty() && !input.peek(Token![,]) {
        match input.parse::<TokenTree>() {
            Ok(token) => {
                if let TokenTree::Ident(name) = &token {
                    last = name.to_string();
                }
                entry.extend([token]);
            }
            Err(error) => return error,
        }
    }
    let shown = tidy(&entry);
    Error::new_spanned(entry, format!("the clone needs a name of its own: `[{last} = {shown}]`"))
}

/// A path such as `self . jobs` as source text.
fn tidy(tokens: &TokenStream) -> String {
    tokens.to_string().replace(" . ", ".").replace(" :: ", "::").replace(" (", "(").replace("( ", "(")
}

/// A `,` or `=>` at the start of `tokens`.
fn separator(tokens: &[TokenTree]) -> Option<&[TokenTree]> {
    match () {
        () if tokens::is_operator(tokens, 0, '=', '>') => Some(&tokens[..2]),
        () if tokens::is_punct(tokens, 0, ',') => Some(&tokens[..1]),
        () => None,
    }
}

/// The start of a function literal in Go or another language: `func(n int) { … }`, `() => { … }`.
pub(crate) fn foreign_literal(tokens: &[TokenTree]) -> Option<&[TokenTree]> {
    let is = |at: usize, delimiter: Delimiter| matches!(tokens.get(at), Some(TokenTree::Group(group)) if group.delimiter() == delimiter);
    let body = (2..tokens.len()).any(|at| is(at, Delimiter::Brace));
    match () {
        () if is_word(tokens, 0, "func") && is(1, Delimiter::Parenthesis) && body => Some(&tokens[..1]),
        () if is(0, Delimiter::Parenthesis) && tokens::is_operator(tokens, 1, '=', '>') => Some(&tokens[..3]),
        () => None,
    }
}

/// Parses the input after the clone list; `tokens` is not empty.
fn form(tokens: &[TokenTree]) -> Result<Form> {
    if let [TokenTree::Group(group)] = tokens {
        match group.delimiter() {
            Delimiter::Brace => return Ok(Form::Block(Body::of(group))),
            // `$body:block` and `$call:expr` of a user's own macro arrive in invisible brackets.
            Delimiter::None | Delimiter::Parenthesis if !group.stream().is_empty() => {
                let inside: Vec<TokenTree> = group.stream().into_iter().collect();
                return form(&inside);
            }
            _ => {}
        }
    }
    refuse_async(tokens)?;
    if let Some(start) = foreign_literal(tokens) {
        let message = "a function literal has its parameters between bars, and its call behind it: \
                       `|| { … }()`, `|n: i32| { … }(1)`";
        return Err(error_at(start, message));
    }
    if starts_closure(tokens) {
        return parse_all(tokens, literal).map(Form::Literal);
    }
    if is_statements(tokens) {
        return Ok(Form::Block(Body::bare(stream(tokens))));
    }
    if let Some(error) = misplaced(tokens) {
        return Err(error);
    }
    let expr = parse_all(tokens, |input| {
        let expr: Expr = input.parse()?;
        if input.peek(Token![,]) {
            return Err(input.error("`go!` starts one goroutine: write one `go!` for each call"));
        }
        Ok(expr)
    })?;
    match expr {
        Expr::Call(call) => match called_closure(&call) {
            Some(closure) => closure_call(closure, call.args).map(Form::Literal),
            None => Ok(Form::Call(call)),
        },
        Expr::MethodCall(call) => Ok(Form::MethodCall(call)),
        // The arguments belong to that macro: it runs as a whole.
        Expr::Macro(_) => Ok(Form::Block(Body::bare(stream(tokens)))),
        other => Err(not_a_call(&other)),
    }
}

/// The error for a list behind what runs, and for a handle before it, as in other libraries.
fn misplaced(tokens: &[TokenTree]) -> Option<Error> {
    let (first, comma, second) = tokens::split_comma(tokens)?;
    let group = |tokens: &[TokenTree], delimiter: Delimiter| matches!(tokens, [TokenTree::Group(group)] if group.delimiter() == delimiter);
    if group(second, Delimiter::Bracket) {
        return Some(error_at(second, "the list goes in front of what to run: `go!([a, b] { … })`"));
    }
    let runs = group(second, Delimiter::Brace) || starts_closure(second);
    let named = matches!(first, [.., TokenTree::Ident(_)]);
    (named && runs).then(|| {
        let message = "what the goroutine clones goes into brackets, `go!([a, b] { … })`; a goroutine of a scope is \
                       started by a method, `s.go(|| …)`";
        let before: Vec<TokenTree> = first.iter().chain([comma]).cloned().collect();
        error_at(&before, message)
    })
}

fn refuse_async(tokens: &[TokenTree]) -> Result<()> {
    if is_word(tokens, 0, "async") {
        return Err(error_at(
            &tokens[..1],
            "a goroutine runs plain blocking code, not a future: remove `async`, as in `go!({ … })`",
        ));
    }
    if is_word(tokens, 0, "move")
        && matches!(tokens.get(1), Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Brace)
    {
        return Err(error_at(&tokens[..1], "a goroutine owns what it names anyway: remove `move`"));
    }
    Ok(())
}

fn starts_closure(tokens: &[TokenTree]) -> bool {
    let at = usize::from(is_word(tokens, 0, "move"));
    tokens::punct(tokens, at).is_some_and(|punct| punct.as_char() == '|')
}

/// True if `tokens` are statements between the macro's own braces rather than one expression.
fn is_statements(tokens: &[TokenTree]) -> bool {
    if misplaced(tokens).is_some() {
        return false;
    }
    const STATEMENT: [&str; 15] = [
        "let", "for", "while", "loop", "if", "match", "unsafe", "return", "use", "fn", "const", "static",
        "struct", "enum", "impl",
    ];
    let first_word = |word: &&str| is_word(tokens, 0, word);
    let label =
        tokens::punct(tokens, 0).is_some_and(|punct| punct.as_char() == '\'' || punct.as_char() == '#');
    let separated =
        (0..tokens.len()).any(|at| tokens::punct(tokens, at).is_some_and(|punct| punct.as_char() == ';'));
    let block_first = tokens.first().and_then(tokens::braces).is_some();
    separated
        || label
        || STATEMENT.iter().any(first_word)
        || block_first && tokens::parse_expr(tokens).is_err()
}

/// Parses `move |a: A| -> R { … }(a)` by hand: for `syn`, as for the compiler, the trailing call would belong to the
/// body.
fn literal(input: ParseStream) -> Result<Literal> {
    let whole: Vec<TokenTree> = tokens::rest(&input.fork())?;
    let _: Option<Token![move]> = input.parse()?;
    let mut parameters = Vec::new();
    if input.peek(Token![||]) {
        input.parse::<Token![||]>()?;
    } else {
        input.parse::<Token![|]>()?;
        while !input.peek(Token![|]) {
            parameters.push(input.parse()?);
            if input.peek(Ident) {
                return Err(input.error("a parameter's type follows a colon: `|n: i32|`"));
            }
            if !input.peek(Token![,]) {
                break;
            }
            input.parse::<Token![,]>()?;
        }
        input.parse::<Token![|]>()?;
    }
    let output: ReturnType = input.parse()?;
    let body = input.cursor().token_tree();
    let Some(group) = body.and_then(|(token, _)| tokens::braces(&token)) else {
        return Err(not_called(&whole, &parameters));
    };
    input.parse::<TokenTree>()?;
    if !input.peek(token::Paren) {
        return Err(not_called(&whole, &parameters));
    }
    let content;
    let paren = syn::parenthesized!(content in input);
    let arguments = content.parse_terminated(Expr::parse, Token![,])?;
    if !input.is_empty() {
        return Err(input.error("the goroutine ends with the literal's call; nothing may follow it"));
    }
    counted(Literal { parameters, output, body: Body::of(&group), arguments }, paren.span.join())
}

impl Parse for Parameter {
    fn parse(input: ParseStream) -> Result<Self> {
        let pattern = Pat::parse_single(input)?;
        let ty = if input.peek(Token![:]) {
            input.parse::<Token![:]>()?;
            Some(input.parse()?)
        } else {
            None
        };
        Ok(Parameter { pattern, ty })
    }
}

/// The closure in `(|i| …)(i)`.
fn called_closure(call: &ExprCall) -> Option<ExprClosure> {
    let mut callee = &*call.func;
    loop {
        match callee {
            Expr::Paren(paren) => callee = &paren.expr,
            Expr::Group(group) => callee = &group.expr,
            Expr::Closure(closure) => return Some(closure.clone()),
            _ => return None,
        }
    }
}

fn closure_call(closure: ExprClosure, arguments: Punctuated<Expr, Token![,]>) -> Result<Literal> {
    if let Some(keyword) = closure.asyncness {
        refuse_async(&[TokenTree::Ident(Ident::new("async", keyword.span))])?;
    }
    let parameter = |pattern: Pat| match pattern {
        Pat::Type(typed) => Parameter { pattern: *typed.pat, ty: Some(*typed.ty) },
        pattern => Parameter { pattern, ty: None },
    };
    let body = match *closure.body {
        Expr::Block(block) if block.attrs.is_empty() && block.label.is_none() => {
            let span = block.block.brace_token.span.join();
            let mut tokens = TokenStream::new();
            block.block.stmts.iter().for_each(|stmt| stmt.to_tokens(&mut tokens));
            Body::within(tokens, span)
        }
        body => Body::bare(body.into_token_stream()),
    };
    let parameters = closure.inputs.into_iter().map(parameter).collect();
    let span = arguments.span();
    counted(Literal { parameters, output: closure.output, body, arguments }, span)
}

/// Checks that each parameter has its argument; `call` is the span of the arguments.
fn counted(literal: Literal, call: Span) -> Result<Literal> {
    let (takes, given) = (literal.parameters.len(), literal.arguments.len());
    if takes == given {
        return Ok(literal);
    }
    let plural = |count: usize| if count == 1 { "" } else { "s" };
    Err(Error::new(
        call,
        format!(
            "this literal takes {takes} parameter{} but is called with {given} argument{}",
            plural(takes),
            plural(given)
        ),
    ))
}

fn not_called(literal: &[TokenTree], parameters: &[Parameter]) -> Error {
    let names: Vec<String> =
        parameters.iter().map(|parameter| tidy(&parameter.pattern.to_token_stream())).collect();
    let names = names.join(", ");
    let in_braces = literal
        .iter()
        .any(|token| matches!(token, TokenTree::Group(group) if group.delimiter() == Delimiter::Brace));
    let braces = if in_braces { "" } else { "put its body in braces and " };
    let add =
        if parameters.is_empty() { "add `()` after the body" } else { "add its arguments after the body" };
    let bars = if parameters.is_empty() { "||".to_owned() } else { format!("|{names}|") };
    error_at(
        literal,
        format!(
            "`go!` runs a call, and this function literal is not called: {braces}{add}, as in \
             `go!({bars} {{ … }}({names}))`"
        ),
    )
}

fn not_a_call(expr: &Expr) -> Error {
    let message = match expr {
        Expr::Path(_) | Expr::Field(_) | Expr::Index(_) => match spell(expr) {
            Some(name) => {
                format!("`go!` runs a call, and `{name}` is not called: add `()`, as in `go!({name}())`")
            }
            None => "`go!` runs a call, and this is not called: add `()` after it".to_owned(),
        },
        Expr::Try(_) => {
            "`?` has no caller to return to in a goroutine: use a block, `go!({ … })`, and handle the \
                         error in it"
                .to_owned()
        }
        Expr::Await(_) => {
            "a goroutine is not async: call a blocking function, or block on the future in a block, \
                           `go!({ … })`"
                .to_owned()
        }
        Expr::Paren(paren) => return not_a_call(&paren.expr),
        Expr::Group(group) => return not_a_call(&group.expr),
        _ => format!("`go!` runs {FORMS}; this is none of them"),
    };
    Error::new_spanned(expr, message)
}

/// The text of a plain path or field access, as the user would write it.
pub(crate) fn spell(expr: &Expr) -> Option<String> {
    match expr {
        Expr::Path(path) if path.qself.is_none() => Some(tidy(&path.to_token_stream())),
        Expr::Field(field) => {
            let member = match &field.member {
                Member::Named(name) => name.to_string(),
                Member::Unnamed(index) => index.index.to_string(),
            };
            // A field that holds a function is called with parentheses around it, so this is parsed as a method.
            Some(format!("{}.{member}", spell(&field.base)?))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests;
