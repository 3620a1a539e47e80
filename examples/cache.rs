//! A cache that looks each thing up once, however many ask for it at the same time.
//!
//! ```text
//! $ cargo run --bin cache
//! 200 questions about 5 cities, 5 look-ups
//! after forgetting one: 6 look-ups
//! Oslo has 717710 people
//! ```
//!
//! What is known is in a `sync::Map`. What is not yet known is looked up under a `singleflight::Group`: those who ask
//! meanwhile wait for that one answer instead of asking the slow source again.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

use gochan::prelude::*;
use gochan::runtime::gosched;
use gochan::sync::Map;
use gochan::sync::singleflight::Group;

const CITIES: [(&str, u32); 5] =
    [("Bergen", 291_940), ("Bodo", 42_102), ("Oslo", 717_710), ("Tromso", 41_915), ("Trondheim", 212_660)];

#[derive(Clone)]
struct Cache {
    known: Arc<Map<&'static str, u32>>,
    under_way: Group<&'static str, u32>,
    look_ups: Arc<AtomicUsize>,
}

impl Cache {
    fn new() -> Cache {
        Cache { known: Arc::default(), under_way: Group::new(), look_ups: Arc::default() }
    }

    fn people(&self, city: &'static str) -> u32 {
        if let Some(people) = self.known.load(city) {
            return people;
        }
        let (people, _shared) = self.under_way.run(city, || {
            // The answer may have come between the look above and this call.
            self.known.load(city).unwrap_or_else(|| {
                let people = self.look_up(city);
                self.known.store(city, people);
                people
            })
        });
        people
    }

    /// Slow.
    fn look_up(&self, city: &str) -> u32 {
        self.look_ups.fetch_add(1, SeqCst);
        (0..20).for_each(|_| gosched());
        CITIES.iter().find(|(name, _)| *name == city).map_or(0, |(_, people)| *people)
    }
}

#[gochan::main]
fn main() {
    const QUESTIONS: usize = 200;
    let cache = Cache::new();
    let wg = WaitGroup::new();
    for question in 0..QUESTIONS {
        let cache = cache.clone();
        wg.go(move || {
            let (city, people) = CITIES[question % CITIES.len()];
            assert_eq!(cache.people(city), people);
        });
    }
    wg.wait();
    println!(
        "{QUESTIONS} questions about {} cities, {} look-ups",
        cache.known.len(),
        cache.look_ups.load(SeqCst)
    );

    cache.known.delete("Oslo");
    let people = cache.people("Oslo");
    println!("after forgetting one: {} look-ups", cache.look_ups.load(SeqCst));
    println!("Oslo has {people} people");
}
