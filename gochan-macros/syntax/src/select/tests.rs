use super::*;
use crate::testing::{accept, assert_rejects};

fn shape(arm: &Arm) -> String {
    let kind = match &arm.kind {
        ArmKind::Receive(receive) => {
            let binding = match &receive.binding {
                ReceiveBinding::Discard => "discard",
                ReceiveBinding::Value(_) => "value",
                ReceiveBinding::CommaOk(..) => "comma-ok",
                ReceiveBinding::Some(_) => "some",
            };
            let otherwise = if receive.otherwise.is_some() { "+else" } else { "" };
            format!("{binding}{otherwise} {}", receive.channel.to_token_stream())
        }
        ArmKind::Send(send) => {
            let result = if send.result.is_some() { "result " } else { "" };
            format!("{result}send {} <- {}", send.channel.to_token_stream(), send.value.to_token_stream())
        }
        ArmKind::Default(_) => "default".to_owned(),
        ArmKind::Else(_) => "else".to_owned(),
    };
    let guard = if arm.guard.is_some() { " if" } else { "" };
    format!("{kind}{guard}").replace(' ', "")
}

#[track_caller]
fn arms(source: &str) -> Vec<String> {
    accept::<Select>(source).arms.iter().map(shape).collect()
}

#[test]
fn every_arm() {
    assert_eq!(arms(""), Vec::<String>::new());
    assert_eq!(arms("v = <-rx => f(v)"), ["valuerx"]);
    assert_eq!(arms("v, ok = <-rx => f(v, ok)"), ["comma-okrx"]);
    assert_eq!(arms("Some(v) = <-rx => f(v)"), ["somerx"]);
    assert_eq!(arms("Some(v) = <-rx else { break } => f(v)"), ["some+elserx"]);
    assert_eq!(arms("Some(v) = <-rx else return Err(e) => f(v)"), ["some+elserx"]);
    assert_eq!(arms("<-rx => {}"), ["discardrx"]);
    assert_eq!(arms("tx <- e => {}"), ["sendtx<-e"]);
    assert_eq!(arms("r = tx <- e => {}"), ["resultsendtx<-e"]);
    assert_eq!(arms("Some(v) = <-rx else { half. } => f(v)"), ["some+elserx"]);
    assert_eq!(arms("<-rx => {} default => {}"), ["discardrx", "default"]);
    assert_eq!(arms("<-rx => {} else => {}"), ["discardrx", "else"]);
    assert_eq!(arms("<-rx, if a > 1 && b => {}"), ["discardrxif"]);
    assert_eq!(arms("Some(v) = <-rx else { break }, if open => {}"), ["some+elserxif"]);
    assert!(accept::<Select>("biased; <-rx => {}").biased.is_some());
}

#[test]
fn bindings_are_patterns() {
    for binding in
        ["_", "mut v", "(a, b)", "Point { x, y }", "_, ok", "(a, b), ok", "mut v, mut ok", "&v", "[a, b]"]
    {
        accept::<Select>(&format!("{binding} = <-rx => {{}}"));
    }
    accept::<Select>("Some((a, b)) = <-rx => {}");
    accept::<Select>("Some(mut v) = <-rx => {}");
}

#[test]
fn operands_are_expressions() {
    for channel in [
        "ctx.done()",
        "&rx",
        "*rx",
        "self.ch",
        "self.0",
        "arr[i]",
        "make::<T>()",
        "make::<A, B>()",
        "after(Duration::from_secs(1))",
        "if a == b { x } else { y }",
        "match a { 1 => &x, _ => &y }",
        "{ let c = pick(); c }",
        "(a <= b).then(|| c)",
        "Holder { ch: c }.ch",
        "find()?",
    ] {
        accept::<Select>(&format!("<-{channel} => {{}}"));
        accept::<Select>(&format!("Some(v) = <-{channel} else {{ break }} => {{}}"));
        accept::<Select>(&format!("Some(v) = <-{channel} else if x {{ 1 }} else {{ 2 }}, if c => {{}}"));
        accept::<Select>(&format!("{channel} <- Job {{ id: 1 }}, if c => {{}}"));
        accept::<Select>(&format!("r = {channel} <- |x| x + 1 => {{}}"));
    }
    assert_eq!(arms("default <- 1 => {}"), ["senddefault<-1"]);
}

#[test]
fn bodies_end_as_in_match() {
    assert_eq!(arms("<-a => f(), <-b => g(),").len(), 2);
    assert_eq!(arms("<-a => {} <-b => {}").len(), 2);
    assert_eq!(arms("<-a => { half. } <-b => {}").len(), 2);
    assert_eq!(arms("<-a => if x { y } else { z } <-b => {}").len(), 2);
    assert_eq!(arms("<-a => match x { _ => 1 } v = <-b => break, default => return").len(), 3);
    assert_eq!(arms("<-a => { x }.f(), <-b => loop {} tx <- 1 => 'a: for _ in b {}").len(), 3);
    assert_eq!(arms("<-a => select! { <-b => {} }, <-c => x = y,").len(), 2);
}

