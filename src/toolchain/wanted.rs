//! Which SDK a request comes down to, and what can stand in for it: decided from the lock alone.

use std::cmp::Reverse;

use super::debian::{self, Twin};
use super::layout::Layout;
use super::{SdkRequest, ToolchainError};
use crate::model::{BuildConfig, Sdks, Target};

/// What a request comes down to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum WantedSdk {
    /// Whatever is installed; else this release.
    Any { number: String },
    /// This release; `exact` where none but its own twin may stand in for it.
    Release { number: String, exact: bool },
    /// The twin of this release; `exact` where no other may stand in for it.
    Twin { number: String, exact: bool },
}

impl WantedSdk {
    /// What `request` asks for.
    ///
    /// # Errors
    /// When it names what the lock does not know.
    pub fn of(request: &SdkRequest, sdks: &Sdks) -> Result<Self, ToolchainError> {
        match (request.release.as_deref(), request.python.as_deref()) {
            (Some(text), _) => match debian::asked(text) {
                Some(None) => Ok(Self::Twin {
                    number: sdks.default.to_string(),
                    exact: false,
                }),
                Some(Some(number)) if sdks.debian.contains_key(number) => Ok(Self::Twin {
                    number: number.to_owned(),
                    exact: true,
                }),
                None if sdks.releases.contains_key(text) => Ok(Self::Release {
                    number: text.to_owned(),
                    exact: true,
                }),
                _ => {
                    let twins = sdks.debian.keys().map(|number| debian::name(number));
                    Err(ToolchainError::UnknownRelease {
                        found: text.to_owned(),
                        known: sdks.releases.keys().cloned().chain(twins).collect(),
                    })
                }
            },
            (None, Some(branch)) => match sdks.branch(branch) {
                Some((_, python)) => Ok(Self::Release {
                    number: python.sdk.to_string(),
                    exact: false,
                }),
                None => {
                    let to_be = sdks
                        .python
                        .values()
                        .filter_map(|branch| branch.version.as_ref());
                    Err(ToolchainError::UnknownPython {
                        found: branch.to_owned(),
                        known: sdks
                            .python
                            .keys()
                            .cloned()
                            .chain(to_be.map(ToString::to_string))
                            .collect(),
                    })
                }
            },
            (None, None) => Ok(Self::Any {
                number: sdks.default.to_string(),
            }),
        }
    }

    /// The number of the release that is meant.
    pub fn number(&self) -> &str {
        match self {
            Self::Any { number } | Self::Release { number, .. } | Self::Twin { number, .. } => {
                number
            }
        }
    }

    /// What `--sdk` asked for, where nothing else may be taken.
    pub fn exact(&self) -> Option<String> {
        match self {
            Self::Release {
                number,
                exact: true,
            } => Some(number.clone()),
            Self::Twin {
                number,
                exact: true,
            } => Some(debian::name(number)),
            Self::Twin { exact: false, .. } => Some("debian".to_owned()),
            Self::Any { .. } | Self::Release { exact: false, .. } => None,
        }
    }

    /// Whether the SDK at `layout` is what is asked for.
    pub fn takes(&self, layout: &Layout) -> bool {
        let version = &layout.version;
        match self {
            Self::Any { .. } => true,
            Self::Release { number, .. } => {
                version.release().or(version.debian()) == Some(number.as_str())
            }
            Self::Twin { number, exact } => version
                .debian()
                .is_some_and(|found| !exact || found == number),
        }
    }

    /// The release that serves `target`: the one that is meant, or, where it has not that target
    /// and another may be taken, the nearest that has.
    ///
    /// # Errors
    /// When none may be taken.
    pub fn serving<'l>(&self, sdks: &'l Sdks, target: Target) -> Result<&'l str, ToolchainError> {
        let number = self.number();
        let having = having(sdks, target);
        let nearest = by_nearness(number, having.iter().copied());
        nearest
            .into_iter()
            .next()
            .filter(|found| self.exact().is_none() || *found == number)
            .ok_or_else(|| ToolchainError::ReleaseHasNoTarget {
                release: number.to_owned(),
                target,
                having: having.into_iter().map(str::to_owned).collect(),
            })
    }

    /// The twins that can stand in, the best first: that of the release that is meant, then those
    /// of the nearest others where they may be taken.
    ///
    /// # Errors
    /// When the lock pins packages for a twin that this program does not know how to make.
    pub fn twins<'l>(
        &self,
        sdks: &'l Sdks,
        config: BuildConfig,
    ) -> Result<Vec<Twin<'l>>, ToolchainError> {
        let any = match self {
            Self::Any { .. } => true,
            Self::Release { exact, .. } | Self::Twin { exact, .. } => !exact,
        };
        let number = self.number();
        let twins = by_nearness(number, sdks.debian.keys().map(String::as_str))
            .into_iter()
            .filter(|found| any || *found == number)
            .filter_map(|release| Some((release, sdks.debian.get(release)?)));
        twins
            .map(|(release, sdk)| Twin::new(release, sdk))
            .filter(|twin| twin.as_ref().map_or(true, |twin| twin.builds(config)))
            .collect()
    }
}

