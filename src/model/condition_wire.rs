//! A condition as it is written, in a recipe or in its tests.

use std::collections::BTreeSet;
use std::fmt::{self, Display};
use std::marker::PhantomData;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::Deserialize;
use serde::de::{Deserializer, Error, SeqAccess, Visitor};

use super::condition::Condition;
use super::{BuildConfig, ConfigError, Feature, Target, Variant, Version};

/// The conditions; all of them must hold.
#[derive(Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Condition")]
pub struct ConditionWire {
    /// One of these is built for.
    pub target: Option<OneOrMore<Target>>,
    /// The variant has all of these features.
    #[schemars(with = "Option<OneOrMore<Feature>>")]
    pub variant: Option<OneOrMore<NamedFeature>>,
    /// One of these is built.
    pub version: Option<OneOrMore<Version>>,
}

/// The part of a condition that something is wrong with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    All,
    Target,
    Variant,
    Version,
}

impl ConditionWire {
    /// The condition, and all that is wrong with it.
    pub fn check(&self) -> (Condition, Vec<(Part, String)>) {
        let mut problems = Vec::new();
        let variant = names(self.variant.as_ref(), Part::Variant, &mut problems);
        let condition = Condition {
            targets: names(self.target.as_ref(), Part::Target, &mut problems),
            variant: variant.iter().map(|wanted| wanted.0).collect(),
            versions: names(self.version.as_ref(), Part::Version, &mut problems),
        };
        if self.target.is_none() && self.variant.is_none() && self.version.is_none() {
            let message = "it has no condition: name a `target`, a `variant` or a `version`";
            problems.push((Part::All, message.to_owned()));
        }
        if let Some(refused) = never(&condition.targets, condition.variant) {
            problems.push((Part::All, format!("it never holds: {refused}")));
        }
        (condition, problems)
    }
}

impl<'de> Deserialize<'de> for Condition {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (condition, problems) = ConditionWire::deserialize(deserializer)?.check();
        match problems.into_iter().next() {
            None => Ok(condition),
            Some((_, message)) => Err(D::Error::custom(message)),
        }
    }
}

/// The names that a part of a condition lists: some, and each once.
fn names<T: Clone + Ord>(
    key: Option<&OneOrMore<T>>,
    part: Part,
    problems: &mut Vec<(Part, String)>,
) -> Vec<T> {
    let Some(OneOrMore(names)) = key else {
        return Vec::new();
    };
    if names.is_empty() {
        problems.push((part, "a condition names nothing".to_owned()));
    }
    if names.iter().collect::<BTreeSet<_>>().len() < names.len() {
        problems.push((part, "a condition names something twice".to_owned()));
    }
    names.clone()
}

/// Why none of `targets` has `variant`; none where one has.
fn never(targets: &[Target], variant: Variant) -> Option<ConfigError> {
    let refused: Result<Vec<_>, _> = targets
        .iter()
        .map(|&target| match BuildConfig::new(target, variant) {
            Ok(_) => Err(()),
            Err(refused) => Ok(refused),
        })
        .collect();
    refused.ok()?.into_iter().next()
}

/// A feature that a variant must have.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct NamedFeature(Feature);

impl FromStr for NamedFeature {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        text.parse().map(Self).map_err(|error| {
            let why = match error {
                ConfigError::Feature { why: Some(why), .. } => format!(": {why}"),
                _ => String::new(),
            };
            let names: Vec<_> = Feature::ALL
                .iter()
                .map(|feature| format!("`{feature}`"))
                .collect();
            format!(
                "`variant` of a condition must be one of {}, or a list of them; found `{text}`{why}",
                names.join(", ")
            )
        })
    }
}

/// The names, as written; `"a"` is the same as `["a"]`.
#[derive(Clone)]
pub struct OneOrMore<T>(pub Vec<T>);

impl<'de, T: FromStr<Err: Display>> Deserialize<'de> for OneOrMore<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any<T>(PhantomData<T>);
        impl<'de, T: FromStr<Err: Display>> Visitor<'de> for Any<T> {
            type Value = OneOrMore<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a name, or a list of names")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<OneOrMore<T>, E> {
                Ok(OneOrMore(vec![text.parse().map_err(E::custom)?]))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<OneOrMore<T>, A::Error> {
                let mut names = Vec::new();
                while let Some(One(name)) = list.next_element()? {
                    names.push(name);
                }
                Ok(OneOrMore(names))
            }
        }
        deserializer.deserialize_any(Any(PhantomData))
    }
}

/// A name of a list: parsed while the reader knows where it is.
struct One<T>(T);

impl<'de, T: FromStr<Err: Display>> Deserialize<'de> for One<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text<T>(PhantomData<T>);
        impl<T: FromStr<Err: Display>> Visitor<'_> for Text<T> {
            type Value = One<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a name")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<One<T>, E> {
                text.parse().map(One).map_err(E::custom)
            }
        }
        deserializer.deserialize_str(Text(PhantomData))
    }
}

impl<T: JsonSchema> JsonSchema for OneOrMore<T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        format!("{}OrList", T::schema_name()).into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let one = generator.subschema_for::<T>();
        schemars::json_schema!({
            "anyOf": [one, { "type": "array", "items": one, "minItems": 1 }]
        })
    }
}
