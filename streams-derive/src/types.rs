//! What can be told of a field's type from how it is written. Aliases are not seen through; what they stand for is
//! checked by the compiler.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::{Expr, ExprLit, GenericArgument, Lit, PathArguments, Type};

/// A type that holds another one, or not.
pub(crate) enum Shape<'a> {
    Option(&'a Type),
    List(&'a Type),
    Map(&'a Type),
    Boxed(&'a Type),
    Leaf(&'a Type),
}

/// The outermost layer of a type.
pub(crate) fn shape(ty: &Type) -> Shape<'_> {
    let ty = plain(ty);
    let Some((name, arguments)) = last_segment(ty) else { return Shape::Leaf(ty) };
    match (name.as_str(), arguments.as_slice()) {
        ("Option", [inner]) => Shape::Option(inner),
        ("Vec", [inner]) if name_of(inner) != "u8" => Shape::List(inner),
        ("Box", [inner]) => Shape::Boxed(inner),
        ("HashMap" | "BTreeMap", [_, value, ..]) => Shape::Map(value),
        _ => Shape::Leaf(ty),
    }
}

/// The type inside of all options, lists, maps and boxes.
pub(crate) fn leaf(ty: &Type) -> &Type {
    match shape(ty) {
        Shape::Option(inner) | Shape::List(inner) | Shape::Map(inner) | Shape::Boxed(inner) => leaf(inner),
        Shape::Leaf(ty) => ty,
    }
}

/// The codec of a type whose leaf has this codec.
pub(crate) fn codec(ty: &Type, codecs: &TokenStream, of_leaf: &TokenStream) -> TokenStream {
    let inner = |inner| codec(inner, codecs, of_leaf);
    match shape(ty) {
        Shape::Leaf(_) => of_leaf.clone(),
        Shape::Option(ty) => {
            let inner = inner(ty);
            quote!(#codecs::Nullable<#inner>)
        }
        Shape::List(ty) => {
            let inner = inner(ty);
            quote!(#codecs::List<#inner>)
        }
        Shape::Map(ty) => {
            let inner = inner(ty);
            quote!(#codecs::Dictionary<#inner>)
        }
        Shape::Boxed(ty) => {
            let inner = inner(ty);
            quote!(#codecs::Boxed<#inner>)
        }
    }
}

/// The name of a type without arguments and path: `i64`; empty if it is no path.
pub(crate) fn name_of(ty: &Type) -> String {
    last_segment(plain(ty)).map(|(name, _)| name).unwrap_or_default()
}

/// Whether a type is this array: `[u8; N]`.
pub(crate) fn is_byte_array(ty: &Type) -> bool {
    matches!(plain(ty), Type::Array(array) if name_of(&array.elem) == "u8")
}

/// Why this type cannot be in a record, if that is plain to see, and the part it is about.
pub(crate) fn refused(ty: &Type) -> Option<(&Type, String)> {
    let ty = plain(ty);
    match shape(ty) {
        Shape::Option(inner) if matches!(shape(inner), Shape::Option(_)) => {
            return Some((ty, "an `Option` in an `Option` has no Avro type: unions do not nest".to_owned()));
        }
        Shape::Map(value) => {
            let key = last_segment(ty).and_then(|(_, arguments)| arguments.first().map(|ty| (*ty).clone()));
            if key.is_some_and(|key| name_of(&key) != "String") {
                return Some((ty, "the keys of a map are `String`s in Avro".to_owned()));
            }
            return refused(value);
        }
        Shape::Option(inner) | Shape::List(inner) | Shape::Boxed(inner) => return refused(inner),
        Shape::Leaf(_) => {}
    }
    let because = match ty {
        Type::Reference(_) => "a record owns what is in it: take `String` or `Vec<u8>`",
        Type::Tuple(_) => "a tuple has no names: make it a struct with `#[derive(Record)]`",
        Type::Array(_) if is_byte_array(ty) => return None,
        Type::Array(_) => "an array of a fixed length is `[u8; N]`: take `Vec<T>`",
        Type::Slice(_) | Type::FnPtr(_) | Type::Never(_) | Type::Ptr(_) | Type::TraitObject(_) => {
            "it has no Avro type"
        }
        Type::Path(_) => match name_of(ty).as_str() {
            "u64" | "usize" => "Avro has no unsigned 64-bit numbers: take `i64`, or `u32`",
            "isize" => "its size depends on the machine: take `i64`",
            "i128" => "give it `logical = \"decimal\"`, `precision` and `scale`, or take `i64`",
            "u128" => "take `i128` with `logical = \"decimal\"`",
            "char" | "str" | "OsString" | "PathBuf" => "take `String`",
            "Duration" | "Instant" => "take `i64`, in a unit that its name says",
            "SystemTime" => "take `i64` with `logical = \"timestamp-millis\"`",
            "HashSet" | "BTreeSet" | "VecDeque" | "LinkedList" | "BinaryHeap" => "take `Vec<T>`",
            "Rc" | "Arc" | "Cell" | "RefCell" | "Mutex" | "RwLock" | "Cow" => {
                "a record owns its values: take the type itself"
            }
            _ => return None,
        },
        _ => return None,
    };
    Some((ty, format!("`{}`: {because}", show(ty))))
}

/// Why this type cannot be in a key, whose equal values have equal bytes, and the part it is about.
pub(crate) fn refused_in_key(ty: &Type) -> Option<(&Type, String)> {
    let because = match (shape(ty), name_of(ty).as_str()) {
        (_, "HashMap") => "it writes its entries in any order: take a `BTreeMap`",
        (Shape::Option(inner) | Shape::List(inner) | Shape::Map(inner) | Shape::Boxed(inner), _) => {
            return refused_in_key(inner);
        }
        (Shape::Leaf(_), "f32" | "f64") => {
            "0.0 and -0.0 are equal and written differently: take a whole number or a decimal"
        }
        (Shape::Leaf(_), _) => return None,
    };
    Some((ty, format!("`{}` cannot be in a key: {because}", show(ty))))
}

/// A type as people write it.
fn show(ty: &Type) -> String {
    let spaced = ty.to_token_stream().to_string();
    let tight = [("& ", "&"), (" <", "<"), ("< ", "<"), (" >", ">"), (" ,", ","), (" ;", ";"), (" (", "(")];
    tight.iter().fold(spaced, |text, (from, to)| text.replace(from, to))
}

/// A default as an expression of the field's type: text and bytes become owned, and a value for an option is
/// wrapped.
pub(crate) fn owned_default(ty: &Type, value: &Expr) -> TokenStream {
    let literal = matches!(value, Expr::Lit(ExprLit { lit: Lit::Str(_) | Lit::ByteStr(_), .. }))
        && matches!(name_of(leaf(ty)).as_str(), "String" | "Vec");
    let owned = if literal { quote!(::core::convert::From::from(#value)) } else { value.to_token_stream() };
    match shape(ty) {
        Shape::Option(inner) if !is_call_of_some(value) && !is_none(value) => quote! {
            let value: #inner = #owned;
            ::core::option::Option::Some(value)
        },
        _ => owned,
    }
}

/// Whether the expression is `None`.
pub(crate) fn is_none(value: &Expr) -> bool {
    matches!(value, Expr::Path(path) if path.path.segments.last().is_some_and(|last| last.ident == "None"))
}

fn is_call_of_some(value: &Expr) -> bool {
    let Expr::Call(call) = value else { return false };
    matches!(&*call.func, Expr::Path(path) if path.path.segments.last().is_some_and(|last| last.ident == "Some"))
}

fn plain(ty: &Type) -> &Type {
    match ty {
        Type::Group(group) => plain(&group.elem),
        Type::Paren(paren) => plain(&paren.elem),
        ty => ty,
    }
}

fn last_segment(ty: &Type) -> Option<(String, Vec<&Type>)> {
    let Type::Path(path) = ty else { return None };
    if path.qself.is_some() {
        return None;
    }
    let segment = path.path.segments.last()?;
    let arguments = match &segment.arguments {
        PathArguments::AngleBracketed(arguments) => arguments
            .args
            .iter()
            .filter_map(|argument| match argument {
                GenericArgument::Type(ty) => Some(ty),
                _ => None,
            })
            .collect(),
        _ => Vec::new(),
    };
    Some((segment.ident.to_string(), arguments))
}
