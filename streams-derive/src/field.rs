//! One field: its name, its codec, its default, and whether it is the time.

use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Expr, LitStr, Type};

use crate::attributes::Attributes;
use crate::errors::Errors;
use crate::model::{Field, Unit, Unraw, aliases, bad_name};
use crate::names::{Spelling, is_name, nearest};
use crate::types::{self, Shape};

/// What a field is where it is missing.
pub(crate) enum Default {
    /// Nothing was said: an error, but for options.
    Missing,
    /// `Default::default()`.
    OfType,
    /// An expression of the field's type.
    Value(TokenStream),
}

const LOGICAL: &[(&str, &str)] = &[
    ("timestamp-millis", "i64"),
    ("timestamp-micros", "i64"),
    ("date", "i32"),
    ("time-millis", "i32"),
    ("time-micros", "i64"),
    ("decimal", "i128"),
    ("uuid", "String"),
];

const SUPPORTED: &str = "\na record holds bool, i8 to i64, u8 to u32, f32, f64, String, Vec<u8>, [u8; N], Option<T>, Vec<T>, Box<T>, HashMap<String, T>, BTreeMap<String, T>, and types with #[derive(Record)]";

/// Reads a field; `None` if it has no name to go by.
pub(crate) fn read(
    field: &syn::Field,
    attributes: &Attributes,
    spelling: Option<Spelling>,
    core: &TokenStream,
    errors: &mut Errors,
) -> Option<Field> {
    let ident = field.ident.clone()?;
    let plain = ident.unraw_text();
    let given = attributes.text("name", errors);
    let name = given.as_ref().map_or_else(
        || spelling.map_or_else(|| plain.clone(), |spelling| spelling.of_field(&plain)),
        LitStr::value,
    );
    if !is_name(&name) {
        errors.at(given.as_ref().map_or(ident.span(), LitStr::span), bad_name(&name));
    }
    let skipped = skip(attributes, errors);
    let default = default(&field.ty, attributes);
    let codec = codec(field, attributes, &default, core, skipped, errors);
    Some(Field {
        name,
        doc: attributes.doc(errors),
        fixed: attributes.text("fixed", &mut Errors::default()).map(|text| text.value()),
        aliases: aliases(attributes, false, errors),
        default: default.unwrap_or(Default::Missing),
        codec,
        skipped,
        ty: field.ty.clone(),
        ident,
    })
}

/// The unit of the event time, and where that was asked for, if this field is to be it.
pub(crate) fn timestamp(
    field: &syn::Field,
    attributes: &Attributes,
    errors: &mut Errors,
) -> Option<(Span, Unit)> {
    let (span, text) = attributes.optional_text("timestamp", errors)?;
    let inner = match types::shape(&field.ty) {
        Shape::Option(inner) => inner,
        _ => &field.ty,
    };
    if types::name_of(inner) != "i64" {
        errors.on(&field.ty, "the timestamp of a record is an `i64` or an `Option<i64>`");
    }
    let said = text.as_ref().and_then(|text| match text.value().as_str() {
        "seconds" => Some(Unit::Seconds),
        "millis" => Some(Unit::Millis),
        "micros" => Some(Unit::Micros),
        other => {
            errors.at(
                text.span(),
                format_args!("`{other}` is no unit of a timestamp: \"seconds\", \"millis\" or \"micros\""),
            );
            None
        }
    });
    // What is wrong with the text itself is noted where the codec is chosen.
    let logical = attributes.text("logical", &mut Errors::default()).map(|logical| logical.value());
    let implied = match logical.as_deref() {
        Some("timestamp-millis") => Some(Unit::Millis),
        Some("timestamp-micros") => Some(Unit::Micros),
        Some("time-micros") => {
            errors.at(span, "a time of day is no event time: it does not say the day");
            None
        }
        _ => None,
    };
    if let (Some(said), Some(implied), Some(text)) = (said, implied, &text)
        && said != implied
    {
        let logical = logical.unwrap_or_default();
        errors.at(text.span(), format_args!("the logical type `{logical}` is in another unit"));
    }
    Some((span, said.or(implied).unwrap_or(Unit::Millis)))
}

/// Notes fields of one name, and former names that others have.
pub(crate) fn check_unique<'a>(fields: impl Iterator<Item = (&'a Field, Span)>, errors: &mut Errors) {
    let mut taken: Vec<(&str, &Field)> = Vec::new();
    for (field, span) in fields {
        for name in std::iter::once(&field.name).chain(&field.aliases) {
            match taken.iter().find(|(other, _)| other == name) {
                Some((_, other)) => {
                    errors.at(span, format_args!("`{}` has the name `{name}` already", other.ident));
                }
                None => taken.push((name, field)),
            }
        }
    }
}

fn skip(attributes: &Attributes, errors: &mut Errors) -> bool {
    let Some(span) = attributes.flag("skip", errors) else { return false };
    for other in ["name", "doc", "aliases", "logical", "fixed", "key", "timestamp"] {
        if attributes.span(other).is_some() {
            errors.at(
                span,
                format_args!("a field that is skipped is not in the bytes: `{other}` says nothing"),
            );
        }
    }
    true
}

