//! Programs that must not compile, each with the message that its author gets: the first line says what is wrong in
//! words of the field, and a note what to write instead.
//!
//! Each file here but this one is such a program. After a change of messages, `TRYBUILD=overwrite cargo test -p
//! streams-tests --test compile_fail` writes what the compiler says now: read every difference. Compilers differ in
//! wording and layout, so messages are compared for the version they were recorded with and skipped for others.

#![allow(clippy::print_stderr, reason = "a skipped test says so")]

use std::process::Command;

/// The compiler the messages were recorded with.
const RECORDED_WITH: &str = "rustc 1.95.";

#[test]
fn mistakes_are_refused_with_a_message_that_says_what_to_do() {
    let compiler = Command::new("rustc").arg("--version").output().expect("there is a compiler");
    let version = String::from_utf8_lossy(&compiler.stdout);
    if !version.starts_with(RECORDED_WITH) {
        eprintln!("skipped: the messages are those of {RECORDED_WITH}x, this is {version}");
        return;
    }
    let cases = trybuild::TestCases::new();
    // All names but that of this file.
    cases.compile_fail("compile_fail/[!m]*.rs");
    cases.compile_fail("compile_fail/m[!a]*.rs");
    cases.compile_fail("compile_fail/ma[!i]*.rs");
}
