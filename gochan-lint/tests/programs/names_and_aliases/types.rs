use gochan::chan::Chan;
use gochan::context::{CancelHandle, Context};

pub type Jobs = Chan<Job>;
pub type Scope = (Context, CancelHandle);

#[derive(Clone)]
pub struct Job(pub u32);

pub struct Server { pub jobs: Jobs, pub stopped: Chan<()> }

pub fn scope() -> Scope { gochan::context::background().with_cancel() }