fn default(ty: &Type, attributes: &Attributes) -> Option<Default> {
    match attributes.expression("default")? {
        None => Some(Default::OfType),
        Some(value) if types::is_none(&value) => None,
        Some(value) => Some(Default::Value(spanned_default(ty, &value))),
    }
}

fn spanned_default(ty: &Type, value: &Expr) -> TokenStream {
    let tokens = types::owned_default(ty, value);
    quote_spanned!(value.span()=> #tokens)
}

fn codec(
    field: &syn::Field,
    attributes: &Attributes,
    default: &Option<Default>,
    core: &TokenStream,
    skipped: bool,
    errors: &mut Errors,
) -> TokenStream {
    let codecs = quote!(#core::schema::codecs);
    let leaf = types::leaf(&field.ty);
    let special =
        logical(leaf, attributes, &codecs, errors).or_else(|| fixed(leaf, attributes, &codecs, errors));
    if special.is_none()
        && !skipped
        && attributes.span("logical").is_none()
        && let Some((part, why)) = types::refused(&field.ty)
    {
        let name = field.ident.as_ref().map(Unraw::unraw_text).unwrap_or_default();
        let list = if errors.first_of("type") { SUPPORTED } else { "" };
        errors.on(part, format_args!("field `{name}` cannot be in a record: {why}{list}"));
        return quote!(());
    }
    let of = |ty: &Type| match &special {
        Some(of_leaf) => types::codec(ty, &codecs, of_leaf),
        None => quote_spanned!(ty.span()=> <#ty as #core::schema::Datum>::Codec),
    };
    match (types::shape(&field.ty), default) {
        (Shape::Option(inner), Some(Default::Value(_))) => {
            let inner = of(inner);
            quote!(#codecs::NullLast<#inner>)
        }
        _ => of(&field.ty),
    }
}

/// The codec that `logical` asks for.
fn logical(
    leaf: &Type,
    attributes: &Attributes,
    codecs: &TokenStream,
    errors: &mut Errors,
) -> Option<TokenStream> {
    let precision = attributes.number("precision", errors);
    let scale = attributes.number("scale", errors);
    let given = attributes.text("logical", errors);
    let name = given.as_ref().map(LitStr::value).unwrap_or_default();
    if name != "decimal" {
        for (_, span) in precision.iter().chain(&scale) {
            errors.at(*span, "only for `logical = \"decimal\"`");
        }
    }
    let given = given?;
    let Some((_, rust)) = LOGICAL.iter().find(|(known, _)| *known == name) else {
        let known: Vec<&str> = LOGICAL.iter().map(|(known, _)| *known).collect();
        let hint = match nearest(&name, &known) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("known are: {}", known.join(", ")),
        };
        errors.at(given.span(), format_args!("`{name}` is no logical type; {hint}"));
        return None;
    };
    if types::name_of(leaf) != *rust {
        errors.on(leaf, format_args!("the logical type `{name}` is for `{rust}`"));
        return None;
    }
    Some(match name.as_str() {
        "timestamp-millis" => quote!(#codecs::TimestampMillis),
        "timestamp-micros" => quote!(#codecs::TimestampMicros),
        "date" => quote!(#codecs::Date),
        "time-millis" => quote!(#codecs::TimeMillis),
        "time-micros" => quote!(#codecs::TimeMicros),
        "uuid" => quote!(#codecs::UuidText),
        _ => {
            let (precision, scale) = decimal(&given, precision, scale, errors)?;
            quote!(#codecs::Decimal<#precision, #scale>)
        }
    })
}

fn decimal(
    given: &LitStr,
    precision: Option<(u32, Span)>,
    scale: Option<(u32, Span)>,
    errors: &mut Errors,
) -> Option<(u32, u32)> {
    let Some((precision, span)) = precision else {
        errors.at(given.span(), "a decimal needs its number of digits: `precision = 10, scale = 2`");
        return None;
    };
    if !(1..=38).contains(&precision) {
        errors.at(span, "an `i128` holds 1 to 38 digits");
    }
    let (scale, scale_span) = scale.unwrap_or((0, span));
    if scale > precision {
        errors.at(scale_span, "more digits behind the point than there are digits");
    }
    Some((precision, scale))
}

/// The codec that `fixed` asks for: the name is a type, as the codec has no other way to know it.
fn fixed(
    leaf: &Type,
    attributes: &Attributes,
    codecs: &TokenStream,
    errors: &mut Errors,
) -> Option<TokenStream> {
    let name = attributes.text("fixed", errors)?;
    if !types::is_byte_array(leaf) {
        errors.on(leaf, "`fixed` names a `[u8; N]`");
        return None;
    }
    if !is_name(&name.value()) {
        errors.at(name.span(), bad_name(&name.value()));
        return None;
    }
    let marker = fixed_marker(&name.value());
    Some(quote!(#codecs::Fixed<#marker>))
}

/// The type that stands for the name of a `fixed`.
pub(crate) fn fixed_marker(name: &str) -> syn::Ident {
    quote::format_ident!("__Fixed{}", name)
}
