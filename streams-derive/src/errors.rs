//! All mistakes of one derive, so that they are reported together, each at its place.

use proc_macro2::Span;

/// Mistakes found so far.
#[derive(Default)]
pub(crate) struct Errors {
    found: Vec<syn::Error>,
    kinds: Vec<&'static str>,
}

impl Errors {
    /// Notes a mistake at this place.
    pub(crate) fn at(&mut self, span: Span, message: impl std::fmt::Display) {
        self.found.push(syn::Error::new(span, message));
    }

    /// Notes a mistake about all of these tokens.
    pub(crate) fn on(&mut self, tokens: impl quote::ToTokens, message: impl std::fmt::Display) {
        self.found.push(syn::Error::new_spanned(tokens, message));
    }

    /// Notes what syn found.
    pub(crate) fn add(&mut self, error: syn::Error) {
        self.found.push(error);
    }

    /// Whether this is the first mistake of its kind: what helps with all of them is said once.
    pub(crate) fn first_of(&mut self, kind: &'static str) -> bool {
        let first = !self.kinds.contains(&kind);
        self.kinds.push(kind);
        first
    }

    /// All of them as one error; `Ok` if there are none.
    pub(crate) fn finish(self) -> syn::Result<()> {
        let combined = self.found.into_iter().reduce(|mut all, error| {
            all.combine(error);
            all
        });
        combined.map_or(Ok(()), Err)
    }
}
