//! The arguments of `#[gochan::main]`, and the function under it or under `#[gochan::test]`.

use proc_macro2::{TokenStream, TokenTree};
use quote::ToTokens;
use syn::parse::{Parse, ParseStream};
use syn::spanned::Spanned;
use syn::{
    Attribute, Error, Expr, Ident, LitStr, Path, Result, Safety, Signature, Token, Visibility, ext::IdentExt,
};

use crate::{Body, time, tokens};

/// `stack_size = …, workers = …, backend = …, on_panic = …, stuck_after = …, settings = …, crate = …`
#[derive(Clone, Default)]
#[cfg_attr(any(test, feature = "extra-traits"), derive(Debug))]
pub struct EntryArgs {
    /// The stack size of the function in bytes.
    pub stack_size: Option<Expr>,
    /// The number of workers.
    pub workers: Option<Expr>,
    /// How goroutines run.
    pub backend: Option<Choice>,
    /// What a panic in a goroutine does.
    pub on_panic: Option<Choice>,
    /// When a goroutine that keeps its worker is reported, in nanoseconds.
    pub stuck_after: Option<u64>,
    /// A function that returns the settings to begin with.
    pub settings: Option<Expr>,
    /// The path of gochan, for a crate that reaches it by another path.
    pub krate: Option<Path>,
}

/// One of a few values, by its word or as an expression.
#[derive(Clone)]
#[cfg_attr(any(test, feature = "extra-traits"), derive(Debug))]
pub enum Choice {
    /// The variant that the word names.
    Variant(Ident),
    /// An expression for it.
    Expr(Box<Expr>),
}

impl Choice {
    /// Parses the value of `argument`, which has these words for these variants.
    fn parse(input: ParseStream, argument: &str, words: &[(&str, &str)]) -> Result<Choice> {
        if !input.peek(LitStr) {
            let value: Expr = input.parse()?;
            if let Expr::Path(path) = &value
                && let Some((known, _)) = words.iter().find(|(known, _)| path.path.is_ident(known))
            {
                let message = format!("the word is a string: `{argument} = \"{known}\"`");
                return Err(Error::new_spanned(value, message));
            }
            return Ok(Choice::Expr(Box::new(value)));
        }
        let word: LitStr = input.parse()?;
        match words.iter().find(|(known, _)| word.value() == *known) {
            Some((_, variant)) => Ok(Choice::Variant(Ident::new(variant, word.span()))),
            None => {
                let known: Vec<String> = words.iter().map(|(known, _)| format!("\"{known}\"")).collect();
                Err(Error::new(word.span(), format!("`{argument}` is one of {}", known.join(", "))))
            }
        }
    }
}

const BACKENDS: [(&str, &str); 3] =
    [("coroutines", "Coroutines"), ("threads", "Threads"), ("virtual", "Virtual")];
const PANIC_POLICIES: [(&str, &str); 2] = [("report", "Report"), ("abort", "Abort")];

/// Each argument, with an example of its use.
const EXAMPLES: [(&str, &str); 7] = [
    ("stack_size", "stack_size = 16 << 20"),
    ("workers", "workers = 4"),
    ("backend", "backend = \"threads\""),
    ("on_panic", "on_panic = \"abort\""),
    ("stuck_after", "stuck_after = \"1s\""),
    ("settings", "settings = a_function"),
    ("crate", "crate = my::gochan"),
];

/// The function under the attribute, with its body not parsed.
#[derive(Clone)]
#[cfg_attr(any(test, feature = "extra-traits"), derive(Debug))]
pub struct EntryFn {
    /// The other attributes.
    pub attrs: Vec<Attribute>,
    /// `pub` and its like.
    pub vis: Visibility,
    /// The head of the function.
    pub sig: Signature,
    /// The body.
    pub body: Body,
}

impl Parse for EntryArgs {
    fn parse(input: ParseStream) -> Result<Self> {
        let mut args = EntryArgs::default();
        while !input.is_empty() {
            let name = argument_name(input, "workers = 4")?;
            let Some((_, example)) = EXAMPLES.iter().find(|(known, _)| name == known) else {
                let known = EXAMPLES.map(|(_, example)| format!("`{example}`")).join(", ");
                return Err(Error::new(name.span(), match name.to_string().as_str() {
                    "worker_threads" | "core_threads" | "threads" => {
                        "the number of workers is `workers = 4`; goroutines as threads are `backend = \"threads\"`".to_owned()
                    }
                    "flavor" => "the runtime has one flavor: remove this; the number of workers is `workers = 4`".to_owned(),
                    _ => format!("unknown argument `{name}`: there are {known}"),
                }));
            };
            if !input.peek(Token![=]) {
                return Err(Error::new(name.span(), format!("`{name}` needs a value: `{example}`")));
            }
            input.parse::<Token![=]>()?;
            let twice = args.read_value(&name, input)?;
            if twice {
                return Err(Error::new(name.span(), format!("`{name}` is given twice")));
            }
            if !input.is_empty() {
                input.parse::<Token![,]>()?;
            }
        }
        Ok(args)
    }
}

