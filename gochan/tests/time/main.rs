//! Rows TM: timers, tickers and sleep, in real and in virtual time.

#[path = "../common/mod.rs"]
mod common;

mod asynchronous;
mod due;
mod func;
mod sleep;
mod stop;
mod table;
mod ticker;
mod timer;
mod virtual_programs;
mod virtual_sync;
mod virtual_time;
