//! The layout of each macro.

use super::support::{becomes, stays};

#[test]
fn lists_and_bodies() {
    becomes("go!([a,b]{f(a)});", "go!([a, b] { f(a) });");
    becomes("go!( [ mut a ,b=self . b+1 , ] f( a,&b ) );", "go!([mut a, b = self.b + 1] f(a, &b));");
    becomes("go!([a] {\n  f( a );\n      g(a) });", "go!([a] {\n    f(a);\n    g(a)\n});");
    becomes("let x=go!([] {}).join();", "let x=go!([] {}).join();");
    becomes("go!([a] |n:u32| { f(a);g(n) }(3));", "go!([a] |n:u32| {\n    f(a);\n    g(n)\n}(3));");
    becomes("gochan::go! ([a]{f(a)});", "gochan::go!([a] { f(a) });");
}

#[test]
fn a_list_that_is_too_long_has_a_line_for_each_entry() {
    let [a, b, c] = ["a", "b", "c"].map(|name| name.repeat(32));
    becomes(
        &format!("go!([{a}, {b}, {c}] {{ f({a}) }});"),
        &format!("go!([\n    {a},\n    {b},\n    {c},\n] {{ f({a}) }});"),
    );
}

#[test]
fn a_block_is_on_one_line_if_it_fits() {
    let call = |length: usize| format!("f({})", "x".repeat(length));
    // 110 columns, of which the function's indentation takes four.
    stays(&format!("go!([a] {{ {} }});", call(106 - 17)));
    let long = call(106 - 16);
    becomes(&format!("go!([a] {{ {long} }});"), &format!("go!([a] {{\n    {long}\n}});"));
}

#[test]
fn macros_with_braces() {
    becomes("defer!{ wg . done() }", "defer! { wg.done() }");
    becomes("defer! { a();b() }", "defer! {\n    a();\n    b()\n}");
    becomes("go! { for x in  y { f(x) } }", "go! {\n    for x in y {\n        f(x)\n    }\n}");
}

#[test]
fn sends() {
    becomes("send!(ch<-v);", "send!(ch <- v);");
    becomes("send!( self . ch <- Job{ id:1 } );", "send!(self.ch <- Job { id: 1 });");
    becomes("f(|| send!(ch<- -1));", "f(|| send!(ch <- -1));");
    let [a, b] = ["a", "b"].map(|name| name.repeat(50));
    becomes(&format!("send!(ch <- f({a}, {b}));"), &format!("send!(ch <- f(\n    {a},\n    {b},\n));"));
    becomes(
        &format!("send!(ch <- {a}.f().{b}(1, 2, 3, 4));"),
        &format!("send!(\n    ch <- {a}\n        .f()\n        .{b}(1, 2, 3, 4)\n);"),
    );
}

#[test]
fn contexts() {
    becomes("with_context!(ctx=a . b()=>f(&ctx));", "with_context!(ctx = a.b() => f(&ctx));");
    becomes(
        "with_context!( (ctx,cancel) = background().with_cancel() => { f(&ctx);\n cancel.cancel() });",
        "with_context!((ctx, cancel) = background().with_cancel() => {\n    f(&ctx);\n    cancel.cancel()\n});",
    );
}

#[test]
fn arms() {
    becomes(
        "select! { v=<-rx=>f( v ), (a,b),ok = <-pairs => { g(a,b,ok); }, tx<-1+2 , if x>3 => {}, default=>() }",
        "select! {
    v = <-rx => f(v),
    (a, b), ok = <-pairs => {
        g(a, b, ok);
    }
    tx <- 1 + 2, if x > 3 => {}
    default => (),
}",
    );
    becomes(
        "let x = select! { biased; Some(v)=<-rx else {return}=>{ v } r=tx<-f( 1 )=>r.is_ok() else=>false, };",
        "let x = select! { biased; Some(v)=<-rx else {return}=>{ v } r=tx<-f( 1 )=>r.is_ok() else=>false, };",
    );
    becomes(
        "let x = select! { biased; Some(v)=<-rx else {return}=>{ v } r=tx<-f( 1 )=>r.is_ok(), else=>false, };",
        "let x = select! {
    biased;
    Some(v) = <-rx else { return } => v,
    r = tx <- f(1) => r.is_ok(),
    else => false,
};",
    );
    becomes(
        "select! { Some(v) = <-rx else { f(); return } => g(v) }",
        "select! {
    Some(v) = <-rx else {
        f();
        return;
    } => g(v),
}",
    );
    becomes("select!{}", "select! {}");
}

#[test]
fn a_body_that_is_too_long_gets_braces() {
    let call = format!("f({}, {})", "x".repeat(40), "y".repeat(43));
    stays(&format!("select! {{\n    v = <-rx => {call},\n}}"));
    becomes(
        &format!("select! {{\n    value = <-rx => {call},\n}}"),
        &format!("select! {{\n    value = <-rx => {{\n        {call}\n    }}\n}}"),
    );
}

#[test]
fn nested_macros() {
    becomes(
        "go!([a]{ select!{ v=<-a=>{ go!([b]{ send!(b<-v);c() }); } } });",
        "go!([a] {
    select! {
        v = <-a => {
            go!([b] {
                send!(b <- v);
                c()
            });
        }
    }
});",
    );
    becomes(
        "assert!(select!{ <-a=>true,default=>false });",
        "assert!(select! {\n    <-a => true,\n    default => false,\n});",
    );
    becomes("go!({ send!(a<-1) });", "go!({ send!(a <- 1) });");
}

#[test]
fn comments_stay() {
    becomes(
        "go!([a] { // first
  // second
        f(a); /* third */ // fourth

        // last
  });",
        "go!([a] {
    // first
    // second
    f(a); /* third */ // fourth

    // last
});",
    );
    becomes(
        "select! {
            // before
        v=<-a=>f(v), // behind
              /* between */
  <-b /* in the header */ =>{ // inside
    g() }

        // at the end
}",
        "select! {
    // before
    v = <-a => f(v), // behind
    /* between */
    <-b /* in the header */ => {
        // inside
        g()
    }
    // at the end
}",
    );
}
