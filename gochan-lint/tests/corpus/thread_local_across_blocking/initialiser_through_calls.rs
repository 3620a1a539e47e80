use gochan::prelude::*;
use gochan::sync::errgroup::Group;
use gochan::sync::{Cond, Lazy, Mutex, Once, OnceCell, RwLock, Semaphore, singleflight};
use std::cell::RefCell;

static INPUT: Chan<u32> = make();
static TOTAL: Mutex<u32> = Mutex::new(0);
static TABLE: RwLock<Vec<u32>> = RwLock::new(Vec::new());
static ONCE: Once = Once::new();
static CELL: OnceCell<u32> = OnceCell::new();
static SETTINGS: Lazy<Settings> = Lazy::new(Settings::load);
static PLACES: Semaphore = Semaphore::new(1);

struct Settings { size: u32, input: Receiver<u32>, jobs: Jobs }
struct Jobs { input: Receiver<u32>, cond: Cond, ready: Mutex<bool> }

impl Settings {
    fn load() -> Settings { make_settings() }
    fn size(&self) -> u32 { self.jobs.next() }
}
impl Jobs {
    fn next(&self) -> u32 { self.input.recv().unwrap_or(0) }
    fn ready(&self) { let mut ready = self.ready.lock(); while !*ready { ready = self.cond.wait(ready); } }
}
impl Default for Settings {
    fn default() -> Settings { Settings { size: recv!(INPUT), ..Settings::load() } }
}

fn limit() -> u32 { outer() }
fn outer() -> u32 { INPUT.iter().next().unwrap_or(1) }
fn settings() -> &'static Settings { find() }
fn locked<R>(f: impl FnOnce() -> R) -> R { f() }
fn retried<R>(f: impl FnOnce() -> R) -> R { locked(f) }

thread_local! {
    static BY_CALL: u32 = limit(); //~ thread_local_across_blocking
    static IN_CELL: RefCell<Vec<u32>> = RefCell::new(vec![limit()]); //~ thread_local_across_blocking
    static BY_METHOD: u32 = settings().size(); //~ thread_local_across_blocking
    static BY_FIELD: u32 = settings().jobs.input.recv().unwrap(); //~ thread_local_across_blocking
    static BY_TYPE: Settings = Settings::default(); //~ thread_local_across_blocking
    static BY_ITS_TYPE: Settings = Default::default(); //~ thread_local_across_blocking
    static BY_CLOSURE: u32 = { let make = || limit(); make() }; //~ thread_local_across_blocking
    static BY_GIVEN_CLOSURE: u32 = retried(|| INPUT.recv().unwrap()); //~ thread_local_across_blocking
    static BY_MAPPED: Vec<u32> = (0..3).map(|_| INPUT.recv().unwrap()).collect(); //~ thread_local_across_blocking
    static BY_NAME: Option<u32> = Some(1).and_then(maybe); //~ thread_local_across_blocking
    static BY_LOCK: u32 = *TOTAL.lock(); //~ thread_local_across_blocking
    static BY_READ: usize = TABLE.read().len(); //~ thread_local_across_blocking
    static BY_ONCE: u32 = { ONCE.call_once(|| work(1)); 1 }; //~ thread_local_across_blocking
    static BY_CELL: u32 = *CELL.get_or_init(|| 1); //~ thread_local_across_blocking
    static BY_LAZY: u32 = SETTINGS.total(); //~ thread_local_across_blocking
    static BY_FORCE: &'static Settings = Lazy::force(&SETTINGS); //~ thread_local_across_blocking
    static BY_PLACE: u32 = { PLACES.acquire(&background(), 1).unwrap(); 1 }; //~ thread_local_across_blocking
    static BY_THREAD: String = gochan::blocking(|| std::fs::read_to_string("limits").unwrap()); //~ thread_local_across_blocking
    static BY_JOIN: u32 = go!(work(1)).join().unwrap(); //~ thread_local_across_blocking
    static BY_SCOPE: u32 = gochan::scope(|s| { s.go(|| work(1)); 1 }); //~ thread_local_across_blocking
    static BY_GROUP: bool = {
        let group = Group::new();
        group.go(|| fallible());
        group.wait().is_ok() //~ thread_local_across_blocking
    };
    static BY_FLIGHT: u32 = {
        let group = singleflight::Group::new();
        group.run(1, || 2).0 //~ thread_local_across_blocking
    };
    static BY_SELECT: u32 = {
        let mut select = gochan::Select::new();
        let arm = select.recv(&INPUT);
        select.wait().recv(arm).unwrap() //~ thread_local_across_blocking
    };
    static BY_COND: u32 = { settings().jobs.ready(); 1 }; //~ thread_local_across_blocking
    static BY_NIL: Option<u32> = Receiver::nil().recv(); //~ thread_local_across_blocking nil_channel
}

fn maybe(n: u32) -> Option<u32> { INPUT.recv().map(|m| m + n) }
