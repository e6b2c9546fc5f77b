//! When a part of a recipe counts: for which targets, variants and versions. Data, without
//! expressions: all that is named must hold. Pure.

use super::{BuildConfig, Target, Variant, Version};

/// The condition of a `[[when]]`. The parts that are empty hold always; at least one is not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condition {
    /// One of these is built for.
    pub targets: Vec<Target>,
    /// The variant has all of these features, and may have others.
    pub variant: Variant,
    /// One of these is built.
    pub versions: Vec<Version>,
}

impl Condition {
    /// Whether it holds when `version` is built for `config`.
    #[must_use]
    pub fn holds(&self, config: BuildConfig, version: &Version) -> bool {
        let for_target = self.targets.is_empty() || self.targets.contains(&config.target());
        for_target && config.variant().has_all(self.variant) && self.holds_in_some(version)
    }

    /// Whether it holds when `version` is built for some configuration.
    #[must_use]
    pub fn holds_in_some(&self, version: &Version) -> bool {
        self.versions.is_empty() || self.versions.contains(version)
    }

    /// Whether the version alone decides.
    #[must_use]
    pub fn is_of_version(&self) -> bool {
        self.targets.is_empty() && self.variant.is_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_that_is_named_must_hold_and_what_is_not_named_always_does() {
        let config = |text: &str| {
            let (target, variant) = text.split_once('+').unwrap_or((text, "default"));
            let (target, variant) = (target.parse(), variant.parse());
            BuildConfig::new(target.expect(text), variant.expect(text)).expect(text)
        };
        let condition = |targets: &[&str], variant: &str, versions: &[&str]| Condition {
            targets: targets
                .iter()
                .map(|name| name.parse().expect(name))
                .collect(),
            variant: variant.parse().expect(variant),
            versions: versions
                .iter()
                .map(|text| text.parse().expect(text))
                .collect(),
        };
        for (condition, holding, others) in [
            (
                condition(&["wasm32-wasip2", "wasm32-wasip3"], "default", &[]),
                vec![("wasm32-wasip2", "1"), ("wasm32-wasip3+simd", "2")],
                vec![("wasm32-wasip1", "1")],
            ),
            (
                condition(&[], "pic+simd", &[]),
                vec![
                    ("wasm32-wasip1+pic+simd", "1"),
                    ("wasm32-wasip2+pic+simd+eh", "1"),
                ],
                vec![("wasm32-wasip1", "1"), ("wasm32-wasip1+simd", "1")],
            ),
            (
                condition(&["wasm32-wasip1"], "eh", &["1", "2"]),
                vec![("wasm32-wasip1+eh", "2")],
                vec![
                    ("wasm32-wasip1+eh", "3"),
                    ("wasm32-wasip1", "2"),
                    ("wasm32-wasip2+eh", "2"),
                ],
            ),
        ] {
            let holds = |(of, version): &(&str, &str)| {
                condition.holds(config(of), &version.parse().expect("a version"))
            };
            assert!(holding.iter().all(holds), "{condition:?}");
            assert!(!others.iter().any(holds), "{condition:?}");
        }
    }
}
