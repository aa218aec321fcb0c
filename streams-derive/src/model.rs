//! A record as the derive understands it: checked, with every mistake noted.

use proc_macro2::{Span, TokenStream};
use syn::spanned::Spanned;
use syn::{Data, DeriveInput, Fields, Ident, Type};

use crate::attributes::{Attributes, ENUM, FIELD, STRUCT, VARIANT};
use crate::errors::Errors;
use crate::field::{self, Default};
use crate::names::{Spelling, is_dotted_name, is_name, nearest};
use crate::types::refused_in_key;

/// A struct or an enum.
pub(crate) struct Model {
    pub(crate) ident: Ident,
    /// Path to streams-core.
    pub(crate) core: TokenStream,
    pub(crate) name: String,
    pub(crate) namespace: Option<String>,
    pub(crate) doc: String,
    pub(crate) aliases: Vec<String>,
    pub(crate) format: Format,
    pub(crate) is_key_type: bool,
    pub(crate) body: Body,
}

/// What its default serde writes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    Json,
    Avro,
}

pub(crate) enum Body {
    Record { fields: Vec<Field>, key: Option<usize>, timestamp: Option<(usize, Unit)> },
    Enum { symbols: Vec<Symbol>, default: Option<usize> },
}

pub(crate) struct Field {
    pub(crate) ident: Ident,
    pub(crate) ty: Type,
    pub(crate) name: String,
    pub(crate) doc: String,
    pub(crate) aliases: Vec<String>,
    pub(crate) default: Default,
    pub(crate) codec: TokenStream,
    /// The name of a `fixed`.
    pub(crate) fixed: Option<String>,
    /// Not in the bytes.
    pub(crate) skipped: bool,
}

pub(crate) struct Symbol {
    pub(crate) ident: Ident,
    pub(crate) name: String,
}

/// What a field's number counts since the epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unit {
    Seconds,
    Millis,
    Micros,
}

impl Model {
    /// Reads the item; errs with every mistake in it.
    pub(crate) fn of(input: &DeriveInput) -> syn::Result<Model> {
        let mut errors = Errors::default();
        let place = if matches!(input.data, Data::Enum(_)) { ENUM } else { STRUCT };
        let attributes = Attributes::of(&input.attrs, place, &mut errors);
        if let Some(parameter) = input.generics.params.first() {
            errors.on(
                parameter,
                "a record cannot have parameters: its schema has one name and one shape; write a struct for each type",
            );
        }
        let core = core_path(&attributes, &mut errors);
        let spelling = spelling(&attributes, &mut errors);
        let format = format(&attributes, &mut errors);
        let given = attributes.text("name", &mut errors);
        let name = given.as_ref().map_or_else(|| input.ident.unraw_text(), syn::LitStr::value);
        if !is_name(&name) {
            errors.at(given.as_ref().map_or(input.ident.span(), syn::LitStr::span), bad_name(&name));
        }
        let namespace = attributes.text("namespace", &mut errors);
        if let Some(namespace) =
            namespace.as_ref().filter(|n| !n.value().is_empty() && !is_dotted_name(&n.value()))
        {
            errors.at(
                namespace.span(),
                format_args!("`{}` is no namespace: names with dots between them", namespace.value()),
            );
        }
        let aliases = aliases(&attributes, true, &mut errors);
        let body = match &input.data {
            Data::Struct(data) => record(&data.fields, input.ident.span(), spelling, &core, &mut errors),
            Data::Enum(data) => enumeration(data, input.ident.span(), spelling, &mut errors),
            Data::Union(_) => {
                errors.at(input.ident.span(), "a union cannot be a record: take a struct with named fields");
                Body::Enum { symbols: Vec::new(), default: None }
            }
        };
        let is_key_type = attributes.flag("key_type", &mut errors).is_some();
        if let (true, Body::Record { fields, .. }) = (is_key_type, &body) {
            for (part, why) in fields.iter().filter(|f| !f.skipped).filter_map(|f| refused_in_key(&f.ty)) {
                errors.on(part, why);
            }
        }
        let model = Model {
            name,
            namespace: namespace.map(|namespace| namespace.value()),
            doc: attributes.doc(&mut errors),
            is_key_type,
            ident: input.ident.clone(),
            core,
            aliases,
            format,
            body,
        };
        errors.finish().map(|()| model)
    }
}

/// The text of an identifier without `r#`.
pub(crate) trait Unraw {
    fn unraw_text(&self) -> String;
}

impl Unraw for Ident {
    fn unraw_text(&self) -> String {
        syn::ext::IdentExt::unraw(self).to_string()
    }
}

pub(crate) fn bad_name(name: &str) -> String {
    format!("`{name}` is no name in Avro: letters, digits and `_`, not beginning with a digit")
}

/// Former names; those of types may have a namespace.
pub(crate) fn aliases(attributes: &Attributes, dotted: bool, errors: &mut Errors) -> Vec<String> {
    let texts = attributes.texts("aliases", errors);
    for text in &texts {
        let name = text.value();
        let valid = if dotted { is_dotted_name(&name) } else { is_name(&name) };
        if !valid {
            errors.at(text.span(), bad_name(&name));
        }
    }
    texts.iter().map(syn::LitStr::value).collect()
}

