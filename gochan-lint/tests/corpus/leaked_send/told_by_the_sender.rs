use gochan::prelude::*;

fn until_told(count: u32) -> u32 {
    let (jobs, quit) = (chan!(u32), chan!(()));
    go!([jobs, quit] {
        (0..count).for_each(|job| send!(jobs <- job));
        close!(quit);
    });
    let mut sum = 0;
    loop {
        select! {
            Some(job) = <-jobs => sum += job,
            <-quit => return sum,
        }
    }
}

fn until_somebody_else_says(count: u32, quit: Receiver<()>) -> u32 {
    let jobs = chan!(u32);
    go!([jobs] {
        (0..count).for_each(|job| send!(jobs <- job)); //~ leaked_send
    });
    let mut sum = 0;
    loop {
        select! {
            Some(job) = <-jobs => sum += job,
            <-quit => return sum,
        }
    }
}

async fn awaited() -> Option<u32> {
    let answer = chan!(u32);
    go!([answer] {
        send!(answer <- 42);
    });
    answer.recv_async().await
}
