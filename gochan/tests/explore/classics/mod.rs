//! Row DL-08: `#[gochan::test(explore = …)]` against the bugs that people write, as they write them: each program beside
//! its mended twin. A bug must be found wherever the exploration begins, not by luck, and a twin pass everywhere.

mod channels;
mod ends;
mod locks;
mod shared;
mod small;
mod systems;
mod waiting;

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::*};
use std::sync::{Arc, Mutex as StdMutex};
use std::time::Duration;

use crate::common::exploration::{DEADLOCK, LEAK, classics, finds, join_all, passes};
use crate::common::panic_of;
use gochan::chan::TryRecvError;
use gochan::prelude::*;
use gochan::runtime::gosched;
use gochan::sync::{
    Cond, Map, Mutex, Once, OnceCell, Pool, RwLock, Semaphore, atomic, errgroup, singleflight,
};
use gochan::time::{self, Timer, after_func, sleep};

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn dl_08_a_bug_without_a_symptom_is_none() {
    assert!(panic_of(|| finds("anything", || {})).contains("not found"));
}
