//! A structure in one file, its methods in two others, and statics.

pub mod audit;
pub mod bank;
pub mod state;
