use gochan::prelude::*;
use gochan::sync::atomic::AtomicU64;
use gochan::sync::{Cond, Map, Mutex, OnceCell};
use std::cell::{Cell, OnceCell as StdOnceCell, RefCell};
use std::sync::OnceLock;

static INPUT: Chan<u32> = make();
static KNOWN: Map<u32, u32> = make_map();
static COUNT: AtomicU64 = AtomicU64::new(0);
static TOTAL: Mutex<u32> = Mutex::new(0);
static MORE: Cond = Cond::new();
static PLAIN: OnceLock<u32> = OnceLock::new();
static CTX: Context = make_context();
static HANDLE: gochan::JoinHandle<u32> = make_handle();

struct Worker { input: Receiver<u32> }

impl Worker {
    fn new() -> Worker { Worker { input: INPUT.receiver() } }
    fn run(&self) { while let Some(n) = self.input.recv() { work(n); } }
}

impl Default for Worker {
    fn default() -> Worker { Worker::new() }
}

thread_local! {
    static FULL: Cell<bool> = Cell::new(INPUT.try_send(1).is_err());
    static FIRST: Option<u32> = INPUT.try_recv().ok();
    static THERE: Vec<u32> = INPUT.try_iter().collect();
    static SUMMED: u32 = { let mut sum = 0; for n in INPUT.try_iter() { sum += n; } sum };
    static LENGTH: usize = INPUT.len() + INPUT.capacity();
    static SHUT: bool = { close!(INPUT); INPUT.is_closed() };
    static MANY: usize = gochan::runtime::num_goroutine();
    static LOADED: Option<u32> = { KNOWN.store(1, 2); KNOWN.load(&1) };
    static NUMBER: u64 = COUNT.fetch_add(1, Ordering::SeqCst);
    static TOLD: () = { MORE.signal(); MORE.broadcast() };
    static TRIED: bool = TOTAL.try_lock().is_some();
    static OVER: bool = HANDLE.is_finished();
    static ENDED: bool = CTX.err().is_some() || CTX.check().is_err();
    static TAKEN: u32 = select! { v = <-INPUT => v, default => 0 };
    static SHOWN: String = format!("{:?}", INPUT);
    static COPY: Chan<u32> = INPUT.clone();
    static STARTED: () = { go!({ recv!(INPUT); }); };
    static COUNTED: WaitGroup = { let wg = WaitGroup::new(); wg.add(1); wg.done(); wg };
    static LATER: Box<dyn Fn() -> Option<u32>> = Box::new(|| INPUT.recv());
    static ON_DEMAND: OnceCell<u32> = OnceCell::new();
    static FUTURE: RefCell<Option<Pin<Box<dyn Future<Output = u32>>>>> = RefCell::new(Some(Box::pin(async { recv!(INPUT) })));
    static WORKER: Worker = Worker::new();
    static BY_ITS_TYPE: Worker = Default::default();
    static OF_STD: u32 = *PLAIN.get_or_init(|| 1);
    static FILLED_LATER: StdOnceCell<u32> = const { StdOnceCell::new() };
}

fn uses() {
    let limit = recv!(INPUT);
    FILLED_LATER.with(|cell| *cell.get_or_init(|| limit));
    WORKER.with(|worker| worker.run());
}
