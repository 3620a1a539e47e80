use gochan::prelude::*;
use std::sync::Mutex;

static HANDLES: Mutex<Vec<CancelHandle>> = Mutex::new(Vec::new());
static CURRENT: Mutex<Option<CancelHandle>> = Mutex::new(None);

fn start(parent: &Context) {
    let (ctx, cancel) = parent.with_cancel();
    HANDLES.lock().unwrap().push(cancel); //~ lost_cancel
    let (other, cancel) = parent.with_cancel();
    *CURRENT.lock().unwrap() = Some(cancel); //~ lost_cancel
    watch(ctx, other);
}
