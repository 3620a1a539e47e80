//! Starting goroutines, and what users start besides: scopes, alarms, blocking calls.

pub(crate) mod alarm;
pub(crate) mod block_on;
pub(crate) mod blocking;
pub(crate) mod builder;
pub(crate) mod countdown;
pub(crate) mod current;
pub(crate) mod grow;
pub(crate) mod join;
pub(crate) mod join_future;
pub(crate) mod local;
pub(crate) mod main;
pub(crate) mod outlived;
pub(crate) mod scope;
pub(crate) mod shared_end;
pub(crate) mod start;
