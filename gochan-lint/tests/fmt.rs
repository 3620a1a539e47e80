//! `cargo gochan-fmt`: its layout, and that it changes nothing else.

mod fmt {
    mod command;
    mod layout;
    mod left;
    mod sources;
    mod support;
}
