use gochan::prelude::*;
use gochan::sync::errgroup::Group;

fn main() -> Result<(), Error> {
    let (ch, group) = (chan!(u32, 10), Group::new());
    for n in 0..3 {
        let ch = ch.clone();
        group.go(move || { send!(ch <- n); Ok(()) });
    }
    group.wait()?;
    close!(ch);
    for n in &ch { work(n); }
    Ok(())
}
