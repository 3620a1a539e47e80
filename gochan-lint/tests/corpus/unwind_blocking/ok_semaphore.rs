use gochan::prelude::*;

fn bounded(jobs: Vec<u32>) {
    let places = chan!((), 3);
    let wg = WaitGroup::new();
    for job in jobs {
        send!(places <- ());
        wg.add(1);
        go!([places, wg] {
            defer!(wg.done());
            defer!({
                recv!(places);
            });
            println!("{job}");
        });
    }
    wg.wait();
}
