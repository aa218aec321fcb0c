//! `#[derive(Record)]` for `streams-core`, which re-exports it: use it from there.
//!
//! The derive reads the struct and its attributes (`attributes`), checks them and gathers every mistake (`model`,
//! `field`, `types`, `names`, `errors`), and writes implementations of the traits in `streams_core::schema` and
//! `streams_core::serde` (`emit`). It knows nothing of Avro but names; the bytes of each type are in `streams_core`.

mod attributes;
mod emit;
mod errors;
mod field;
mod model;
mod names;
mod types;

use proc_macro::TokenStream;
use syn::{DeriveInput, parse_macro_input};

/// Makes a struct with named fields, or an enum of plain names, a record: with a schema, a serde, and if its fields
/// say so a key and an event time.
#[proc_macro_derive(Record, attributes(record))]
pub fn derive_record(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    let tokens = match model::Model::of(&input) {
        Ok(model) => emit::all(&model),
        Err(error) => error.into_compile_error(),
    };
    tokens.into()
}
