use gochan::prelude::*;

fn start() {
    go!({
        let double = |n: u32| n * 2;
        println!("{}", double(4));
    });
    go!({
        let f = move || work(1);
        register(f);
    });
    go!({
        let handler = |n: u32| work(n);
        register(handler)
    });
    go!({
        block_on(async { ping().await })
    });
    go!({
        let task = async { ping().await };
        block_on(task);
    });
    go!({
        let mut list = vec![3, 1, 2];
        list.sort_by(|a, b| a.cmp(b));
        list.iter().map(|n| n + 1).sum::<u32>()
    });
    go!({
        let hooks: Vec<Box<dyn Fn()>> = vec![Box::new(|| work(1)), Box::new(move || work(2))];
        for hook in &hooks { hook() }
    });
    go!({
        let table = Table { on_close: |n| work(n) };
        (table.on_close)(1);
    });
}
