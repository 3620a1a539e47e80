//! A cache that asks a slow source once for each key, however many want it, and forgets what is old.

use gochan::prelude::*;
use gochan::sync::singleflight::Group;
use gochan::sync::{Mutex, OnceCell, RwLock};
use gochan::time::{Ticker, sleep};
use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

struct Entry<V> {
    value: V,
    until: Instant,
}

struct Cache<K, V> {
    entries: RwLock<HashMap<K, Entry<V>>>,
    flights: Group<K, Result<V, String>>,
    ttl: Duration,
    hits: AtomicU64,
    misses: AtomicU64,
}

impl<K, V> Cache<K, V>
where
    K: Eq + Hash + Clone + Send + Sync + 'static,
    V: Clone + Send + Sync + 'static,
{
    fn new(ttl: Duration) -> Arc<Self> {
        Arc::new(Cache {
            entries: RwLock::new(HashMap::new()),
            flights: Group::new(),
            ttl,
            hits: AtomicU64::new(0),
            misses: AtomicU64::new(0),
        })
    }

    fn peek(&self, key: &K) -> Option<V> {
        let entries = self.entries.read();
        let entry = entries.get(key)?;
        (entry.until > Instant::now()).then(|| entry.value.clone())
    }

    fn get(&self, key: &K, load: impl FnOnce(&K) -> Result<V, String>) -> Result<V, String> {
        if let Some(value) = self.peek(key) {
            self.hits.fetch_add(1, Ordering::Relaxed);
            return Ok(value);
        }
        let (result, _shared) = self.flights.run(key.clone(), || {
            self.misses.fetch_add(1, Ordering::Relaxed);
            let value = load(key)?;
            self.put(key.clone(), value.clone());
            Ok(value)
        });
        result
    }

    fn put(&self, key: K, value: V) {
        let until = Instant::now() + self.ttl;
        self.entries.write().insert(key, Entry { value, until });
    }

    fn sweep(&self) -> usize {
        let now = Instant::now();
        let mut entries = self.entries.write();
        let before = entries.len();
        entries.retain(|_, entry| entry.until > now);
        before - entries.len()
    }

    /// Sweeps until the context ends.
    fn sweeper(self: Arc<Self>, ctx: Context, every: Duration, swept: Sender<usize>) {
        let ticker = Ticker::new(every);
        defer!({
            ticker.stop();
        });
        loop {
            select! {
                biased;
                <-ctx.done() => break,
                <-ticker.channel() => {
                    let gone = self.sweep();
                    if gone > 0 && swept.try_send(gone).is_err() {
                        continue;
                    }
                }
            }
        }
    }
}

static STARTED: OnceCell<Instant> = OnceCell::new();

fn started() -> Instant {
    *STARTED.get_or_init(Instant::now)
}

fn slow_square(n: &u64) -> Result<u64, String> {
    sleep(Duration::from_millis(3));
    n.checked_mul(*n).ok_or_else(|| format!("{n} is too big"))
}

#[gochan::main]
fn main() {
    started();
    let cache = Cache::<u64, u64>::new(Duration::from_millis(20));
    let (ctx, cancel) = background().with_cancel();
    let swept = chan!(usize, 4);
    let sweeper = go!(cache.clone().sweeper(ctx, Duration::from_millis(5), swept.sender()));

    let answers = Arc::new(Mutex::new(Vec::new()));
    let wg = WaitGroup::new();
    for n in [3, 3, 3, 4, u64::MAX] {
        let (cache, answers) = (Arc::clone(&cache), Arc::clone(&answers));
        wg.go(move || {
            let answer = cache.get(&n, slow_square);
            answers.lock().push((n, answer));
        });
    }
    wg.wait();

    let mut answers = std::mem::take(&mut *answers.lock());
    answers.sort_unstable();
    for (n, answer) in &answers {
        match answer {
            Ok(square) => println!("{n}² = {square}"),
            Err(error) => println!("{error}"),
        }
    }
    if let Some(gone) = swept.recv() {
        println!("{gone} forgotten");
    }
    cancel.cancel();
    sweeper.join().expect("the sweeper does not panic");
    let (hits, misses) = (cache.hits.load(Ordering::Relaxed), cache.misses.load(Ordering::Relaxed));
    println!("{hits} hits, {misses} misses in {:?}", started().elapsed());
}
