//! `wasideps outdated`: what the origins of the locked sources offer now. What can't be known is
//! said to be unknown; nothing is changed.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;

use super::changelog;
use super::names::Subject;
use super::order::Order;
use crate::fetch::{FetchError, Fetcher};
use crate::model::{Name, Place, PlaceTemplate, Selected, Version, with_causes};

/// What an origin offers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Offer {
    /// `zlib 1.3.2`.
    pub subject: String,
    pub origin: AskedOrigin,
    /// What the lock has of it, in the origin's own numbers; absent where the origin is not in the
    /// lock as such.
    pub locked: Option<String>,
    /// Its newest, in its own numbers.
    pub newest: Option<String>,
    /// The upstream version that the newest holds, where that is known.
    pub holds: Option<String>,
    pub state: Freshness,
    /// Why something is unknown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// Who was asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AskedOrigin {
    /// Its address.
    Repository(String),
    Crate(Name),
    /// A source package.
    Debian(String),
    /// The source has none that can be asked.
    None,
}

impl fmt::Display for AskedOrigin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Repository(address) => f.write_str(address),
            Self::Crate(name) => write!(f, "crate {name}"),
            Self::Debian(package) => write!(f, "Debian {package}"),
            Self::None => f.write_str("-"),
        }
    }
}

impl Serialize for AskedOrigin {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// How an origin's newest compares with the lock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Freshness {
    /// It holds a later upstream version.
    Newer,
    /// It holds the locked version.
    Current,
    /// It holds an earlier one.
    Behind,
    /// Which version it holds is not known.
    Unknown,
    NotReached,
}

impl Freshness {
    /// For tables.
    #[must_use]
    pub fn shown(self) -> &'static str {
        match self {
            Self::Newer => "NEWER",
            Self::Current => "current",
            Self::Behind => "behind",
            Self::Unknown => "unknown",
            Self::NotReached => "not reached",
        }
    }
}

/// Debian's newest versions by source package, or why they are not known.
pub type Debian = Result<BTreeMap<String, String>, String>;

/// Whether no origin could be asked.
#[must_use]
pub fn none_reached(offers: &[Offer]) -> bool {
    offers
        .iter()
        .all(|offer| offer.state == Freshness::NotReached)
}

/// The newest upstream version that `offers` hold, where it is newer than the locked one.
#[must_use]
pub fn newest(offers: &[Offer]) -> Option<&str> {
    let newer = offers
        .iter()
        .filter(|offer| offer.state == Freshness::Newer);
    let versions = newer.filter_map(|offer| {
        let version = offer.holds.as_deref()?;
        Some((Order::parse(version)?, version))
    });
    versions.max().map(|(_, version)| version)
}

/// The releases of crates among `offers` that carry `version`.
#[must_use]
pub fn carrying(offers: &[Offer], version: &Version) -> BTreeMap<Name, Version> {
    let wanted = Order::parse(version.as_str());
    let releases = offers.iter().filter_map(|offer| {
        let AskedOrigin::Crate(name) = &offer.origin else {
            return None;
        };
        let holds = Order::parse(offer.holds.as_deref()?);
        let release = offer.newest.as_deref()?.parse().ok()?;
        (holds == wanted).then(|| (name.clone(), release))
    });
    releases.collect()
}

