use gochan::prelude::*;

fn run(parent: &Context, jobs: &[Job]) -> Result<(), Error> {
    for job in jobs {
        let (ctx, cancel) = parent.with_timeout(job.limit);
        defer!(cancel.cancel());
        step(&ctx, job)?;
    }
    Ok(())
}