impl EntryArgs {
    /// True if the argument was given before.
    fn read_value(&mut self, name: &Ident, input: ParseStream) -> Result<bool> {
        Ok(match name.to_string().as_str() {
            "stack_size" => self.stack_size.replace(number(input, "stack_size = 16 << 20")?).is_some(),
            "workers" => self.workers.replace(number(input, "workers = 4")?).is_some(),
            "backend" => self.backend.replace(Choice::parse(input, "backend", &BACKENDS)?).is_some(),
            "on_panic" => self.on_panic.replace(Choice::parse(input, "on_panic", &PANIC_POLICIES)?).is_some(),
            "stuck_after" => self.stuck_after.replace(time::parse(input, "stuck_after")?).is_some(),
            "settings" => self.settings.replace(input.parse()?).is_some(),
            _ => self.krate.replace(Path::parse_mod_style(input)?).is_some(),
        })
    }
}

/// The name of an argument; `example` is one.
pub(crate) fn argument_name(input: ParseStream, example: &str) -> Result<Ident> {
    let parsed = input.call(Ident::parse_any);
    parsed.map_err(|error| Error::new(error.span(), format!("an argument has a name: `{example}`")))
}

/// A value that is a number, as in `example`.
pub(crate) fn number(input: ParseStream, example: &str) -> Result<Expr> {
    if input.peek(LitStr) {
        return Err(input.error(format!("this is a number, without quotes: `{example}`")));
    }
    input.parse()
}

impl Parse for EntryFn {
    fn parse(input: ParseStream) -> Result<Self> {
        let attrs = input.call(Attribute::parse_outer)?;
        let vis = input.parse()?;
        let is_fn = {
            let ahead = input.fork();
            ahead.parse::<Signature>().is_ok()
        };
        if !is_fn && !tokens::rest(&input.fork())?.iter().any(is_fn_word) {
            return Err(input.error("this attribute belongs on a function: `fn name() { … }`"));
        }
        let sig = input.parse()?;
        let token: TokenTree = input.parse()?;
        let Some(group) = tokens::braces(&token) else {
            return Err(Error::new(token.span(), "the function needs a body: `fn name() { … }`"));
        };
        Ok(EntryFn { attrs, vis, sig, body: Body::of(&group) })
    }
}

fn is_fn_word(token: &TokenTree) -> bool {
    matches!(token, TokenTree::Ident(word) if word == "fn")
}

impl EntryFn {
    /// Checks that the runtime can call the function: it must not be async, generic, unsafe or have parameters.
    /// `attribute` is its name in messages, such as `#[gochan::main]`.
    ///
    /// # Errors
    ///
    /// At the first part of the head that must be removed.
    pub fn check(&self, attribute: &str) -> Result<()> {
        let sig = &self.sig;
        let refuse = |span, reason: &str| Err(Error::new(span, format!("{attribute} {reason}")));
        if let Some(keyword) = sig.asyncness {
            return refuse(keyword.span, "runs plain blocking code: remove `async`");
        }
        if let Some(keyword) = sig.constness {
            return refuse(keyword.span, "cannot run a `const fn`: remove `const`");
        }
        if let Safety::Unsafe(keyword) = sig.safety {
            return refuse(keyword.span, "cannot run an `unsafe fn`: remove `unsafe`");
        }
        if let Some(abi) = &sig.abi {
            return refuse(abi.span(), "needs a Rust function: remove `extern`");
        }
        if !sig.generics.params.is_empty() {
            return refuse(sig.generics.span(), "cannot choose types: remove the generic parameters");
        }
        if let Some(clause) = &sig.generics.where_clause {
            return refuse(clause.span(), "cannot choose types: remove the `where` clause");
        }
        if !sig.inputs.is_empty() {
            return refuse(
                sig.inputs.span(),
                "calls the function without arguments: remove the parameters (see `std::env::args`)",
            );
        }
        Ok(())
    }
}

impl ToTokens for EntryFn {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        self.attrs.iter().for_each(|attr| attr.to_tokens(tokens));
        self.vis.to_tokens(tokens);
        self.sig.to_tokens(tokens);
        self.body.to_tokens(tokens);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{accept, assert_rejects};
    use proc_macro2::{Delimiter, Group};
    use quote::quote;

