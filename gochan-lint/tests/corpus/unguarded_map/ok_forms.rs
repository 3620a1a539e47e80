use gochan::prelude::*;
use gochan::sync::{Map, Mutex, RwLock};
use std::collections::HashMap;

static LOCKED: Mutex<Option<HashMap<u32, u32>>> = Mutex::new(None);

fn locked() { go!({ LOCKED.lock().get_or_insert_default().insert(1, 2); }); }
fn shared(map: Arc<RwLock<HashMap<u32, u32>>>) { go!([map] { map.write().insert(1, 2); }); }
fn ours(map: Arc<Map<u32, u32>>) { go!([map] { map.store(1, 2); }); }
fn own() { go!({ let mut map = HashMap::new(); map.insert(1, 2); work(map); }); }
