//! JSON through serde, without an implementation of serde's traits for the record: it may have those for other uses.
//! Names begin with `__`, as the types of the record and of its fields may have any others.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};

use crate::emit::{codec_of, default_of, written};
use crate::field::Default;
use crate::model::{Body, Field, Model, Symbol};

pub(super) fn methods(model: &Model) -> TokenStream {
    let core = &model.core;
    let (write, read) = match &model.body {
        Body::Record { fields, .. } => (write_record(model, fields), read_record(model, fields)),
        Body::Enum { symbols, default } => (write_enum(symbols), read_enum(model, symbols, *default)),
    };
    quote! {
        fn write_json<__S: #core::schema::generated::serde::Serializer>(
            value: &Self,
            serializer: __S,
        ) -> ::core::result::Result<__S::Ok, __S::Error> {
            #write
        }

        fn read_json<'de, __D: #core::schema::generated::serde::Deserializer<'de>>(
            deserializer: __D,
        ) -> ::core::result::Result<Self, __D::Error> {
            #read
        }
    }
}

fn write_record(model: &Model, fields: &[Field]) -> TokenStream {
    let (core, name) = (&model.core, &model.name);
    let serde = quote!(#core::schema::generated::serde);
    let count = written(fields).count();
    let writes = written(fields).map(|(index, field)| {
        let (Field { ident, ty, name, .. }, codec) = (field, codec_of(index, field));
        quote! {
            #serde::ser::SerializeStruct::serialize_field(
                &mut object,
                #name,
                &#core::schema::codecs::AsJson::<#codec, #ty>::new(&value.#ident),
            )?;
        }
    });
    quote! {
        let mut object = #serde::Serializer::serialize_struct(serializer, #name, #count)?;
        #(#writes)*
        #serde::ser::SerializeStruct::end(object)
    }
}

fn read_record(model: &Model, fields: &[Field]) -> TokenStream {
    let (core, ident) = (&model.core, &model.ident);
    let serde = quote!(#core::schema::generated::serde);
    let what = format!("a JSON object with the fields of `{ident}`");
    let slot = |index: usize| format_ident!("field_{}", index);
    let slots = written(fields).map(|(index, field)| {
        let (slot, ty) = (slot(index), &field.ty);
        quote!(let mut #slot: ::core::option::Option<#ty> = ::core::option::Option::None;)
    });
    let names = written(fields).map(|(index, field)| {
        let (name, aliases) = (&field.name, &field.aliases);
        quote!(#name #(| #aliases)* => #index)
    });
    let reads = written(fields).map(|(index, field)| {
        let (Field { ty, name, .. }, slot, codec) = (field, slot(index), codec_of(index, field));
        quote! {
            #index => {
                if #slot.is_some() {
                    return ::core::result::Result::Err(#serde::de::Error::duplicate_field(#name));
                }
                let seed = #core::schema::codecs::Seed::<#codec, #ty>::new();
                #slot = ::core::option::Option::Some(#serde::de::MapAccess::next_value_seed(&mut object, seed)?);
            }
        }
    });
    let values = fields.iter().enumerate().map(|(index, field)| {
        let Field { ident, ty, name, .. } = field;
        let (slot, default, codec) = (slot(index), default_of(index), codec_of(index, field));
        match field.default {
            _ if field.skipped => quote!(#ident: #default()),
            Default::Missing => quote! {
                #ident: match #slot.or_else(<#codec as #core::schema::Codec<#ty>>::absent) {
                    ::core::option::Option::Some(value) => value,
                    ::core::option::Option::None => {
                        return ::core::result::Result::Err(#serde::de::Error::missing_field(#name));
                    }
                }
            },
            Default::OfType | Default::Value(_) => quote!(#ident: #slot.unwrap_or_else(#default)),
        }
    });
    quote! {
        struct __Fields;

        impl<'de> #serde::de::Visitor<'de> for __Fields {
            type Value = #ident;

            fn expecting(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                f.write_str(#what)
            }

            fn visit_map<__A: #serde::de::MapAccess<'de>>(
                self,
                mut object: __A,
            ) -> ::core::result::Result<#ident, __A::Error> {
                #(#slots)*
                let number = |name: &str| match name {
                    #(#names,)*
                    _ => usize::MAX,
                };
                while let ::core::option::Option::Some(number) = #serde::de::MapAccess::next_key_seed(
                    &mut object,
                    #core::schema::codecs::Text(number, "the name of a field"),
                )? {
                    match number {
                        #(#reads)*
                        _ => {
                            #serde::de::MapAccess::next_value::<#serde::de::IgnoredAny>(&mut object)?;
                        }
                    }
                }
                ::core::result::Result::Ok(#ident { #(#values),* })
            }
        }

        #serde::Deserializer::deserialize_map(deserializer, __Fields)
    }
}

fn write_enum(symbols: &[Symbol]) -> TokenStream {
    let arms = symbols.iter().map(|symbol| {
        let (ident, name) = (&symbol.ident, &symbol.name);
        quote!(Self::#ident => #name)
    });
    quote!(serializer.serialize_str(match value { #(#arms),* }))
}

fn read_enum(model: &Model, symbols: &[Symbol], default: Option<usize>) -> TokenStream {
    let core = &model.core;
    let what = format!("the name of a `{}`", model.ident);
    let names: Vec<&String> = symbols.iter().map(|symbol| &symbol.name).collect();
    let idents = symbols.iter().map(|symbol| &symbol.ident);
    let other = match default.and_then(|index| symbols.get(index)) {
        Some(symbol) => {
            let ident = &symbol.ident;
            quote!(::core::result::Result::Ok(Self::#ident))
        }
        None => quote! {
            ::core::result::Result::Err(
                #core::schema::generated::serde::de::Error::unknown_variant(other, &[#(#names),*]),
            )
        },
    };
    quote! {
        #core::schema::generated::serde::de::DeserializeSeed::deserialize(
            #core::schema::codecs::Text(
                |name: &str| match name {
                    #(#names => ::core::result::Result::Ok(Self::#idents),)*
                    other => #other,
                },
                #what,
            ),
            deserializer,
        )?
    }
}
