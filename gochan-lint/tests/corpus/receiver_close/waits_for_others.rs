use gochan::prelude::*;

fn unrelated() {
    let wg = WaitGroup::new();
    for n in 0..3 {
        wg.add(1);
        go!([wg] { defer!(wg.done()); println!("{n}"); });
    }
    wg.wait();
    let numbers = chan!(u32);
    go!([numbers] {
        for n in 0.. {
            if numbers.send(n).is_err() {
                return;
            }
        }
    });
    for n in &numbers {
        if n > 3 {
            break;
        }
    }
    close!(numbers); //~ receiver_close
}

fn related() {
    let (wg, numbers) = (WaitGroup::new(), chan!(u32, 3));
    for n in 0..3 {
        let numbers = numbers.clone();
        wg.go(move || send!(numbers <- n));
    }
    wg.wait();
    println!("{}", recv!(numbers));
    close!(numbers);
}
