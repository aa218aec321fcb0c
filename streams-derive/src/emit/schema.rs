//! The schema of a record or enum, and its values as defaults in schemas.

use proc_macro2::TokenStream;
use quote::quote;

use crate::emit::{codec_of, default_of, written};
use crate::field::Default;
use crate::model::{Body, Field, Model};

pub(super) fn method(model: &Model) -> TokenStream {
    let Model { core, ident, name, namespace, doc, aliases, .. } = model;
    let namespace = match namespace {
        Some(namespace) => quote!(::core::option::Option::Some(#namespace)),
        None => quote!(::core::option::Option::None),
    };
    let type_name = quote! {
        #core::schema::TypeName {
            name: #name,
            namespace: #namespace,
            doc: #doc,
            aliases: &[#(#aliases),*],
            identity: ::core::concat!(::core::module_path!(), "::", ::core::stringify!(#ident)),
        }
    };
    let node = match &model.body {
        Body::Record { fields, .. } => {
            let fields = written(fields).map(|(index, field)| field_node(core, index, field));
            quote!(names.record(#type_name, |names| ::std::vec![#(#fields),*]))
        }
        Body::Enum { symbols, default } => {
            let default = match default.and_then(|index| symbols.get(index)) {
                Some(symbol) => {
                    let name = &symbol.name;
                    quote!(::core::option::Option::Some(#name))
                }
                None => quote!(::core::option::Option::None),
            };
            let symbols = symbols.iter().map(|symbol| &symbol.name);
            quote!(names.enumeration(#type_name, &[#(#symbols),*], #default))
        }
    };
    quote! {
        fn schema(names: &mut #core::schema::Names) -> #core::schema::Node {
            #node
        }
    }
}

fn field_node(core: &TokenStream, index: usize, field: &Field) -> TokenStream {
    let Field { ty, name, doc, aliases, .. } = field;
    let codec = codec_of(index, field);
    let codec = quote!(<#codec as #core::schema::Codec<#ty>>);
    let default = match field.default {
        Default::Missing => quote!(#codec::absent().map(|value| #codec::default_json(&value))),
        Default::OfType | Default::Value(_) => {
            let function = default_of(index);
            quote!(::core::option::Option::Some(#codec::default_json(&#function())))
        }
    };
    quote! {
        #core::schema::FieldNode {
            name: #name,
            doc: #doc,
            aliases: &[#(#aliases),*],
            node: #codec::schema(names),
            default: #default,
        }
    }
}

pub(super) fn default_json(model: &Model) -> TokenStream {
    let core = &model.core;
    let value = quote!(#core::schema::generated::Value);
    let body = match &model.body {
        Body::Record { fields, .. } => {
            let entries = written(fields).map(|(index, field)| {
                let (Field { ident, ty, name, .. }, codec) = (field, codec_of(index, field));
                quote! {
                    (
                        ::std::string::String::from(#name),
                        <#codec as #core::schema::Codec<#ty>>::default_json(&value.#ident),
                    )
                }
            });
            quote!(#value::Object(::core::iter::FromIterator::from_iter([#(#entries),*])))
        }
        Body::Enum { symbols, .. } => {
            let arms = symbols.iter().map(|symbol| {
                let (ident, name) = (&symbol.ident, &symbol.name);
                quote!(Self::#ident => #name)
            });
            quote!(#value::from(match value { #(#arms),* }))
        }
    };
    quote! {
        fn default_json(value: &Self) -> #value {
            #body
        }
    }
}