#[test]
fn missing_fat_arrows() {
    assert_rejects::<Select>("v = <-rx.recv().await => {}", "rx.recv().await", "`v = <-rx`");
    assert_rejects::<Select>("time::sleep(d) => {}", "time::sleep(d)", "`<-after(d) => …`");
    assert_rejects::<Select>("v = <-rx { f(v) }", "{ f(v) }", "missing `=>` before the arm's body");
    assert_rejects::<Select>(
        "v = <-rx { f(v) } default => {}",
        "{ f(v) }",
        "missing `=>` before the arm's body",
    );
    assert_rejects::<Select>("v = <-rx f(v), default => {}", "f", "missing `=>` before the arm's body");
    assert_rejects::<Select>(
        "<-a => {} tx <- job { f() } <-b => {}",
        "{ f() }",
        "missing `=>` before the arm's body",
    );
    assert_rejects::<Select>("default { f() }", "{ f() }", "missing `=>` before the arm's body");
    assert_rejects::<Select>("default f()", "f", "missing `=>` before the arm's body");
    assert_rejects::<Select>(
        "Some(v) = <-rx else { b } { f() }",
        "{ f() }",
        "missing `=>` before the arm's body",
    );
    assert_rejects::<Select>("<-rx, if a { f() }", "{ f() }", "missing `=>` before the arm's body");
    assert_rejects::<Select>("<-rx", "<-rx", "missing `=>` and the arm's body");
    assert_rejects::<Select>("<-a => {} v = <-", "<-", "an operand is missing");
}

#[test]
fn fallbacks_that_do_not_go_together() {
    assert_rejects::<Select>("default => {} <-rx => {} default => {}", "default", "this is the second");
    assert_rejects::<Select>("else => {} else => {}", "else", "this is the second");
    assert_rejects::<Select>("default => {} else => {}", "else", "keep one of them");
    assert_rejects::<Select>("else => {} default => {}", "default", "keep one of them");
    assert_rejects::<Select>("default, if a => {}", "if", "has no guard");
    assert_rejects::<Select>("else, if a => {}", "if", "has no guard");
}

#[test]
fn missing_arrows() {
    assert_rejects::<Select>("v = rx => {}", "rx", "to receive, write `v = <-rx`");
    assert_rejects::<Select>("rx => {}", "rx", "`<-` is missing");
    assert_rejects::<Select>("rx.recv() => {}", "rx.recv()", "`<-` is missing");
    assert_rejects::<Select>("v = < -rx => {}", "< -", "in one piece");
    assert_rejects::<Select>("tx -> v => {}", "->", "the arrow is `<-`: ");
}

#[test]
fn habits_from_elsewhere() {
    assert_rejects::<Select>("case v = <-rx => {}", "case", "no `case`");
    assert_rejects::<Select>("let v = <-rx => {}", "let", "no `let`");
    assert_rejects::<Select>("v := <-rx => {}", ":=", "binds with `=`");
    assert_rejects::<Select>("v, ok := <-rx => {}", ":=", "binds with `=`");
    assert_rejects::<Select>("_ => {}", "_", "`default => …`");
    assert_rejects::<Select>("<-rx if a => {}", "if", "a guard follows a comma");
    assert_rejects::<Select>("None = <-rx => {}", "None", "Some(v) = <-rx else");
    assert_rejects::<Select>("biased, <-rx => {}", "biased", "`biased;`");
    assert_rejects::<Select>("v = <-rx: f(v)", ":", "follows `=>`, not `:`");
    assert_rejects::<Select>("<-a::b: f()", ":", "follows `=>`, not `:`");
    assert_rejects::<Select>("tx <- 1: {}", ":", "follows `=>`, not `:`");
    assert_rejects::<Select>("default: {}", ":", "follows `=>`, not `:`");
    assert_rejects::<Select>("<-rx => {} default: f(), <-b => {}", ":", "follows `=>`, not `:`");
    assert_rejects::<Select>("v = <-rx -> f(v)", "->", "follows `=>`, not `->`");
    assert_rejects::<Select>("v = <-rx, ok => {}", ", ok", "`v, ok = <-rx`");
    assert_rejects::<Select>("<-a => {}; <-b => {}", ";", "separated by `,`");
    assert_rejects::<Select>("<-a => f(); <-b => {}", ";", "separated by `,`");
}

