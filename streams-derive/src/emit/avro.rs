//! Avro straight from and to bytes.

use proc_macro2::TokenStream;
use quote::quote;

use crate::emit::{codec_of, default_of, written};
use crate::model::{Body, Field, Model, Symbol};

pub(super) fn methods(model: &Model) -> TokenStream {
    let core = &model.core;
    let (encode, decode) = match &model.body {
        Body::Record { fields, .. } => (encode_record(core, fields), decode_record(core, fields)),
        Body::Enum { symbols, .. } => (encode_enum(symbols), decode_enum(model, symbols)),
    };
    quote! {
        fn encode(value: &Self, out: &mut #core::schema::Writer<'_>) -> #core::schema::generated::Outcome<()> {
            #encode
        }

        fn decode(input: &mut #core::schema::Reader<'_>) -> #core::schema::generated::Outcome<Self> {
            #decode
        }
    }
}

fn encode_record(core: &TokenStream, fields: &[Field]) -> TokenStream {
    let writes = written(fields).map(|(index, field)| {
        let (Field { ident, ty, name, .. }, codec) = (field, codec_of(index, field));
        quote! {
            <#codec as #core::schema::Codec<#ty>>::encode(&value.#ident, out)
                .map_err(|error| #core::schema::generated::in_field(error, #name))?;
        }
    });
    quote! {
        out.deeper(|out| {
            #(#writes)*
            ::core::result::Result::Ok(())
        })
    }
}

fn decode_record(core: &TokenStream, fields: &[Field]) -> TokenStream {
    let reads = fields.iter().enumerate().map(|(index, field)| {
        let Field { ident, ty, name, .. } = field;
        if field.skipped {
            let default = default_of(index);
            return quote!(#ident: #default());
        }
        let codec = codec_of(index, field);
        quote! {
            #ident: <#codec as #core::schema::Codec<#ty>>::decode(input)
                .map_err(|error| #core::schema::generated::in_field(error, #name))?
        }
    });
    quote! {
        input.deeper(|input| ::core::result::Result::Ok(Self { #(#reads),* }))
    }
}

fn encode_enum(symbols: &[Symbol]) -> TokenStream {
    let arms = symbols.iter().enumerate().map(|(index, symbol)| {
        let (ident, number) = (&symbol.ident, index as i64);
        quote!(Self::#ident => #number)
    });
    quote! {
        out.long(match value { #(#arms),* });
        ::core::result::Result::Ok(())
    }
}

fn decode_enum(model: &Model, symbols: &[Symbol]) -> TokenStream {
    let (core, count) = (&model.core, symbols.len());
    let name = &model.name;
    let arms = symbols.iter().enumerate().map(|(index, symbol)| {
        let (ident, number) = (&symbol.ident, index as i64);
        quote!(#number => ::core::result::Result::Ok(Self::#ident))
    });
    quote! {
        match input.long()? {
            #(#arms,)*
            other => ::core::result::Result::Err(#core::schema::generated::no_symbol(other, #name, #count)),
        }
    }
}
