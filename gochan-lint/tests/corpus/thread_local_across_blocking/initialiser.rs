use gochan::prelude::*;
use std::cell::{Cell, OnceCell, RefCell};
use std::sync::LazyLock;

static CONFIG: LazyLock<Chan<u32>> = LazyLock::new(|| chan!(u32, 1));
static START: Chan<u32> = make();

thread_local! {
    /// A wait in the lazy initialiser, word for word.
    static LIMIT: Vec<u32> = {
        let limit = CONFIG.recv().unwrap_or_default(); //~ thread_local_across_blocking
        vec![limit]
    };
}

thread_local!(static NAP: String = { gochan::time::sleep(Duration::from_millis(1)); String::new() }); //~ thread_local_across_blocking

std::thread_local! {
    static PLAIN: u32 = recv!(CONFIG); //~ thread_local_across_blocking

    pub(crate) static CELL: RefCell<Option<u32>> = RefCell::new(CONFIG.recv()); //~ thread_local_across_blocking

    static EMPTY: OnceCell<u32> = const { OnceCell::new() };

    static CHOSEN: u32 = select! { //~ thread_local_across_blocking
        v = <-CONFIG => v,
        v = <-START => v,
    };

    static IN_TIME: Option<u32> = CONFIG.recv_timeout(Duration::from_secs(1)).ok(); //~ thread_local_across_blocking

    static AFTER_A_TURN: Cell<u32> = {
        gochan::runtime::gosched(); //~ thread_local_across_blocking
        Cell::new(1)
    };
}

fn inside_of_a_function() {
    thread_local! {
        static INNER: u32 = recv!(CONFIG) //~ thread_local_across_blocking
    }
    INNER.with(|inner| println!("{inner}"));
}

mod nested {
    use super::*;
    thread_local! {
        static DEEP: u32 = {
            let wg = WaitGroup::new();
            wg.go(|| work(1));
            wg.wait(); //~ thread_local_across_blocking
            1
        };
    }
}
