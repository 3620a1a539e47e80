//! Questions about the graphs of a function, which the lints ask.
//!
//! [`Code`] is a function; its methods are spread over the files here by subject.

mod code;
mod dataflow;
mod effects;
mod guards;
mod lists;
mod locks;
mod order;

pub use code::Code;
pub use effects::{seen_inside, surely_does};
pub use guards::Held;
