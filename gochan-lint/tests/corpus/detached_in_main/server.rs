//! A main that starts its parts and returns.

use gochan::prelude::*;
use std::collections::HashMap;

mod crawl {
    use gochan::prelude::*;

    #[gochan::main]
    fn main() {
        let urls = ["a", "b", "c"];
        let seen = Arc::new(Mutex::new(HashMap::new()));
        for url in urls {
            go!([seen] { seen.lock().insert(url, fetch(url)); }); //~ detached_in_main
        }
        println!("crawled");
    }
}

mod pipeline {
    use gochan::prelude::*;

    fn main() {
        let (numbers, squares) = (chan!(u32), chan!(u32));
        go!([numbers] { for n in 0..10 { send!(numbers <- n); } close!(numbers); }); //~ detached_in_main
        go!([numbers, squares] { for n in &numbers { send!(squares <- n * n); } close!(squares); }); //~ detached_in_main
        go!([squares] { for n in &squares { println!("{n}"); } }); //~ detached_in_main
    }
}

mod reporter {
    use gochan::prelude::*;

    fn main() {
        let _reporter = go!(report_every(Duration::from_secs(1))); //~ detached_in_main
        println!("reporting");
    }
}

mod by_builder {
    use gochan::prelude::*;

    #[gochan::main]
    fn main() {
        let wg = WaitGroup::new();
        wg.add(1);
        go!([wg] { defer!(wg.done()); work(1); }); //~ detached_in_main
        println!("{}", 1);
    }
}

mod early {
    use gochan::prelude::*;

    fn main() {
        let jobs = chan!(u32, 8);
        for n in 0..8 { send!(jobs <- n); }
        close!(jobs);
        for _ in 0..2 {
            go!([jobs] { for job in &jobs { work(job); } }); //~ detached_in_main
        }
    }
}
