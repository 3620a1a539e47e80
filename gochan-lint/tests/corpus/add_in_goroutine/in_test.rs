#[cfg(test)]
mod tests {
    use gochan::prelude::*;

    #[gochan::test]
    fn counts() {
        let wg = WaitGroup::new();
        let ch = chan!(u32, 2);
        go!([wg, ch] {
            wg.add(1); //~ add_in_goroutine
            defer!(wg.done());
            send!(ch <- 1);
        });
        wg.wait();
        assert_eq!(ch.recv(), Some(1));
    }
}
