use gochan::prelude::*;

fn ping_pong() {
    let (ping, pong) = (chan!(u32), chan!(u32));
    go!([ping, pong] {
        for n in &ping {
            send!(pong <- n + 1);
        }
        close!(pong);
    });
    send!(ping <- 1);
    println!("{}", recv!(pong));
    send!(ping <- 2);
    println!("{}", recv!(pong));
    close!(ping);
}

fn room_for_all(count: u32) -> Result<u32, String> {
    let answers = chan!(Result<u32, String>, count as usize);
    for n in 0..count {
        go!([answers] { send!(answers <- Ok(n)); });
    }
    let mut sum = 0;
    for _ in 0..count {
        sum += recv!(answers)?;
    }
    Ok(sum)
}
