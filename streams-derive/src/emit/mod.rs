//! The code that the derive makes: one block of implementations per record.

mod avro;
mod json;
mod schema;

use proc_macro2::TokenStream;
use quote::{format_ident, quote, quote_spanned};
use syn::Ident;
use syn::spanned::Spanned;

use crate::field::{Default, fixed_marker};
use crate::model::{Body, Field, Format, Model, Unit};

/// Everything for this record.
pub(crate) fn all(model: &Model) -> TokenStream {
    let Model { ident, core, .. } = model;
    let helpers = helpers(model);
    let schema = schema::method(model);
    let avro = avro::methods(model);
    let json = json::methods(model);
    let default_json = schema::default_json(model);
    let serde = default_serde(model);
    let keyed = keyed(model);
    let key_type = model.is_key_type.then(|| {
        quote! {
            #[automatically_derived]
            impl #core::Key for #ident {}
        }
    });
    quote! {
        const _: () = {
            #helpers

            #[automatically_derived]
            impl #core::schema::Datum for #ident {
                type Codec = Self;
                type List = #core::schema::codecs::List<Self>;
            }

            #[automatically_derived]
            impl #core::schema::Codec<Self> for #ident {
                #schema
                #avro
                #json
                #default_json
            }

            #serde
            #keyed
            #key_type
        };
    }
}

/// Names for the codecs of fields, their defaults and their `fixed` types; none that a type of the user's has.
fn helpers(model: &Model) -> TokenStream {
    let Body::Record { fields, .. } = &model.body else { return TokenStream::new() };
    let core = &model.core;
    let mut names: Vec<&String> = fields.iter().filter_map(|field| field.fixed.as_ref()).collect();
    names.sort();
    names.dedup();
    let fixed = names.into_iter().map(|name| {
        let marker = fixed_marker(name);
        quote! {
            struct #marker;
            impl #core::schema::codecs::FixedName for #marker {
                const NAME: ::core::option::Option<&'static str> = ::core::option::Option::Some(#name);
            }
        }
    });
    let codecs = fields.iter().enumerate().filter(|(_, field)| !field.skipped).map(|(index, field)| {
        let (alias, codec) = (codec_of(index, field), &field.codec);
        quote!(type #alias = #codec;)
    });
    let defaults = fields.iter().enumerate().filter_map(|(index, field)| {
        let (name, ty) = (default_of(index), &field.ty);
        let value = match &field.default {
            Default::Missing if field.skipped => {
                quote_spanned!(ty.span()=> ::core::default::Default::default())
            }
            Default::Missing => return None,
            Default::OfType => quote_spanned!(ty.span()=> ::core::default::Default::default()),
            Default::Value(value) => value.clone(),
        };
        Some(quote! {
            fn #name() -> #ty {
                #value
            }
        })
    });
    quote! {
        #(#fixed)*
        #(#codecs)*
        #(#defaults)*
    }
}

/// The name of the codec of a field; at the place of its type, where the compiler then says that there is none.
fn codec_of(index: usize, field: &Field) -> Ident {
    format_ident!("__Codec{}", index, span = field.ty.span())
}

/// The name of the function that makes a field's default.
fn default_of(index: usize) -> Ident {
    format_ident!("__default_{}", index)
}

/// The fields that are in the bytes, with their numbers.
fn written(fields: &[Field]) -> impl Iterator<Item = (usize, &Field)> {
    fields.iter().enumerate().filter(|(_, field)| !field.skipped)
}

fn default_serde(model: &Model) -> TokenStream {
    let Model { ident, core, body, format, .. } = model;
    let make = match format {
        Format::Json => quote!(#core::serde::record_json()),
        Format::Avro => quote!(#core::serde::avro()),
    };
    let event_time = match body {
        Body::Record { fields, timestamp: Some((index, unit)), .. } => {
            fields.get(*index).map(|field| event_time(core, field, *unit))
        }
        _ => None,
    };
    quote! {
        #[automatically_derived]
        impl #core::serde::DefaultSerde for #ident {
            fn serde() -> #core::serde::SerdeRef<Self> {
                #make
            }

            #event_time
        }
    }
}

/// Milliseconds of the field; a number of seconds that is too large becomes a time that is refused.
fn event_time(core: &TokenStream, field: &Field, unit: Unit) -> TokenStream {
    let name = &field.ident;
    let millis = match unit {
        Unit::Millis => quote!(time),
        Unit::Micros => quote!(time.div_euclid(1000)),
        Unit::Seconds => quote!(time.checked_mul(1000).unwrap_or(#core::time::UNKNOWN)),
    };
    quote! {
        #[inline]
        fn event_time(&self) -> ::core::option::Option<#core::time::Timestamp> {
            ::core::option::Option::<i64>::from(self.#name).map(|time| #millis)
        }
    }
}

fn keyed(model: &Model) -> Option<TokenStream> {
    let Body::Record { fields, key: Some(index), .. } = &model.body else { return None };
    let Field { ident: field, ty, .. } = fields.get(*index)?;
    let (core, ident) = (&model.core, &model.ident);
    let clone = quote_spanned!(ty.span()=> ::core::clone::Clone::clone(&self.#field));
    Some(quote! {
        #[automatically_derived]
        impl #core::schema::Keyed for #ident {
            type Key = #ty;

            fn key(&self) -> #ty {
                #clone
            }
        }
    })
}
