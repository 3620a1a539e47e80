use gochan::prelude::*;

fn poll(parent: &Context) -> Option<u32> {
    fn inner(parent: &Context) -> Option<u32> {
        let (ctx, cancel) = parent.with_cancel();
        let n = step(&ctx)?;
        cancel.cancel();
        Some(n)
    }
    while parent.err().is_none() {
        let (ctx, _) = parent.with_timeout(Duration::from_secs(1)); //~ lost_cancel
        if let Some(n) = inner(&ctx) { return Some(n); }
    }
    None
}
