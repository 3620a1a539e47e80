//! Mains that wait for what they started, each in its way.

use gochan::prelude::*;

mod crawl {
    use gochan::prelude::*;

    #[gochan::main]
    fn main() {
        let wg = WaitGroup::new();
        for url in ["a", "b", "c"] {
            wg.go(move || fetch(url));
        }
        wg.wait();
    }
}

mod pipeline {
    use gochan::prelude::*;

    fn main() {
        let (numbers, squares) = (chan!(u32), chan!(u32));
        go!([numbers] { for n in 0..10 { send!(numbers <- n); } close!(numbers); });
        go!([numbers, squares] { for n in &numbers { send!(squares <- n * n); } close!(squares); });
        for n in &squares { println!("{n}"); }
    }
}

mod reporter {
    use gochan::prelude::*;

    fn main() {
        let reporter = go!(report(3));
        println!("reporting");
        if let Err(panicked) = reporter.join() { eprintln!("{panicked}"); }
    }
}

mod daemon {
    use gochan::prelude::*;

    fn main() {
        let signals = gochan::signal::notify(&[Signal::Interrupt, Signal::Terminate]);
        go!(serve());
        println!("{:?}, leaving", recv!(signals));
    }
}

mod scoped {
    use gochan::prelude::*;

    fn main() {
        let mut total = 0;
        gochan::scope(|s| { s.go(|| total = sum(&[1, 2, 3])); });
        println!("{total}");
    }
}

mod listener {
    use gochan::prelude::*;

    fn main() -> std::io::Result<()> {
        go!(metrics());
        run_server("127.0.0.1:80")
    }
}

mod thread {
    fn main() {
        std::thread::spawn(|| work(1));
    }
}
