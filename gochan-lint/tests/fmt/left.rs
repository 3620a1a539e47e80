//! What is left as it is.

use super::support::{formatted, inside, job, statements, stays};

#[test]
fn what_the_grammar_does_not_accept() {
    for text in [
        "go!([a] { f(a. });",
        "send!(ch<-);",
        "select! { v=<- => 1 }",
        "select! { v=<-rx=>1 w=<-rx=>2 }",
        "with_context!(ctx=x);",
    ] {
        stays(text);
    }
}

#[test]
fn bodies_that_are_not_rust() {
    stays("go!([a] {  f(a  b) });");
    // The others are formatted all the same.
    assert_eq!(
        statements("go!([a] {  f(a  b) });\nsend!(a<-b);\n"),
        "go!([a] {  f(a  b) });\nsend!(a <- b);\n"
    );
}

#[test]
fn forms_that_rustfmt_formats() {
    stays("go!({  f()  });");
    stays("go!(f( 1 ));");
    stays("recv!( ch );");
}

#[test]
fn comments_that_have_no_place() {
    stays("go!([a,/* why */b] { f(a) });");
    stays("send!(ch<-v /* why */);");
    stays("go!([a]{ f(a) }\n// why\n);");
}

#[test]
fn macros_of_others() {
    let call = "select! { v=<-rx=>1 }\n";
    for start in ["use tokio::select;\n", "", "use gochan::prelude::*;\nmacro_rules! select { () => {} }\n"] {
        assert_eq!(inside(&format!("{start}fn f() {{\n"), call), call);
    }
    assert_eq!(statements("tokio::select! { v=<-rx=>1 }\n"), "tokio::select! { v=<-rx=>1 }\n");
    let renamed = Job {
        gochan: "go".to_owned(),
        ..job("a.rs".into(), "fn f() {\n    go::send!(a<-b);\n}\n".to_owned())
    };
    assert_eq!(formatted(&[renamed]), [Ok("fn f() {\n    go::send!(a <- b);\n}\n".to_owned())]);
}

#[test]
fn definitions_of_macros_and_quotes() {
    stays("macro_rules! m {\n    ($x:expr) => { go!([a] {  f($x)  }) };\n}");
    stays("quote!(go!([a] {  f(a)  }));");
    stays("other! { go!([a] {  f(a)  }) }");
}

#[test]
fn what_says_skip() {
    stays("#[rustfmt::skip]\ngo!([a]{f(a)});");
    stays("#[rustfmt::skip]\nlet x = if a { go!([a]{f(a)}) } else { go!([a]{f(a)}) };");
    stays("#[cfg_attr(rustfmt, rustfmt::skip)]\nmod m { fn f() { go!([a]{f(a)}); } }");
    stays("#[rustfmt::skip::macros(send)]\nfn g() {\n    send!(a<-b);\n}");
    assert_eq!(
        statements("#[rustfmt::skip]\nsend!(a<-b);\nsend!(a<-b);\n"),
        "#[rustfmt::skip]\nsend!(a<-b);\nsend!(a <- b);\n"
    );
    let start = "#![rustfmt::skip]\nuse gochan::prelude::*;\nfn f() {\n";
    assert_eq!(inside(start, "send!(a<-b);\n"), "send!(a<-b);\n");
}

#[test]
fn the_inside_of_strings() {
    let raw = "go!([a] {\n    f(r\"\n  raw\n\");\n});";
    stays(raw);
    stays("go!([a] {\n    f(\"one \\\n  two\");\n});");
    let text = "go!([a] {\n  f(r#\"\n  raw\n\"#, \"one \\\n  two\");\n});\n";
    assert!(statements(text).contains("\n  raw\n"), "{}", statements(text));
}

#[test]
fn ends_of_lines_and_what_precedes_the_code() {
    let text = "\u{feff}#!/usr/bin/env x\r\nuse gochan::prelude::*;\r\nfn f() {\r\n    go!([a] { f(); g() });\r\n}\r\n";
    let expected = text.replace("{ f(); g() }", "{\r\n        f();\r\n        g()\r\n    }");
    assert_eq!(formatted(&[job("a.rs".into(), text.to_owned())]), [Ok(expected)]);
}

use gochan_lint::fmt::Job;

#[test]
fn words_that_stand_for_others() {
    stays("go!([a] {  ª(a)  });");
}