fn core_path(attributes: &Attributes, errors: &mut Errors) -> TokenStream {
    let path = attributes.text("crate", errors).and_then(|text| match text.parse::<syn::Path>() {
        Ok(path) => Some(quote::quote!(#path)),
        Err(_) => {
            errors.at(
                text.span(),
                "`crate` takes the path of streams-core, such as \"my_crate::streams_core\"",
            );
            None
        }
    });
    path.unwrap_or_else(|| quote::quote!(::streams_core))
}

fn spelling(attributes: &Attributes, errors: &mut Errors) -> Option<Spelling> {
    let text = attributes.text("rename_all", errors)?;
    let found = Spelling::of(&text.value());
    if found.is_none() {
        let known = Spelling::KNOWN.join("`, `");
        errors.at(text.span(), format_args!("`{}` is no spelling; known are `{known}`", text.value()));
    }
    found
}

fn format(attributes: &Attributes, errors: &mut Errors) -> Format {
    let Some(text) = attributes.text("format", errors) else { return Format::Json };
    match text.value().as_str() {
        "json" => Format::Json,
        "avro" => Format::Avro,
        other => {
            let hint = match nearest(other, &["json", "avro"]) {
                Some(near) => format!("did you mean \"{near}\"?"),
                None => "known are \"json\" and \"avro\"".to_owned(),
            };
            errors.at(text.span(), format_args!("`{other}` is no format; {hint}"));
            Format::Json
        }
    }
}

fn record(
    fields: &Fields,
    span: Span,
    spelling: Option<Spelling>,
    core: &TokenStream,
    errors: &mut Errors,
) -> Body {
    let named = match fields {
        Fields::Named(named) => &named.named,
        Fields::Unnamed(_) => {
            errors.at(span, "a tuple struct cannot be a record: its fields have no names; name them");
            return Body::Record { fields: Vec::new(), key: None, timestamp: None };
        }
        Fields::Unit => {
            errors.at(span, "a struct without fields cannot be a record");
            return Body::Record { fields: Vec::new(), key: None, timestamp: None };
        }
    };
    let (mut found, mut key, mut timestamp): (Vec<Field>, Option<usize>, Option<(usize, Unit)>) =
        (Vec::new(), None, None);
    for (index, field) in named.iter().enumerate() {
        let attributes = Attributes::of(&field.attrs, FIELD, errors);
        if let Some(span) = attributes.flag("key", errors) {
            match key.and_then(|first: usize| named.get(first)).and_then(|first| first.ident.as_ref()) {
                Some(first) => errors.at(
                    span,
                    format_args!(
                        "`{first}` is the key already: for a key of several fields, put them into a struct with `#[derive(Record)]` and mark the field of that type"
                    ),
                ),
                None => key = Some(index),
            }
        }
        if let Some((span, unit)) = field::timestamp(field, &attributes, errors) {
            match timestamp.and_then(|(first, _)| named.get(first)).and_then(|first| first.ident.as_ref()) {
                Some(first) => errors.at(span, format_args!("`{first}` is the timestamp already")),
                None => timestamp = Some((index, unit)),
            }
        }
        found.extend(field::read(field, &attributes, spelling, core, errors));
    }
    if found.iter().all(|field| field.skipped) && found.len() == named.len() {
        errors.at(span, "a struct without fields cannot be a record");
    }
    let names = found.iter().zip(named).filter(|(field, _)| !field.skipped);
    field::check_unique(names.map(|(field, source)| (field, source.ident.span())), errors);
    Body::Record { fields: found, key, timestamp }
}

fn enumeration(data: &syn::DataEnum, span: Span, spelling: Option<Spelling>, errors: &mut Errors) -> Body {
    if data.variants.is_empty() {
        errors.at(span, "an enum without variants has no values");
    }
    let (mut symbols, mut default): (Vec<Symbol>, Option<usize>) = (Vec::new(), None);
    for (index, variant) in data.variants.iter().enumerate() {
        let attributes = Attributes::of(&variant.attrs, VARIANT, errors);
        if !matches!(variant.fields, Fields::Unit) {
            errors.on(
                &variant.fields,
                format_args!(
                    "`{}` has fields: a record's enum is a list of names; take a struct with an `Option` for each case",
                    variant.ident
                ),
            );
        }
        if let Some(span) = attributes.flag("default", errors) {
            match default.and_then(|first: usize| data.variants.get(first)) {
                Some(first) => errors.at(span, format_args!("`{}` is the default already", first.ident)),
                None => default = Some(index),
            }
        }
        let given = attributes.text("name", errors);
        let plain = variant.ident.unraw_text();
        let name = given.as_ref().map_or_else(
            || spelling.map_or_else(|| plain.clone(), |spelling| spelling.of_variant(&plain)),
            syn::LitStr::value,
        );
        let span = given.as_ref().map_or(variant.ident.span(), syn::LitStr::span);
        if !is_name(&name) {
            errors.at(span, bad_name(&name));
        }
        if let Some(other) = symbols.iter().find(|other| other.name == name) {
            errors.at(span, format_args!("`{}` has the name `{name}` already", other.ident));
        }
        symbols.push(Symbol { ident: variant.ident.clone(), name });
    }
    Body::Enum { symbols, default }
}
