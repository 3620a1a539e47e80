use super::*;
use crate::testing::{accept, assert_rejects};

fn kind(source: &str) -> &'static str {
    match accept::<Go>(source).form {
        Form::Call(_) => "call",
        Form::MethodCall(_) => "method",
        Form::Literal(_) => "literal",
        Form::Block(_) => "block",
    }
}

#[test]
fn calls() {
    for source in [
        "f()",
        "f(a, b,)",
        "f(a),",
        "module::f::<T>(a)",
        "Self::run(self.clone())",
        "<T as Job>::run(job)",
        "(self.handler)(x)",
        "handlers[i](x)",
        "make()(x)",
        "(f(x))",
        "f(|x| x + 1)",
        "f({ let a = 1; a })",
        "{ pick() }(x)",
    ] {
        assert_eq!(kind(source), "call", "{source}");
    }
    for source in
        ["x.run()", "self.run(a)", "x.y.0.run::<T>(a)", "jobs[i].run()", "f(a).run()", "find()?.run()"]
    {
        assert_eq!(kind(source), "method", "{source}");
    }
}

#[test]
fn function_literals() {
    for (source, parameters) in [
        ("|| { work() }()", 0),
        ("move || { work() }()", 0),
        ("|i: i32| { work(i) }(i)", 1),
        ("|i| { work(i) }(i)", 1),
        ("|(a, b): (i32, i32), mut c| -> i32 { a + b + c }(pair, 3)", 2),
        ("(|i: i32| { work(i) })(i)", 1),
        ("(|i: i32| work(i))(i)", 1),
        ("|a: Vec<Box<dyn Fn(u8) -> u8>>| { work(a) }(v)", 1),
        ("|| -> Result<(), E> { Ok(()) }()", 0),
        ("|| { half. }()", 0),
    ] {
        let Form::Literal(literal) = accept::<Go>(source).form else { panic!("{source} is a literal") };
        assert_eq!(literal.parameters.len(), parameters, "{source}");
    }
}

#[test]
fn blocks() {
    for source in [
        "{ a(); b() }",
        "{ }",
        "{ half. }",
        "a(); b()",
        "f(x);",
        "let x = 1; f(x)",
        "loop { f() }",
        "'outer: loop { break 'outer }",
        "for x in &rx { f(x) }",
        "if a { b() } else { c() }",
        "unsafe { f() }",
        "println!(\"{}\", x)",
        "{ a() } { b() }",
    ] {
        assert_eq!(kind(source), "block", "{source}");
    }
}

#[test]
fn clone_lists() {
    for source in
        ["[a] f(a)", "[a, b,] x.f(b)", "[mut a] { a += 1; }", "[] { }", "[a = self.a, b] |i| { a }(i)"]
    {
        assert!(accept::<Go>(source).clones.is_some(), "{source}");
    }
    let list = accept::<Go>("[a, mut b, c = self.c] { }").clones.map(|list| list.entries);
    let names = list.into_iter().flatten().map(|entry| entry.name.to_string()).collect::<Vec<_>>();
    assert_eq!(names, ["a", "b", "c"]);
}

#[test]
fn what_is_not_called() {
    assert_rejects::<Go>("f", "f", "`f` is not called: add `()`, as in `go!(f())`");
    assert_rejects::<Go>("self.run", "self.run", "as in `go!(self.run())`");
    assert_rejects::<Go>("a::b", "a::b", "as in `go!(a::b())`");
    assert_rejects::<Go>("(f)", "f", "as in `go!(f())`");
    assert_rejects::<Go>("arr[i]", "arr[i]", "add `()` after it");
    assert_rejects::<Go>("|| { a() }", "|| { a() }", "as in `go!(|| { … }())`");
    assert_rejects::<Go>(
        "move || a()",
        "move || a()",
        "in braces and add `()` after the body, as in `go!(|| { … }())`",
    );
    assert_rejects::<Go>("|i: i32| { a(i) }", "|i: i32| { a(i) }", "as in `go!(|i| { … }(i))`");
    assert_rejects::<Go>("[a] f", "f", "as in `go!(f())`");
    assert_rejects::<Go>("async { a() }", "async", "remove `async`");
    assert_rejects::<Go>("async move { a() }", "async", "remove `async`");
    assert_rejects::<Go>("async || { a() }()", "async", "remove `async`");
    assert_rejects::<Go>("(async || a())()", "async", "remove `async`");
    assert_rejects::<Go>("move { a() }", "move", "remove `move`");
    assert_rejects::<Go>("f()?", "f()?", "`?` has no caller");
    assert_rejects::<Go>("f().await", "f().await", "not async");
    assert_rejects::<Go>("f() + 1", "f() + 1", "none of them");
    assert_rejects::<Go>("17", "17", "none of them");
}

#[test]
fn other_mistakes() {
    assert_rejects::<Go>("", "", "`go!` needs something to run");
    assert_rejects::<Go>(",", ",", "expected an expression");
    assert_rejects::<Go>("f(a), g(b)", ",", "one `go!` for each call");
    assert_rejects::<Go>("f(a) g(b)", "g", "unexpected `g`");
    assert_rejects::<Go>("|i| { a(i) }()", "()", "takes 1 parameter but is called with 0 arguments");
    assert_rejects::<Go>("|| { a() }(1, 2)", "(1, 2)", "takes 0 parameters but is called with 2 arguments");
    assert_rejects::<Go>("|| { a() }().b()", ".", "nothing may follow");
    assert_rejects::<Go>("[a]", "[a]", "after it comes what to run");
    assert_rejects::<Go>("[1, 2].iter()", "1", "names of variables");
    assert_rejects::<Go>("[a].iter()", "[a]", "after it comes what to run");
    assert_rejects::<Go>("[&a] { }", "&", "without `&`");
    assert_rejects::<Go>("[self] { }", "self", "`[this = self]`");
    assert_rejects::<Go>("[self.jobs] { }", "self.jobs", "`[jobs = self.jobs]`");
    assert_rejects::<Go>("[a.b.c, d] { }", "a.b.c", "`[c = a.b.c]`");
    assert_rejects::<Go>("[a as b] { }", "as", "`[name = a]`");
    assert_rejects::<Go>("[a: T] { }", ":", "`[a]`");
    assert_rejects::<Go>("[a], { }", ",", "nothing stands between");
    assert_rejects::<Go>("[a] => { }", "=>", "nothing stands between");
    assert_rejects::<Go>("{ a() }, [b]", "[b]", "the list goes in front");
    assert_rejects::<Go>("f(a), [b]", "[b]", "the list goes in front");
    assert_rejects::<Go>("s, { a() }", "s,", "by a method, `s.go(|| …)`");
    assert_rejects::<Go>("self.s, move || a()", "self.s,", "by a method, `s.go(|| …)`");
    assert_rejects::<Go>("func() { a() }()", "func", "`|| { … }()`");
    assert_rejects::<Go>("func(n int) error { a() }(1)", "func", "parameters between bars");
    assert_rejects::<Go>("() => { a() }", "() =>", "parameters between bars");
    assert_rejects::<Go>("|n int| { a() }(1)", "int", "`|n: i32|`");
    accept::<Go>("func(x)");
    assert_rejects::<Go>("x.", ".", "");
    assert_rejects::<Go>("f(x.)", ")", "");
}