/// Asks each origin of `selected`; `debian` is what its archive offers.
#[must_use]
pub fn offers(selected: &Selected, fetcher: &Fetcher<'_>, debian: &Debian) -> Vec<Offer> {
    let subject = Subject::new(selected);
    let mut offers = Vec::new();
    if let Some(repository) = &selected.recipe.identifiers.repository {
        let tags = fetcher.tags(&subject.title(), repository);
        let newest = tags.map(|tags| newest_tag(&subject, tags.iter().map(String::as_str)));
        let blank = blank(
            &subject,
            AskedOrigin::Repository(repository.to_string()),
            selected
                .recipe
                .identifiers
                .tag
                .as_ref()
                .map(|tag| tag.at(&selected.source.version)),
        );
        offers.push(match newest {
            Err(error) => not_reached(blank, with_causes(&error)),
            Ok(None) => Offer {
                note: Some("none of its tags is known to be a version".into()),
                ..blank
            },
            Ok(Some((tag, version))) => judged(
                Offer {
                    newest: Some(tag),
                    ..blank
                },
                &subject,
                Some(version),
                None,
            ),
        });
    }
    let mut asked = Vec::new();
    for place in selected.source.origins.iter().map(|origin| &origin.place) {
        let (key, offer) = match place {
            Place::Crate { name, version } => {
                let releases = fetcher.releases(&subject.title(), name);
                let open = |release: &str| opened(&subject, fetcher, name, release);
                (
                    AskedOrigin::Crate(name.clone()),
                    of_crate(&subject, name, version.as_str(), releases, &open),
                )
            }
            Place::Debian { package, file } => {
                let locked = file
                    .as_str()
                    .strip_prefix(&format!("{package}_"))
                    .and_then(|rest| rest.split_once(".orig."))
                    .map(|(version, _)| version);
                (
                    AskedOrigin::Debian(package.to_string()),
                    of_debian(&subject, package.as_str(), locked, debian),
                )
            }
            // An archive's address is that of one version; what others there are, the repository
            // tells.
            Place::Url(_) | Place::Folder(_) => continue,
        };
        if !asked.contains(&key) {
            asked.push(key);
            offers.push(offer);
        }
    }
    // What is no origin is asked all the same: it may become one.
    if let Some(package) = selected
        .recipe
        .debian()
        .filter(|package| !asked.contains(&AskedOrigin::Debian(package.to_string())))
    {
        offers.push(of_debian(&subject, package.as_str(), None, debian));
    }
    if offers.is_empty() {
        let note = "none of its origins can be asked for other versions".to_owned();
        offers.push(Offer {
            note: Some(note),
            ..blank(&subject, AskedOrigin::None, None)
        });
    }
    offers
}

fn blank(subject: &Subject<'_>, origin: AskedOrigin, locked: Option<String>) -> Offer {
    Offer {
        subject: subject.title(),
        origin,
        locked,
        newest: None,
        holds: None,
        state: Freshness::Unknown,
        note: None,
    }
}

fn not_reached(offer: Offer, why: String) -> Offer {
    Offer {
        state: Freshness::NotReached,
        note: Some(why),
        ..offer
    }
}

/// The newest release among `tags`, with its version. Pre-releases are no releases.
fn newest_tag<'t>(
    subject: &Subject<'_>,
    tags: impl Iterator<Item = &'t str>,
) -> Option<(String, String)> {
    let versions = tags.filter_map(|tag| {
        let version = subject.version_of_tag(tag)?;
        let order = Order::parse(&version).filter(|order| !order.is_pre_release())?;
        Some((order, tag.to_owned(), version))
    });
    versions.max().map(|(_, tag, version)| (tag, version))
}

fn of_crate(
    subject: &Subject<'_>,
    name: &Name,
    locked: &str,
    releases: Result<Vec<String>, FetchError>,
    open: &dyn Fn(&str) -> Result<Option<String>, FetchError>,
) -> Offer {
    let blank = blank(
        subject,
        AskedOrigin::Crate(name.clone()),
        Some(locked.to_owned()),
    );
    let releases = match releases {
        Err(error) => return not_reached(blank, with_causes(&error)),
        Ok(releases) => releases,
    };
    let versions = releases
        .iter()
        .filter_map(|text| semver::Version::parse(text).ok())
        .filter(|version| version.pre.is_empty());
    let Some(newest) = versions.max() else {
        return Offer {
            note: Some("it has no release".into()),
            ..blank
        };
    };
    let newest = newest.to_string();
    let told = if newest == locked {
        Some(subject.version().to_owned())
    } else {
        told_of_crate(subject, name, &newest)
    };
    let offer = Offer {
        newest: Some(newest.clone()),
        ..blank
    };
    let holds = match told.map_or_else(|| open(&newest), |told| Ok(Some(told))) {
        Ok(holds) => holds,
        Err(error) => {
            return Offer {
                note: Some(with_causes(&error)),
                ..offer
            };
        }
    };
    judged(
        offer,
        subject,
        holds,
        Some("neither recipe, number nor the crate's own files say which version it carries"),
    )
}