/// The releases of the lock that have `target`.
pub(super) fn having(sdks: &Sdks, target: Target) -> Vec<&str> {
    let mut numbers: Vec<_> = sdks
        .releases
        .iter()
        .filter(|(_, release)| release.targets.contains(&target))
        .map(|(number, _)| number.as_str())
        .collect();
    numbers.sort_by_key(|number| number_of(number));
    numbers
}

fn number_of(release: &str) -> u32 {
    release.parse().unwrap_or(0)
}

/// The nearest to `wanted` first; of two that are as near, the later.
fn by_nearness<'n>(wanted: &str, releases: impl Iterator<Item = &'n str>) -> Vec<&'n str> {
    let wanted = number_of(wanted);
    let mut releases: Vec<_> = releases.collect();
    releases.sort_by_key(|release| {
        let number = number_of(release);
        (number.abs_diff(wanted), Reverse(number))
    });
    releases
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Variant;

    fn sdks() -> Sdks {
        let release = |targets: &[&str]| serde_json::json!({"llvm": "1", "wasi-libc": "a", "targets": targets, "hosts": {}});
        let twin = serde_json::json!({"llvm": "1", "wasi-libc": "a", "hosts": {}});
        let p1 = ["wasm32-wasip1"];
        let value = serde_json::json!({
            "default": "33",
            "releases": {
                "21": release(&[]), "24": release(&p1), "25": release(&p1), "33": release(&p1),
                "34": release(&["wasm32-wasip1", "wasm32-wasip3"]),
            },
            "python": {
                "3.11": {"sdk": "21"}, "3.13": {"sdk": "24"}, "3.15": {"sdk": "33"}, "main": {"sdk": "34", "version": "3.16"},
            },
            "debian": {"25": twin, "33": twin},
        });
        serde_json::from_value(value).expect("valid")
    }

    fn wanted(release: Option<&str>, python: Option<&str>) -> Result<WantedSdk, ToolchainError> {
        let request = SdkRequest {
            release: release.map(str::to_owned),
            python: python.map(str::to_owned),
            ..SdkRequest::default()
        };
        WantedSdk::of(&request, &sdks())
    }

    /// The numbers of the twins, in order.
    fn twins(release: Option<&str>, python: Option<&str>, config: BuildConfig) -> Vec<String> {
        let sdks = sdks();
        let twins = wanted(release, python)
            .expect("known")
            .twins(&sdks, config)
            .expect("each has a table");
        twins.iter().map(|twin| twin.release.to_owned()).collect()
    }

    #[test]
    fn a_branch_is_known_by_the_version_it_will_have_and_what_is_unknown_lists_what_is() {
        assert_eq!(
            wanted(None, Some("3.16")).expect("known"),
            wanted(None, Some("main")).expect("known")
        );
        assert!(
            matches!(wanted(None, Some("2.7")), Err(ToolchainError::UnknownPython { known, .. }) if known.contains(&"3.16".to_owned()))
        );
        for unknown in ["99", "debian-24", "debian33", "twin"] {
            assert!(
                matches!(wanted(Some(unknown), None), Err(ToolchainError::UnknownRelease { known, .. }) if known.contains(&"debian-33".to_owned())),
                "{unknown}"
            );
        }
    }

    #[test]
    fn the_nearest_twin_stands_in_and_for_a_release_by_number_only_its_own() {
        let config = BuildConfig::default();
        for (release, python, expected) in [
            (None, None, &["33", "25"][..]),
            (None, Some("3.13"), &["25", "33"]),
            (None, Some("main"), &["33", "25"]),
            (Some("25"), None, &["25"]),
            (Some("34"), None, &[]),
            (Some("debian"), None, &["33", "25"]),
            (Some("debian-25"), None, &["25"]),
        ] {
            assert_eq!(
                twins(release, python, config),
                expected,
                "{release:?} {python:?}"
            );
        }
        let eh: Variant = "eh".parse().expect("a variant");
        let config = BuildConfig::new(Target::Wasip1, eh).expect("there is");
        assert_eq!(twins(None, Some("3.13"), config), ["33"]);
        assert!(twins(None, None, Target::Wasip3.into()).is_empty());
    }

    #[test]
    fn the_nearest_release_with_the_target_serves_unless_one_is_asked_for_by_number() {
        let sdks = sdks();
        let serving = |release, python, target| {
            let wanted = wanted(release, python).expect("known");
            wanted.serving(&sdks, target).map(str::to_owned)
        };
        assert_eq!(serving(None, None, Target::Wasip1).expect("there is"), "33");
        assert_eq!(serving(None, None, Target::Wasip3).expect("there is"), "34");
        assert_eq!(
            serving(None, Some("3.11"), Target::Wasip1).expect("there is"),
            "24"
        );
        assert!(matches!(
            serving(Some("33"), None, Target::Wasip3),
            Err(ToolchainError::ReleaseHasNoTarget { having, .. }) if having == ["34"]
        ));
        assert!(serving(None, None, Target::Wasip2).is_err());
    }
}
