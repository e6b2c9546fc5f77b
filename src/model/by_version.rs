//! What an origin says of its versions: one text for all of them, or one for each.

use std::collections::BTreeMap;
use std::fmt;

use schemars::JsonSchema;
use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, Error, MapAccess, Visitor};

use super::{Template, Version};

/// A template for every version, or one for each of some versions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ByVersion {
    Every(Template),
    Each(BTreeMap<Version, Template>),
}

impl ByVersion {
    /// The text for `version`; none where it has none for it.
    #[must_use]
    pub fn at(&self, version: &Version) -> Option<String> {
        match self {
            Self::Every(template) => Some(template.at(version)),
            Self::Each(templates) => Some(templates.get(version)?.at(version)),
        }
    }

    /// The versions that it names, one by one.
    pub fn versions(&self) -> impl Iterator<Item = &Version> {
        let each = match self {
            Self::Every(_) => None,
            Self::Each(templates) => Some(templates.keys()),
        };
        each.into_iter().flatten()
    }
}

impl<'de> Deserialize<'de> for ByVersion {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ByVersionVisitor;
        impl<'de> Visitor<'de> for ByVersionVisitor {
            type Value = ByVersion;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text, or a table with a text for each version")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<ByVersion, E> {
                text.parse().map(ByVersion::Every).map_err(E::custom)
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<ByVersion, A::Error> {
                BTreeMap::deserialize(MapAccessDeserializer::new(map)).map(ByVersion::Each)
            }
        }
        deserializer.deserialize_any(ByVersionVisitor)
    }
}

impl JsonSchema for ByVersion {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "ByVersion".into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let every = generator.subschema_for::<Template>();
        let each = generator.subschema_for::<BTreeMap<Version, Template>>();
        schemars::json_schema!({
            "anyOf": [every, each],
            "description": "a text for every version, or one for each version"
        })
    }
}
