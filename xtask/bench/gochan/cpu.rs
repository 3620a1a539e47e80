//! A pool whose jobs keep a processor busy: nanoseconds a job, so that two workers should halve the figure.

use crate::Workload;
use crate::measure::{JOBS, job, nanos_each, report};
use crate::pipeline::{Pool, pool};

pub(crate) const WORKLOADS: &[Workload] = &[
    Workload { name: "cpu_pool", run: || jobs(Pool::Fresh) },
    Workload { name: "cpu_pool_parked", run: || jobs(Pool::Parked) },
];

fn jobs(state: Pool) {
    report("speedup_ns", nanos_each(pool(JOBS, job, state), JOBS as usize));
}
