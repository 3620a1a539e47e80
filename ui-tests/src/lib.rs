//! What must not compile, and the words users get; what must compile although it is unusual. The cases
//! are in `tests/`, run by `tests/ui.rs`.
