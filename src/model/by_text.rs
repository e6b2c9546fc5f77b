//! What a type needs that is read and written as one text.

use std::fmt;
use std::marker::PhantomData;

use serde::de::Visitor;

use super::{Cause, with_causes};

/// Implements the conversions that `#[serde(try_from = "String", into = "String")]` asks for, by
/// the type's own parsing and printing.
macro_rules! by_text {
    ($type:ty) => {
        impl TryFrom<String> for $type {
            type Error = <$type as std::str::FromStr>::Err;

            fn try_from(text: String) -> Result<Self, Self::Error> {
                text.parse()
            }
        }

        impl From<$type> for String {
            fn from(value: $type) -> Self {
                value.to_string()
            }
        }
    };
}

/// Implements the reading of a type that is one text, by its `TryFrom<String>`. In place of
/// `#[serde(try_from = "String")]`, with which a reader learns too late that a text is wrong to say
/// where it is: an element of a list would be shown at the list's key.
macro_rules! reads_text {
    ($type:ident) => {
        impl<'de> serde::Deserialize<'de> for $type {
            fn deserialize<D: serde::Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
                reader.deserialize_str($crate::model::by_text::TextVisitor(
                    std::marker::PhantomData,
                ))
            }
        }
    };
}

/// Reads a text as a `T`.
pub(super) struct TextVisitor<T>(pub PhantomData<T>);

impl<T: TryFrom<String, Error: Into<Cause>>> Visitor<'_> for TextVisitor<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<T, E> {
        T::try_from(text.to_owned()).map_err(|error| E::custom(with_causes(&*error.into())))
    }
}

/// Implements the JSON schema of a type that is one text: the schema's other keys, in
/// `serde_json::json!`'s form.
macro_rules! text_schema {
    ($type:ident, { $($schema:tt)* }) => {
        impl schemars::JsonSchema for $type {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($type).into()
            }

            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!({ "type": "string", $($schema)* })
            }
        }
    };
}
