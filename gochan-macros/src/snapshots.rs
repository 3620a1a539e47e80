//! The expansions, compared with the files in `snapshots/`. `GOCHAN_BLESS=1 cargo test -p gochan-macros`
//! rewrites them.

use std::fmt::Write as _;
use std::path::Path;

use proc_macro2::{TokenStream, TokenTree};
use quote::quote;

use crate::{chan, close, context, defer, expand, go, main_test, recv, select, send};

/// The expansion of `inputs` by `macro_name`, one after the other, as formatted source.
fn render(macro_name: &str, inputs: &[&str], expand: fn(TokenStream) -> TokenStream) -> String {
    let mut rendered = String::new();
    for input in inputs {
        let tokens: TokenStream = input.parse().unwrap_or_else(|error| panic!("`{input}` must lex: {error}"));
        let expanded = expand(quote!([gochan] #tokens));
        let source = format!("fn f() {{ {expanded} }}");
        let file =
            syn::parse_file(&source).unwrap_or_else(|error| panic!("`{input}` gives `{expanded}`: {error}"));
        let shown = prettyplease::unparse(&file);
        let shown =
            shown.strip_prefix("fn f() {").and_then(|shown| shown.strip_suffix("}\n")).unwrap_or(&shown);
        let _ = writeln!(rendered, "// {macro_name}!({input})\n{}", unindented(shown.trim()));
    }
    rendered
}

fn unindented(source: &str) -> String {
    source.lines().fold(String::new(), |all, line| all + line.strip_prefix("    ").unwrap_or(line) + "\n")
}

#[track_caller]
fn compare(name: &str, rendered: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/snapshots").join(format!("{name}.txt"));
    if std::env::var_os("GOCHAN_BLESS").is_some() {
        std::fs::write(&path, rendered).expect("the snapshot can be written");
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(rendered == expected, "the expansion is not as in {name}.txt; it is now:\n{rendered}");
}

#[test]
fn go_forms() {
    let inputs = [
        "f()",
        "f(a, b + 1)",
        "module::f::<T>(a)",
        "f(|job| job.run(), x)",
        "(self.handler)(x)",
        "x.run(a)",
        "self.jobs[i].run::<T>()",
        "|| { work() }()",
        "|i: i32, (a, b)| -> i32 { i + a + b }(1, pair)",
        "{ a(); b() }",
        "a(); b()",
        "println!(\"{x}\")",
        "[a, mut b, c = self.c] { a.f(b, c) }",
        "[a, mut b] f(a, b)",
        "[ctx] f(&ctx, n)",
        "[job] f(g(), a, &job.parts[i + 1], a)",
        "f(&make(1), &mut Vec::new(), &LIMITS, &[1, 2])",
        "[ch] ch.iter().take(limit()).sum::<u64>()",
        "[&a] f(a)",
    ];
    compare("go", &render("go", &inputs, |input| expand::expression_or(input, go::expand, go::remains)));
}

#[test]
fn channel_macros() {
    let chans =
        render("chan", &["T", "Vec<u8>, 2 * n"], |input| expand::typed_expression(input, chan::expand));
    let sends = render("send", &["ch <- v", "*ch <- a < -b", "a.b <- recv!(c)"], |input| {
        expand::expression(input, send::expand)
    });
    let recvs = render("recv", &["ch", "ctx.done(), ok"], |input| {
        expand::expression_or(input, recv::expand, recv::remains)
    });
    let closes =
        render("close", &["ch", "if a { b } else { c }"], |input| expand::expression(input, close::expand));
    compare("channels", &[chans, sends, recvs, closes].concat());
}

#[test]
fn defer_statements() {
    let inputs = ["wg.done()", "a(); b();", "if x { y() }"];
    compare(
        "defer",
        &render("defer", &inputs, |input| expand::statement(input, defer::expand, defer::remains)),
    );
}

#[test]
fn select_arms() {
    let inputs = [
        "",
        "<-rx => f()",
        "v = <-rx => f(v), mut v, _ = <-rx => { f(v) } _, ok = <-rx => f(ok), _ = <-rx => {}",
        "Some(v) = <-rx => f(v), Some(v) = <-rx else { break }, if open && x => f(v), else => g()",
        "biased; tx <- job => f(), r = tx2 <- self.job => g(r), default => return job",
        "tx <- make(x)? => f(), r = (tx2) <- &x => g(r), <-after(d) => {}",
        "Point { x, y } = <-rx => f(x, y), v, Flag(ok) = <-rx => f(v)",
        "default => f()",
    ];
    compare(
        "select",
        &render("select", &inputs, |input| expand::expression_or(input, select::expand, select::remains)),
    );
}

#[test]
fn contexts() {
    let inputs =
        ["ctx = background().with_timeout(d) => run(&ctx)?", "(ctx, cancel) = e => { cancel.cancel() }"];
    compare(
        "context",
        &render("with_context", &inputs, |input| {
            expand::expression_or(input, context::expand, context::remains)
        }),
    );
}

#[test]
fn mistakes_and_half_typed_input() {
    let go = ["f", "x.", "f(x.)", "x.run(a.)", "", "|i| { f(i) }", "async { x }"];
    let send = ["ch, v", "ch <- job.", "ch <- "];
    let gos = render("go", &go, |input| expand::expression_or(input, go::expand, go::remains));
    let sends = render("send", &send, |input| expand::expression(input, send::expand));
    let select = ["<-a => f(), v = <-user. => {} default => {}", "tx <- job { f() }", "v = <-rx => user."];
    let with_context = ["ctx = background(). => {}", "ctx = user.done()"];
    let defers = render("defer", &["wg.done", "|| f()"], |input| {
        expand::statement(input, defer::expand, defer::remains)
    });
    let selects =
        render("select", &select, |input| expand::expression_or(input, select::expand, select::remains));
    let contexts = render("with_context", &with_context, |input| {
        expand::expression_or(input, context::expand, context::remains)
    });
    compare("mistakes", &[gos, sends, defers, selects, contexts].concat());
}

#[test]
fn main_functions() {
    let mut rendered = String::new();
    for (args, item) in [
        ("crate = gochan", "fn main() { work() }"),
        ("stack_size = 4 << 20, crate = my::gochan", "/// Runs.\npub fn main() -> Result<(), E> { Ok(()) }"),
        ("workers = 2, backend = \"threads\", on_panic = policy(), crate = gochan", "fn main() {}"),
        ("settings = own, stuck_after = \"1s\", crate = gochan", "fn main() {}"),
        ("crate = gochan", "#[gochan::main] fn main() {}"),
        ("backend = \"virtual\", crate = gochan", "fn main() { work() }"),
        ("crate = gochan", "async fn main() { work().await }"),
    ] {
        let parse = |source: &str| source.parse::<TokenStream>().expect("the source lexes");
        let expanded = main_test::expand_main(parse(args), parse(item));
        let file = syn::parse2(expanded).expect("the expansion is a file");
        let _ = writeln!(rendered, "// #[gochan::main({args})] {item}\n{}", prettyplease::unparse(&file));
    }
    compare("main", &rendered);
}

/// While a name is being typed after a dot, an editor expands the macro without it and with a made-up one in its place,
/// and compares: the tokens before the cursor must be the same in both.
#[test]
fn half_typed_input_expands_like_the_input_it_will_be() {
    fn expanded(input: &str, expand: fn(TokenStream) -> TokenStream) -> String {
        let tokens: TokenStream = input.parse().unwrap_or_else(|error| panic!("`{input}` must lex: {error}"));
        expand(quote!([gochan] #tokens)).to_string()
    }
    type Expand = fn(TokenStream) -> TokenStream;
    let go: Expand = |input| expand::expression_or(input, go::expand, go::remains);
    let send: Expand = |input| expand::expression(input, send::expand);
    let recv: Expand = |input| expand::expression_or(input, recv::expand, recv::remains);
    let close: Expand = |input| expand::expression(input, close::expand);
    let chan: Expand = |input| expand::typed_expression(input, chan::expand);
    let defer: Expand = |input| expand::statement(input, defer::expand, defer::remains);
    let select: Expand = |input| expand::expression_or(input, select::expand, select::remains);
    let with_context: Expand = |input| expand::expression_or(input, context::expand, context::remains);
    for (before, after, expand) in [
        ("user", "", go),
        ("f(user", ")", go),
        ("[a] f(1, user", ", b)", go),
        ("x.run(user", ")", go),
        ("{ let a = user", "}", go),
        ("|i: i32| { user", " }(i)", go),
        ("ch <- user", "", send),
        ("user", " <- 1", send),
        ("user", "", recv),
        ("user", ", ok", recv),
        ("user", "", close),
        ("u8, user", "", chan),
        ("user", "", defer),
        ("<-user", "", select),
        ("<-a => f(), v = <-user", "", select),
        ("<-a => f(), tx <- user", " => {} <-b => h()", select),
        ("tx <- f(user", ") => {}", select),
        ("<-rx, if user", " => {}", select),
        ("v = <-rx => user", ", <-rx => {}", select),
        ("v = <-rx => { user", "; }", select),
        ("v = <-rx { user", "; }", select),
        ("Some(v) = <-rx else { user", " } => {} else => {}", select),
        ("ctx = user", "", with_context),
        ("ctx = user", " => run(ctx)", with_context),
        ("ctx = e => { user", " }", with_context),
        ("[a] { user", " }", go),
        ("[a] user", "", go),
        ("[a = user", "] f(a)", go),
        ("[a, user", "]", go),
        ("|| { user", " }()", go),
        ("(self.f)(user", ")", go),
        ("ch <- 1, user", "", send),
        ("user", " < 1", send),
        ("v = <-user", "", recv),
        ("<-user", "", recv),
        ("a(); user", "", defer),
        ("v, ok = <-user", " => {}", select),
        ("Some(v) = <-user", " else { break } => {}", select),
        ("biased; <-user", "", select),
        ("r = user", " <- 1 => {}", select),
        ("r = tx <- user", "", select),
        ("default => user", "", select),
        ("<-rx => {} else => { user", "; }", select),
        ("case v := <-user", ": f(v)", select),
        ("tx <- <-user", " => {}", select),
        ("tx <- 1; <-user", " => {}", select),
        ("(ctx, cancel) = user", "", with_context),
        ("ctx = e => user", "", with_context),
        ("ctx = e => a(); user", "", with_context),
        ("ctx = e { user", " }", with_context),
    ] {
        let half = expanded(&format!("{before}.{after}"), expand);
        let typed = expanded(&format!("{before}.made_up{after}"), expand);
        let end =
            typed.find("user . made_up").expect("the user's expression is in the expansion") + "user".len();
        assert_eq!(half.get(..end), typed.get(..end), "{before}.{after}");
    }
}

/// The expansions while an editor's user types or deletes something: never a panic, and never without an error for the
/// mistake.
#[test]
fn input_with_a_token_missing_or_cut_short_expands() {
    let inputs = [
        "biased; v = <-a.b(c) => f(v), Some(x) = <-rx else { y }, if z => { w } default => g()",
        "v, ok = <-rx => {} r = tx <- job => r?, tx <- f(job), if a && b => match c { _ => d } else => {}",
    ];
    let expand = |tokens: &[TokenTree]| {
        let tokens: TokenStream = tokens.iter().cloned().collect();
        let half = tokens.to_string();
        let expanded = expand::expression_or(quote!([gochan] #tokens), select::expand, select::remains);
        let reported = expanded.to_string().contains("compile_error");
        assert_eq!(reported, syn::parse2::<gochan_syntax::Select>(tokens).is_err(), "{half}");
    };
    for input in inputs {
        let tokens: TokenStream = input.parse().unwrap_or_else(|error| panic!("`{input}` must lex: {error}"));
        let tokens: Vec<TokenTree> = tokens.into_iter().collect();
        for at in 0..tokens.len() {
            expand(&tokens[..at]);
            expand(&tokens[at..]);
            expand(&[&tokens[..at], &tokens[at + 1..]].concat());
        }
    }
}
