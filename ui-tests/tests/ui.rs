//! The compiler's output for likely mistakes, word for word. `TRYBUILD=overwrite cargo test -p ui-tests`
//! rewrites the `.stderr` files; read the difference before you keep it.

#[test]
fn ch_28_direction_errors_do_not_compile_and_say_why() {
    trybuild::TestCases::new().compile_fail("tests/ui/direction/*.rs");
}

#[test]
fn mistakes_with_go() {
    trybuild::TestCases::new().compile_fail("tests/ui/go/*.rs");
}

#[test]
fn mistakes_with_channels() {
    trybuild::TestCases::new().compile_fail("tests/ui/channels/*.rs");
}

#[test]
fn mistakes_with_select() {
    trybuild::TestCases::new().compile_fail("tests/ui/select/*.rs");
}

#[test]
fn mistakes_with_contexts() {
    trybuild::TestCases::new().compile_fail("tests/ui/with_context/*.rs");
}

#[test]
fn mistakes_with_defer() {
    trybuild::TestCases::new().compile_fail("tests/ui/defer/*.rs");
}

#[test]
fn mistakes_with_the_methods_of_contexts() {
    trybuild::TestCases::new().compile_fail("tests/ui/context/*.rs");
}

#[test]
fn mistakes_with_goroutine_local_values() {
    trybuild::TestCases::new().compile_fail("tests/ui/local/*.rs");
}

#[test]
fn mistakes_with_sync() {
    trybuild::TestCases::new().compile_fail("tests/ui/sync/*.rs");
}

#[test]
fn mistakes_with_main() {
    trybuild::TestCases::new().compile_fail("tests/ui/main/*.rs");
}

#[test]
fn mistakes_with_test() {
    trybuild::TestCases::new().compile_fail("tests/ui/test/*.rs");
}

#[test]
fn what_compiles() {
    trybuild::TestCases::new().pass("tests/pass/*.rs");
}