/// What the crate's files say, where the recipe says in which.
fn opened(
    subject: &Subject<'_>,
    fetcher: &Fetcher<'_>,
    name: &Name,
    release: &str,
) -> Result<Option<String>, FetchError> {
    let carries = subject
        .selected
        .recipe
        .origins
        .iter()
        .find_map(|origin| match &origin.place {
            PlaceTemplate::Crate {
                name: other,
                carries: Some(carries),
                ..
            } if other == name => Some(carries),
            _ => None,
        });
    let (Some(carries), Ok(version)) = (carries, release.parse::<Version>()) else {
        return Ok(None);
    };
    let found = fetcher.carried(&subject.title(), name, &version, carries)?;
    Ok(found.map(|version| version.to_string()))
}

/// Which upstream version a crate's release carries by the recipe, else by its build metadata
/// (`0.1.13+1.0.8`, `2.1.3+zstd.1.5.7`).
fn told_of_crate(subject: &Subject<'_>, krate: &Name, release: &str) -> Option<String> {
    let told = subject
        .selected
        .recipe
        .origins
        .iter()
        .find_map(|template| match &template.place {
            PlaceTemplate::Crate { name, releases, .. } if name == krate => releases
                .iter()
                .find(|(_, own)| own.as_str() == release)
                .map(|(version, _)| version.to_string()),
            _ => None,
        });
    told.or_else(|| {
        let (_, metadata) = release.split_once('+')?;
        let version = &metadata[metadata.find(|c: char| c.is_ascii_digit())?..];
        version.contains('.').then(|| version.to_owned())
    })
}

fn of_debian(subject: &Subject<'_>, package: &str, locked: Option<&str>, debian: &Debian) -> Offer {
    let blank = blank(
        subject,
        AskedOrigin::Debian(package.to_owned()),
        locked.map(str::to_owned),
    );
    let versions = match debian {
        Err(problem) => return not_reached(blank, problem.clone()),
        Ok(versions) => versions,
    };
    let Some(newest) = versions.get(package) else {
        return Offer {
            note: Some("Debian's index does not have it".into()),
            ..blank
        };
    };
    let offered = changelog::upstream(newest);
    // Debian may have numbers of its own: 2020.2 for Qhull's 8.0.2.
    let same_numbers = locked.is_none_or(|locked| {
        Order::parse(changelog::upstream(locked)) == Order::parse(subject.version())
    });
    let holds = if same_numbers {
        Some(offered)
    } else {
        (locked == Some(offered)).then(|| subject.version())
    };
    judged(
        Offer {
            newest: Some(newest.clone()),
            ..blank
        },
        subject,
        holds.map(str::to_owned),
        Some("Debian's numbers are not upstream's"),
    )
}

