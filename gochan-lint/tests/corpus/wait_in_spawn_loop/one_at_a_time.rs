use gochan::prelude::*;

fn counted_before(plugins: &[u32]) {
    let group = WaitGroup::new();
    group.add(plugins.len() as isize);
    for _ in plugins {
        go!([group] {
            defer!(group.done());
        });
        group.wait(); //~ wait_in_spawn_loop
    }
}
fn counted_in_turn(plugins: &[u32]) {
    let group = WaitGroup::new();
    for &plugin in plugins {
        group.add(1);
        go!([group] {
            defer!(group.done());
            println!("{plugin}");
        });
        group.wait(); //~ wait_in_spawn_loop
    }
}
fn by_go(names: Vec<String>) {
    let wg = WaitGroup::new();
    for name in names {
        wg.go(move || println!("{name}"));
        wg.wait(); //~ wait_in_spawn_loop
    }
}
fn work(wg: WaitGroup) {
    defer!(wg.done());
}
fn of_a_function(jobs: &Receiver<u32>) {
    let wg = WaitGroup::new();
    while let Some(_) = jobs.recv() {
        wg.add(1);
        go!([wg] work(wg));
        wg.wait(); //~ wait_in_spawn_loop
    }
}
