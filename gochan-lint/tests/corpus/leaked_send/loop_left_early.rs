use gochan::prelude::*;

type Answer = Result<u32, String>;

fn query(n: u32) -> Answer {
    if n > 3 { Err("too much".to_owned()) } else { Ok(n) }
}

fn first_error() -> Answer {
    let answers = chan!(Answer);
    for n in 0..4 {
        go!([answers] { send!(answers <- query(n)); }); //~ leaked_send
    }
    let mut sum = 0;
    for _ in 0..4 {
        sum += recv!(answers)?;
    }
    Ok(sum)
}

fn first_good(count: u32) -> Option<u32> {
    let answers = chan!(Answer);
    for n in 0..count {
        go!([answers] { send!(answers <- query(n)); }); //~ leaked_send
    }
    let mut found = None;
    for _ in 0..count {
        if let Ok(n) = recv!(answers) {
            found = Some(n);
            break;
        }
    }
    found
}

fn match_arm(count: u32) -> Answer {
    let answers = chan!(Answer);
    for n in 0..count {
        go!([answers] { send!(answers <- query(n)); }); //~ leaked_send
    }
    for _ in 0..count {
        match recv!(answers) {
            Ok(n) => println!("{n}"),
            Err(error) => return Err(error),
        }
    }
    Ok(0)
}

fn all(count: u32) -> Option<String> {
    let answers = chan!(Answer);
    for n in 0..count {
        go!([answers] { send!(answers <- query(n)); });
    }
    let mut failed = None;
    for _ in 0..count {
        match recv!(answers) {
            Ok(0) => continue,
            Ok(n) => println!("{n}"),
            Err(error) => failed = Some(error),
        }
    }
    failed
}
