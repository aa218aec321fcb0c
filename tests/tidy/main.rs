//! The style of the sources as a test: what a reviewer would otherwise have to say again and again.
//!
//! Each test reads the files of the repository and reports every place that breaks its rule, as `file:line: why`.
//! Rules that rustfmt and clippy know are left to them.

mod documents;
mod sources;
mod tree;
