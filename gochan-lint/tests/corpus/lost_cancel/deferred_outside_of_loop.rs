use gochan::prelude::*;

fn run(parent: &Context, urls: &[String]) {
    let mut last = None;
    defer!(if let Some(cancel) = &last { cancel.cancel(); });
    for url in urls {
        let (ctx, cancel) = parent.with_timeout(Duration::from_secs(1)); //~ lost_cancel
        fetch(&ctx, url);
        last = Some(cancel);
    }
}
