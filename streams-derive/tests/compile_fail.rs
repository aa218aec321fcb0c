//! Records that do not compile, and what is said of them: `ui/*.rs`, each with its messages beside it.
//!
//! After a change that is meant, `TRYBUILD=overwrite cargo test -p streams-derive` writes the messages anew; read them
//! before you commit.

#[test]
fn mistakes_are_reported_with_their_reason() {
    trybuild::TestCases::new().compile_fail("tests/ui/*.rs");
}
