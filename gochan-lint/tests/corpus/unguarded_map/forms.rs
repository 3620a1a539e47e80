use gochan::prelude::*;
use std::cell::UnsafeCell;
use std::collections::{BTreeMap, HashMap};

static mut CACHE: Option<HashMap<u32, u32>> = None;
static mut INDEX: BTreeMap<u32, u32> = BTreeMap::new();
struct Table(UnsafeCell<HashMap<String, u32>>);
unsafe impl Sync for Table {}
static TABLE: Lazy<Table> = Lazy::new(make);

fn inserts() { go!({ unsafe { INDEX.insert(1, 2); } }); } //~ unguarded_map
fn optional() { go!({ unsafe { CACHE.as_mut().unwrap().insert(1, 2); } }); } //~ unguarded_map
fn entries() { go!({ unsafe { *INDEX.entry(1).or_insert(0) += 1; } }); } //~ unguarded_map
fn through_cell(table: Arc<Table>) { go!([table] { unsafe { (*table.0.get()).insert("a".into(), 1); } }); } //~ unguarded_map
