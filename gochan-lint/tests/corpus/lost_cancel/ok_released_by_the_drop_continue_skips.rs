use gochan::prelude::*;

fn run(parent: &Context, jobs: &[Job]) {
    for job in jobs {
        let (ctx, cancel) = parent.with_timeout(job.limit);
        if step(&ctx, job).is_err() { continue; }
        cancel.cancel();
    }
}
