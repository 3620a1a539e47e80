fn started_before() {
    let ch = chan!(u32);
    let rx = ch.clone();
    go!({ work(recv!(rx)); });
    send!(ch <- 1);
}
fn call_form() {
    let ch = chan!(u32);
    go!(print_all(ch.receiver()));
    for n in 0..3 { send!(ch <- n); }
    close!(ch);
}
fn group() {
    let (ch, wg) = (chan!(u32), WaitGroup::new());
    let rx = ch.clone();
    wg.go(move || for n in &rx { work(n); });
    send!(ch <- 1);
    close!(ch);
    wg.wait();
}
fn enough_room() {
    let ch = chan!(u32, 2);
    send!(ch <- 1);
    send!(ch <- 2);
    close!(ch);
    for n in &ch { work(n); }
}
fn one_by_one() {
    let ch = chan!(u32, 1);
    for n in 0..10 {
        send!(ch <- n);
        work(recv!(ch));
    }
}
fn in_select() {
    let ch = chan!(u32);
    select! {
        ch <- 1 => {}
        default => {}
    }
    drop(ch);
}
fn handed(ch: Chan<u32>) {
    send!(ch <- 1);
    work(recv!(ch));
}
fn scoped() {
    let ch = chan!(u32);
    gochan::scope(|s| {
        s.go(|| work(recv!(ch)));
        send!(ch <- 1);
    });
}
