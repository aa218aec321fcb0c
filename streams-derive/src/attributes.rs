//! `#[record(..)]` and doc comments as they are written: names and values, not yet checked against each other.

use proc_macro2::Span;
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::spanned::Spanned;
use syn::{Attribute, Expr, ExprLit, Ident, Lit, LitInt, LitStr, Meta, Token};

use crate::errors::Errors;
use crate::names::nearest;

/// On what an attribute stands, and which names it may have there.
#[derive(Clone, Copy)]
pub(crate) struct Place {
    pub(crate) what: &'static str,
    pub(crate) known: &'static [&'static str],
}

pub(crate) const STRUCT: Place = Place {
    what: "a struct",
    known: &["name", "namespace", "doc", "aliases", "format", "rename_all", "key_type", "crate"],
};
pub(crate) const ENUM: Place = Place { what: "an enum", known: STRUCT.known };
pub(crate) const FIELD: Place = Place {
    what: "a field",
    known: &[
        "name",
        "doc",
        "aliases",
        "default",
        "key",
        "timestamp",
        "logical",
        "precision",
        "scale",
        "fixed",
        "skip",
    ],
};
pub(crate) const VARIANT: Place = Place { what: "a variant", known: &["name", "default"] };

/// The attributes of one item, by name.
pub(crate) struct Attributes {
    items: Vec<Item>,
    doc: String,
}

struct Item {
    name: Ident,
    value: Option<Expr>,
}

impl Parse for Item {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let name = input.call(Ident::parse_any)?;
        if input.peek(syn::token::Paren) {
            return Err(input.error(format!("write `{name} = ..`")));
        }
        let value = if input.parse::<Option<Token![=]>>()?.is_some() { Some(input.parse()?) } else { None };
        Ok(Item { name, value })
    }
}

impl Attributes {
    /// The attributes of an item at this place; unknown names and repetitions are noted.
    pub(crate) fn of(attributes: &[Attribute], place: Place, errors: &mut Errors) -> Self {
        let mut items: Vec<Item> = Vec::new();
        let mut doc = Vec::new();
        for attribute in attributes {
            if attribute.path().is_ident("doc") {
                doc.extend(doc_line(attribute));
            }
            if !attribute.path().is_ident("record") {
                continue;
            }
            let parsed = attribute.parse_args_with(Punctuated::<Item, Token![,]>::parse_terminated);
            match parsed {
                Err(error) => errors.add(error),
                Ok(parsed) => {
                    for item in parsed {
                        if check(&item, &items, place, errors) {
                            items.push(item);
                        }
                    }
                }
            }
        }
        let doc = doc.join("\n").trim().to_owned();
        Attributes { items, doc }
    }

    /// Where this attribute stands, if it is there.
    pub(crate) fn span(&self, name: &str) -> Option<Span> {
        self.find(name).map(|item| item.name.span())
    }

    /// Takes no value: whether it is there.
    pub(crate) fn flag(&self, name: &str, errors: &mut Errors) -> Option<Span> {
        let item = self.find(name)?;
        if let Some(value) = &item.value {
            errors.at(value.span(), format_args!("`{name}` takes no value"));
        }
        Some(item.name.span())
    }

    /// `name = "text"`.
    pub(crate) fn text(&self, name: &str, errors: &mut Errors) -> Option<LitStr> {
        let item = self.find(name)?;
        match &item.value {
            Some(value) => text_of(value, name, errors),
            None => {
                errors.at(item.name.span(), format_args!("write `{name} = \"..\"`"));
                None
            }
        }
    }

    /// `name` or `name = "text"`.
    pub(crate) fn optional_text(&self, name: &str, errors: &mut Errors) -> Option<(Span, Option<LitStr>)> {
        let item = self.find(name)?;
        let text = item.value.as_ref().and_then(|value| text_of(value, name, errors));
        Some((item.name.span(), text))
    }

    /// `name = ["one", "two"]`.
    pub(crate) fn texts(&self, name: &str, errors: &mut Errors) -> Vec<LitStr> {
        let Some(item) = self.find(name) else { return Vec::new() };
        match &item.value {
            Some(Expr::Array(list)) => list.elems.iter().filter_map(|e| text_of(e, name, errors)).collect(),
            Some(value @ Expr::Lit(ExprLit { lit: Lit::Str(_), .. })) => {
                text_of(value, name, errors).into_iter().collect()
            }
            _ => {
                errors.at(item.name.span(), format_args!("write `{name} = [\"..\"]`"));
                Vec::new()
            }
        }
    }

    /// `name = 3`.
    pub(crate) fn number(&self, name: &str, errors: &mut Errors) -> Option<(u32, Span)> {
        let item = self.find(name)?;
        let literal: Option<&LitInt> = match &item.value {
            Some(Expr::Lit(ExprLit { lit: Lit::Int(number), .. })) => Some(number),
            _ => None,
        };
        let number = literal.and_then(|literal| literal.base10_parse().ok());
        if number.is_none() {
            errors.at(item.name.span(), format_args!("write `{name} = 2` (a whole number)"));
        }
        number.map(|number| (number, item.name.span()))
    }

    /// `name` (then `None`) or `name = expression`.
    pub(crate) fn expression(&self, name: &str) -> Option<Option<Expr>> {
        self.find(name).map(|item| item.value.clone())
    }

    /// `doc = ".."`, or else the doc comment.
    pub(crate) fn doc(&self, errors: &mut Errors) -> String {
        self.text("doc", errors).map_or_else(|| self.doc.clone(), |text| text.value())
    }

    fn find(&self, name: &str) -> Option<&Item> {
        self.items.iter().find(|item| item.name == name)
    }
}

fn check(item: &Item, known: &[Item], place: Place, errors: &mut Errors) -> bool {
    let name = item.name.to_string();
    if !place.known.contains(&name.as_str()) {
        let hint = match nearest(&name, place.known) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("known are: {}", place.known.join(", ")),
        };
        errors.at(item.name.span(), format_args!("`{name}` is no attribute of {}; {hint}", place.what));
        return false;
    }
    if known.iter().any(|other| other.name == item.name) {
        errors.at(item.name.span(), format_args!("`{name}` is given twice"));
        return false;
    }
    true
}

fn text_of(value: &Expr, name: &str, errors: &mut Errors) -> Option<LitStr> {
    if let Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) = value {
        return Some(text.clone());
    }
    errors.at(value.span(), format_args!("`{name}` takes a text in quotes"));
    None
}

fn doc_line(attribute: &Attribute) -> Option<String> {
    let Meta::NameValue(meta) = &attribute.meta else { return None };
    let Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) = &meta.value else { return None };
    Some(text.value().trim().to_owned())
}
