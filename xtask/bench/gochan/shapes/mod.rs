//! Programs of other shapes than the rows of the bench: `cargo xtask bench --shapes`.

mod gather;
mod locks;
mod pools;
mod rounds;
mod stages;

use crate::Workload;

pub(crate) const SUBJECTS: &[&[Workload]] =
    &[gather::WORKLOADS, stages::WORKLOADS, pools::WORKLOADS, rounds::WORKLOADS, locks::WORKLOADS];