fn judged(
    offer: Offer,
    subject: &Subject<'_>,
    holds: Option<String>,
    unknown: Option<&str>,
) -> Offer {
    let Some(version) = holds else {
        return Offer {
            note: unknown.map(str::to_owned),
            ..offer
        };
    };
    let state = match (Order::parse(&version), Order::parse(subject.version())) {
        (Some(theirs), Some(ours)) if theirs > ours => Freshness::Newer,
        (Some(theirs), Some(ours)) if theirs < ours => Freshness::Behind,
        (Some(_), Some(_)) => Freshness::Current,
        _ => Freshness::Unknown,
    };
    Offer {
        holds: Some(version),
        state,
        ..offer
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::tests::selected;

    fn state(offer: &Offer) -> (Option<&str>, Option<&str>, Freshness) {
        (offer.newest.as_deref(), offer.holds.as_deref(), offer.state)
    }

    #[test]
    fn the_newest_tag_is_a_release_in_the_form_of_the_locked_one() {
        let newest = |name: &str, tags: &[&str]| {
            newest_tag(&Subject::new(&selected(name)), tags.iter().copied())
        };
        let found = |tag: &str, version: &str| Some((tag.to_owned(), version.to_owned()));
        assert_eq!(
            newest("zlib", &["v1.3.2", "v1.10", "v1.9", "v2.0-rc1", "latest"]),
            found("v1.10", "1.10")
        );
        assert_eq!(
            newest("expat", &["R_2_8_3", "R_2_10_0", "V1_95"]),
            found("R_2_10_0", "2.10.0")
        );
        assert_eq!(
            newest("bzip2", &["bzip2-1.0.8", "bzip2-1.0.8-beta"]),
            found("bzip2-1.0.8", "1.0.8")
        );
        assert_eq!(newest("zlib", &["latest"]), None);
    }

    #[test]
    fn a_crates_newest_release_tells_its_version_by_recipe_or_metadata_or_not_at_all() {
        let of = |name: &str, origin: &str, locked: &str, releases: &[&str]| {
            let selected = selected(name);
            let releases = Ok(releases.iter().map(|&release| release.to_owned()).collect());
            let open = |release: &str| Ok((release == "1.2.1").then(|| "1.3.9".to_owned()));
            of_crate(
                &Subject::new(&selected),
                &origin.parse().expect("a name"),
                locked,
                releases,
                &open,
            )
        };
        let offer = of(
            "bzip2",
            "bzip2-sys",
            "0.1.13+1.0.8",
            &["0.1.9", "0.1.13+1.0.8", "0.1.14+1.0.9", "0.2.0-alpha.1"],
        );
        assert_eq!(
            state(&offer),
            (Some("0.1.14+1.0.9"), Some("1.0.9"), Freshness::Newer)
        );
        let offer = of("zlib", "libz-sys", "1.1.31", &["1.1.31", "1.1.30"]);
        assert_eq!(
            state(&offer),
            (Some("1.1.31"), Some("1.3.2"), Freshness::Current)
        );
        let offer = of("zlib", "libz-sys", "1.1.31", &["1.1.31", "1.2.0"]);
        assert_eq!(state(&offer), (Some("1.2.0"), None, Freshness::Unknown));
        assert!(offer.note.is_some());
        let offer = of("zlib", "libz-sys", "1.1.31", &["1.1.31", "1.2.1"]);
        assert_eq!(
            state(&offer),
            (Some("1.2.1"), Some("1.3.9"), Freshness::Newer),
            "its files are looked into"
        );
    }

    #[test]
    fn a_crates_release_carries_a_version_however_it_is_written() {
        let offer = |origin: AskedOrigin, newest: &str, holds: &str| Offer {
            subject: "zlib 1.3".into(),
            origin,
            locked: None,
            newest: Some(newest.into()),
            holds: Some(holds.into()),
            state: Freshness::Newer,
            note: None,
        };
        let of_crate = |name: &str| AskedOrigin::Crate(name.parse().expect("a name"));
        let offers = [
            offer(of_crate("one"), "2.0.1", "1.4"),
            offer(of_crate("other"), "2.0.2", "1.4.0"),
            offer(of_crate("behind"), "2.0.3", "1.3.1"),
            offer(AskedOrigin::Debian("zlib".into()), "1.4-1", "1.4"),
        ];
        let found = carrying(&offers, &"1.4".parse().expect("a version"));
        let found: Vec<_> = found
            .iter()
            .map(|(name, release)| (name.as_str(), release.as_str()))
            .collect();
        assert_eq!(found, [("one", "2.0.1"), ("other", "2.0.2")]);
    }

    #[test]
    fn debians_version_holds_upstreams() {
        let of = |name: &str, package: &str, version: &str, locked: Option<&str>| {
            let selected = selected(name);
            of_debian(
                &Subject::new(&selected),
                package,
                locked,
                &Ok(BTreeMap::from([(package.to_owned(), version.to_owned())])),
            )
        };
        assert_eq!(
            state(&of("zlib", "zlib", "1:1.3.dfsg+really1.3.3-1", None)),
            (
                Some("1:1.3.dfsg+really1.3.3-1"),
                Some("1.3.3"),
                Freshness::Newer
            )
        );
        assert_eq!(
            state(&of("zlib", "zlib", "1:1.4.dfsg-1", None)),
            (Some("1:1.4.dfsg-1"), Some("1.4"), Freshness::Newer)
        );
        assert_eq!(
            state(&of("expat", "expat", "2.8.3-1", None)),
            (Some("2.8.3-1"), Some("2.8.3"), Freshness::Current)
        );
        assert_eq!(
            state(&of("zstd", "libzstd", "1.5.6+dfsg-2", None)),
            (Some("1.5.6+dfsg-2"), Some("1.5.6"), Freshness::Behind)
        );
        // Numbers of Debian's own: the locked archive is upstream's version, and no other is known.
        assert_eq!(
            state(&of("zlib", "zlib", "2020.2-6", Some("2020.2"))),
            (Some("2020.2-6"), Some("1.3.2"), Freshness::Current)
        );
        assert_eq!(
            state(&of("zlib", "zlib", "2021.1-1", Some("2020.2"))),
            (Some("2021.1-1"), None, Freshness::Unknown)
        );
    }
}
