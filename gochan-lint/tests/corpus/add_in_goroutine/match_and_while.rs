use gochan::prelude::*;

fn start(mode: Mode, mut items: Vec<u32>) {
    let wg = WaitGroup::new();
    go!([wg] {
        match mode {
            Mode::One => {
                wg.add(1); //~ add_in_goroutine
                work(1);
                wg.done();
            }
            Mode::Many => while let Some(item) = items.pop() {
                wg.add(1); //~ add_in_goroutine
                work(item);
                wg.done();
            },
        }
    });
    wg.wait();
}