#[test]
fn other_mistakes() {
    assert_rejects::<Select>("=> {}", "=>", "needs an operation");
    assert_rejects::<Select>(", if a => {}", ", if a", "needs an operation");
    assert_rejects::<Select>("<-rx =>", "=>", "body is missing");
    assert_rejects::<Select>("<-rx =>, default => {}", "=>", "body is missing");
    assert_rejects::<Select>("= <-rx => {}", "=", "name what is received");
    assert_rejects::<Select>("v, = <-rx => {}", ",", "two names");
    assert_rejects::<Select>("Some(v), ok = <-rx => {}", "ok", "drop `ok`");
    assert_rejects::<Select>("v = <-rx else { b } => {}", "else", "belongs to a `Some(v)` arm");
    assert_rejects::<Select>("Some(v) = <-rx else => {}", "else", "missing after `else`");
    for (source, pattern) in [
        ("Some(Ok(v)) = <-rx => {}", "Ok(v)"),
        ("(a, Some(b)) = <-rx => {}", "Some(b)"),
        ("v, true = <-rx => {}", "true"),
        ("1..=3 = <-rx => {}", "1..=3"),
        ("&-1 = <-rx => {}", "-1"),
        ("Point { x: None, .. } = <-rx => {}", "None"),
        ("Ok(()) = tx <- 1 => {}", "Ok(())"),
        ("Err(e) = tx <- 1 => {}", "Err(e)"),
    ] {
        assert_rejects::<Select>(source, pattern, "does not match every value");
    }
    assert_rejects::<Select>("<-rx, if => {}", "if", "the condition is missing");
    assert_rejects::<Select>("<-rx, if let Some(a) = b && c => {}", "let Some(a) = b", "binds nothing");
    assert_rejects::<Select>("<-a => f() <-b => {}", "f()", "a `,` is missing");
    assert_rejects::<Select>("<-a => f() v = <-b => {}", "f()", "a `,` is missing");
    assert_rejects::<Select>("v = <-a, w = <-b => {}", "<-", "an arm is one operation");
    assert_rejects::<Select>("a <- b <- c => {}", "<-", "only one `<-`");
    assert_rejects::<Select>("a <- <-b => {}", "<-", "`recv!(other)`");
    assert_rejects::<Select>("tx <- 1;", "tx <- 1", "missing `=>` and the arm's body");
    assert_rejects::<Select>("tx <- 1,", "tx <- 1", "missing `=>` and the arm's body");
    assert_rejects::<Select>("tx <- 1; <-rx => {}", "tx <- 1", "missing `=>` and the arm's body");
    assert_rejects::<Select>("<-rx => {} biased; <-rx => {}", "biased;", "in front of all arms");
    assert_rejects::<Select>("if a, <-rx => {}", "if", "a guard follows the operation");
    assert_rejects::<Select>("<-rx, true => {}", "true", "`, if condition => …`");
    assert_rejects::<Select>("complete => {}", "complete", "`else => …`");
    assert_rejects::<Select>("v, ok, more = <-rx => {}", ",", "two names");
    assert_rejects::<Select>("v: i32 = <-rx => {}", ": i32", "the type is the channel's");
}

/// The arms of `source` that are kept, each with its body.
fn kept(source: &str) -> Vec<String> {
    let tokens = source.parse().unwrap_or_else(|error| panic!("`{source}` must lex: {error}"));
    let (select, lost) = Select::recover(tokens);
    let arms = select.arms.iter().map(|arm| {
        let body = arm.body.to_token_stream().to_string().replace(' ', "");
        format!("{}=>{}", shape(arm), if body.contains("unreachable!") { "?" } else { &body })
    });
    let lost = lost.iter().map(|expr| expr.to_token_stream().to_string());
    arms.chain(lost).collect()
}

#[test]
fn the_other_arms_outlive_a_mistake() {
    assert_eq!(kept("<-a => f(), v = <-, <-b => g()"), ["discarda=>f()", "discardb=>g()"]);
    assert_eq!(kept("v = <-rx.f(, ), <-b => g()"), ["valuerx.f=>?", "discardb=>g()"]);
    assert_eq!(kept("v = <-rx { f(v) } default => {}"), ["valuerx=>{f(v)}", "default=>{}"]);
    assert_eq!(kept("Some(j) = <-jo default => f()"), ["somejo=>?", "default=>f()"]);
    assert_eq!(kept("<-a => {} tx <- job"), ["discarda=>{}", "sendtx<-job=>?"]);
    assert_eq!(kept("case v := <-rx => f(v)"), ["valuerx=>f(v)"]);
    assert_eq!(kept("rx.recv() => f(), <-b => g()"), ["discardb=>g()", "rx . recv ()"]);
    assert_eq!(kept("v = rx => f(v), <-b => g()"), ["discardb=>g()", "rx"]);
    assert_eq!(kept("v = < -rx => f(v)"), ["valuerx=>f(v)"]);
    assert_eq!(kept("default, if a => f(), <-b => g()"), ["default=>f()", "discardb=>g()"]);
    assert_eq!(kept("else { f() } <-b => g()"), ["else=>{f()}", "discardb=>g()"]);
    assert_eq!(kept("v = <-a <- 1 => f()"), ["valuea=>f()"]);
    assert_eq!(kept("<-a => f() <-b => g()"), ["discarda=>f()", "discardb=>g()"]);
    assert_eq!(kept("default => f(), <-a => {} default => g()"), ["default=>f()", "discarda=>{}"]);
    assert_eq!(kept("<-a, if => f(), <-b => g()"), ["discarda=>f()", "discardb=>g()"]);
    assert_eq!(kept("biased, <-a => f()"), ["discarda=>f()"]);
    assert_eq!(kept("v = <-a, ok => f(v), <-b => g()"), ["valuea=>?", "discardb=>g()"]);
}
