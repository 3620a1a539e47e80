use gochan::prelude::*;

fn merge(inputs: Vec<Receiver<u32>>) -> Receiver<u32> {
    let (out, wg) = (chan!(u32), WaitGroup::new());
    let output = |input: Receiver<u32>, out: Chan<u32>, wg: WaitGroup| {
        defer!(wg.done());
        for n in input {
            if out.send(n).is_err() {
                return;
            }
        }
    };
    wg.add(inputs.len() as isize);
    for input in inputs {
        go!([out, wg] output(input, out, wg));
    }
    let rx = out.receiver();
    go!({
        wg.wait();
        close!(out);
    });
    rx
}

fn output(input: Receiver<u32>, out: Chan<u32>, wg: WaitGroup) {
    defer!(wg.done());
    for n in input {
        send!(out <- n);
    }
}

fn merge_by_a_function(inputs: Vec<Receiver<u32>>) -> Receiver<u32> {
    let (out, wg) = (chan!(u32), WaitGroup::new());
    wg.add(inputs.len() as isize);
    for input in inputs {
        go!([out, wg] output(input, out, wg));
    }
    go!([out] {
        wg.wait();
        close!(out);
    });
    out.into()
}

fn negative() {
    let wg = WaitGroup::new();
    wg.add(2);
    go!([wg] {
        println!();
        wg.add(-2);
    });
    wg.wait();
}

fn negative_count(n: usize) {
    let wg = WaitGroup::new();
    wg.add(n as isize);
    go!([wg] {
        println!();
        wg.add(-(n as isize));
    });
    wg.wait();
}

fn logger() {
    let wg = WaitGroup::new();
    let worker = |wg: &WaitGroup| {
        defer!(wg.done());
        println!();
    };
    wg.add(1);
    go!([wg] worker(&wg));
    wg.wait();
}
