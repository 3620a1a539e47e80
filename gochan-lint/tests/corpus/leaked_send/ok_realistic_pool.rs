use gochan::prelude::*;
use std::time::Duration;

type Work = Box<dyn FnOnce() -> u32 + Send>;

fn pool(ctx: &Context, workers: usize, jobs: Receiver<Work>) -> Receiver<u32> {
    let (out, wg) = (chan!(u32, workers), WaitGroup::new());
    for _ in 0..workers {
        let (ctx, jobs, out) = (ctx.clone(), jobs.clone(), out.sender());
        wg.go(move || {
            for job in &jobs {
                select! {
                    out <- job() => {}
                    <-ctx.done() => return,
                }
            }
        });
    }
    let results = out.receiver();
    go!({ wg.wait(); close!(out); });
    results
}

fn retry<T>(ctx: &Context, mut f: impl FnMut() -> Option<T>) -> Result<T, ContextError> {
    let mut pause = Duration::from_millis(10);
    loop {
        if let Some(value) = f() { return Ok(value); }
        select! {
            <-after(pause) => pause *= 2,
            <-ctx.done() => return Err(ctx.err().unwrap()),
        }
    }
}

fn ping_pong(rounds: u32) -> u32 {
    let (ping, pong) = (chan!(u32), chan!(u32));
    let player = go!([ping, pong] {
        for n in &ping { send!(pong <- n + 1); }
        close!(pong);
    });
    let mut n = 0;
    for _ in 0..rounds {
        send!(ping <- n);
        n = recv!(pong);
    }
    close!(ping);
    player.join().unwrap();
    n
}
