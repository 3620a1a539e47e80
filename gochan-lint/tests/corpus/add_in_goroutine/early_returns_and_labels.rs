use gochan::prelude::*;
fn run(items: Vec<u32>) -> Option<u32> {
    let wg = WaitGroup::new();
    'all: for item in items {
        if item == 0 {
            continue 'all;
        }
        if item == 1 {
            break 'all;
        }
        let handle = go!([wg] {
            if item > 5 {
                wg.add(1); //~ add_in_goroutine
                defer!(wg.done());
                work(item);
            }
        });
        drop(handle);
    }
    wg.wait();
    Some(1)
}

fn tried(wg: &WaitGroup) -> Result<(), Error> {
    let n = parse()?;
    go!([wg] {
        let _count = {
            wg.add(1); //~ add_in_goroutine
            n
        };
        defer!(wg.done());
        work(n);
    });
    wg.wait();
    Ok(())
}

fn work(_: u32) {}