    #[test]
    fn arguments() {
        assert!(accept::<EntryArgs>("").stack_size.is_none());
        assert!(accept::<EntryArgs>("stack_size = 4 << 20").stack_size.is_some());
        let both: EntryArgs = accept("crate = my::gochan, stack_size = SIZE,");
        assert!(both.krate.is_some() && both.stack_size.is_some());
        let all: EntryArgs = accept(
            "workers = 4, backend = \"threads\", on_panic = PanicPolicy::Abort, stuck_after = \"500ms\", settings = f",
        );
        assert!(all.workers.is_some() && all.settings.is_some());
        assert!(matches!(all.backend, Some(Choice::Variant(name)) if name == "Threads"));
        assert!(matches!(all.on_panic, Some(Choice::Expr(_))));
        assert_eq!(all.stuck_after, Some(500_000_000));
        accept::<EntryArgs>("crate = ::gochan");
        accept::<EntryArgs>("crate = crate");
    }

    #[test]
    fn mistaken_arguments() {
        assert_rejects::<EntryArgs>("stack = 1", "stack", "unknown argument `stack`");
        assert_rejects::<EntryArgs>("stack_size", "stack_size", "needs a value");
        assert_rejects::<EntryArgs>("stack_size = 1, stack_size = 2", "stack_size", "given twice");
        assert_rejects::<EntryArgs>("stack_size = 1 crate = a", "crate", "expected `,`");
        assert_rejects::<EntryArgs>("workers = 1, workers = 2", "workers", "given twice");
        assert_rejects::<EntryArgs>(
            "backend = \"green\"",
            "\"green\"",
            "one of \"coroutines\", \"threads\", \"virtual\"",
        );
        assert_rejects::<EntryArgs>("on_panic = \"stop\"", "\"stop\"", "one of \"report\", \"abort\"");
        assert_rejects::<EntryArgs>("stuck_after = 5", "5", "a string with a unit");
        assert_rejects::<EntryArgs>("backend", "backend", "needs a value");
        assert_rejects::<EntryArgs>("17", "17", "an argument has a name: `workers = 4`");
        assert_rejects::<EntryArgs>("worker_threads = 4", "worker_threads", "`workers = 4`");
        assert_rejects::<EntryArgs>("flavor = \"current_thread\"", "flavor", "remove this");
        assert_rejects::<EntryArgs>("on_panic = abort", "abort", "`on_panic = \"abort\"`");
        assert_rejects::<EntryArgs>("workers = \"4\"", "\"4\"", "without quotes: `workers = 4`");
        assert_rejects::<EntryArgs>("stack_size = \"8MB\"", "\"8MB\"", "`stack_size = 16 << 20`");
    }

    /// The error for an entry function, as [`assert_rejects`] expects it.
    struct Checked;

    impl Parse for Checked {
        fn parse(input: ParseStream) -> Result<Self> {
            input.parse::<EntryFn>()?.check("`#[gochan::main]`").map(|()| Checked)
        }
    }

    #[test]
    fn functions() {
        for source in [
            "fn main() { a() }",
            "#[doc = \"x\"] pub(crate) fn main() -> Result<(), E> { Ok(()) }",
            "fn main() -> impl Termination { half. }",
            "fn main() -> ! { loop {} }",
        ] {
            accept::<Checked>(source);
        }
    }

    #[test]
    fn a_body_from_a_macro() {
        let block = Group::new(Delimiter::Brace, quote!(a()));
        let passed_on = Group::new(Delimiter::None, TokenTree::Group(block).into());
        let function: EntryFn = syn::parse2(quote!(fn main() #passed_on)).unwrap();
        assert_eq!(function.body.tokens.to_string(), quote!(a()).to_string());
        let nothing = Group::new(Delimiter::None, quote!(a()));
        assert!(syn::parse2::<EntryFn>(quote!(fn main() #nothing)).is_err());
    }

    #[test]
    fn mistaken_functions() {
        assert_rejects::<Checked>("async fn main() { }", "async", "remove `async`");
        assert_rejects::<Checked>("const fn main() { }", "const", "remove `const`");
        assert_rejects::<Checked>("unsafe fn main() { }", "unsafe", "remove `unsafe`");
        assert_rejects::<Checked>("extern \"C\" fn main() { }", "extern \"C\"", "remove `extern`");
        assert_rejects::<Checked>("fn main<T>() { }", "<T>", "remove the generic parameters");
        assert_rejects::<Checked>(
            "fn main() where (): Copy { }",
            "where (): Copy",
            "remove the `where` clause",
        );
        assert_rejects::<Checked>("fn main(a: i32) { }", "a: i32", "remove the parameters");
        assert_rejects::<Checked>("fn main();", ";", "the function needs a body");
        assert_rejects::<Checked>("struct Main;", "struct", "belongs on a function");
    }
}
