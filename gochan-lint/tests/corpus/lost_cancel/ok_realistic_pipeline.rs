use gochan::prelude::*;
use std::time::Duration;

fn generate(ctx: &Context, n: u64) -> Receiver<u64> {
    let (tx, rx) = chan!(u64).split();
    go!([ctx] {
        for i in 2..n {
            select! {
                tx <- i => {}
                <-ctx.done() => return,
            }
        }
    });
    rx
}

fn filter(ctx: &Context, input: Receiver<u64>, prime: u64) -> Receiver<u64> {
    let out = chan!(u64);
    go!([out, ctx] {
        defer!(close!(out));
        while let Some(n) = input.recv() {
            if ctx.check().is_err() { return; }
            if n % prime != 0 && out.send(n).is_err() { return; }
        }
    });
    out.receiver()
}

fn primes(ctx: &Context, count: usize) -> Result<Vec<u64>, ContextError> {
    let (ctx, cancel) = ctx.with_cancel();
    defer!(cancel.cancel());
    let mut numbers = generate(&ctx, 1000);
    let mut found = Vec::with_capacity(count);
    while found.len() < count {
        select! {
            Some(prime) = <-numbers else { break } => {
                found.push(prime);
                numbers = filter(&ctx, numbers.clone(), prime);
            }
            <-ctx.done() => return Err(ctx.err().unwrap()),
        }
    }
    Ok(found)
}

fn first<T: Send + 'static>(ctx: &Context, askers: Vec<Box<dyn FnOnce(&Context) -> T + Send>>) -> Option<T> {
    let answers = chan!(T, askers.len());
    with_context!(inner = ctx.with_timeout(Duration::from_secs(1)) => {
        for ask in askers {
            go!([answers, inner] { let _ = answers.send(ask(&inner)); });
        }
        select! {
            Some(answer) = <-answers => Some(answer),
            <-inner.done() => None,
        }
    })
}
