fn start() {
    gochan::Builder::new().name("late").spawn(|| {
        prepare();
        move || work(1) //~ missing_call
    });
}
