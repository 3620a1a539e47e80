use gochan::prelude::*;
use gochan::time::Timer;

fn fetch() -> u32 {
    let ch = chan!(Result<u32, Error>);
    let timer = Timer::new(Duration::from_secs(1));
    go!([ch] {
        send!(ch <- slow()); //~ leaked_send
    });
    select! {
        r = <-ch => r.unwrap_or(0),
        <-timer.channel() => 0,
    }
}
