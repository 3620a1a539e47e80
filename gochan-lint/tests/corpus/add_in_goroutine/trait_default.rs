use gochan::prelude::*;
trait Job: Clone + Send + 'static {
    fn group(&self) -> &WaitGroup;
    fn work(&self);

    fn start(&self, wg: &WaitGroup) {
        let this = self.clone();
        let wg = wg.clone();
        go!({
            wg.add(1); //~ add_in_goroutine
            defer!(wg.done());
            this.work();
        });
    }
}
