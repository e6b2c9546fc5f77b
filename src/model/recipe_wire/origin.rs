//! `[[origin]]` and `[[compared]]` as they are written.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;
use toml::Spanned;

use crate::model::address::check_url;
use crate::model::problems::Problems;
use crate::model::{
    ByVersion, ComparedTemplate, Line, Name, OriginTemplate, PlaceTemplate, RelPath, Sha256,
    Version, VersionIn,
};

/// One of `url`, `crate`, `debian` and `folder`.
#[derive(Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct OriginWire {
    #[schemars(with = "Option<ByVersion>")]
    url: Option<Spanned<ByVersion>>,
    #[serde(rename = "crate")]
    krate: Option<Name>,
    /// With `crate`: our version to the crate's.
    #[serde(default)]
    #[schemars(with = "BTreeMap<Version, Version>")]
    releases: BTreeMap<Spanned<Version>, Version>,
    /// With `crate`: where in its files the version is written, for `wasideps outdated`.
    #[schemars(with = "Option<VersionIn>")]
    carries: Option<Spanned<VersionIn>>,
    /// A source package of Debian.
    debian: Option<Name>,
    /// With `debian`: its upstream archive, `mpdecimal_{version}.orig.tar.gz`.
    #[schemars(with = "Option<ByVersion>")]
    file: Option<Spanned<ByVersion>>,
    folder: Option<Line>,
    #[schemars(with = "ByVersion")]
    root: Spanned<ByVersion>,
    #[serde(default)]
    #[schemars(with = "BTreeMap<Version, Sha256>")]
    published_sha256: BTreeMap<Spanned<Version>, Sha256>,
}

/// An origin that is compared and never built from.
#[derive(Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct ComparedWire {
    #[schemars(with = "OriginWire")]
    origin: Spanned<OriginWire>,
    /// By path below the root: why it may differ.
    #[schemars(with = "BTreeMap<RelPath, Line>")]
    differs: Spanned<BTreeMap<RelPath, Spanned<Line>>>,
}

/// The origin at `place`; none where it has no place of its own.
pub fn check(
    place: Spanned<OriginWire>,
    versions: &[Version],
    problems: &mut Problems<'_>,
) -> Option<OriginTemplate> {
    let here = Spanned::new(place.span(), ());
    let origin = place.into_inner();
    origin.check_versions(versions, problems);
    origin.check_keys(&here, problems);
    let root = origin.root.clone();
    let published_sha256 = by_version(origin.published_sha256.clone());
    let place = origin.place(&here, versions, problems)?;
    for version in versions.iter().filter(|version| place.has(version)) {
        match root.get_ref().at(version) {
            None => problems.at(
                &root,
                format!("an `[[origin]]` has no `root` for version {version}"),
            ),
            Some(root) if root.is_empty() => {}
            Some(text) => {
                if let Err(error) = text.parse::<RelPath>() {
                    problems.at(&root, format!("an `[[origin]]` has a bad `root`: {error}"));
                }
            }
        }
    }
    Some(OriginTemplate {
        place,
        root: root.into_inner(),
        published_sha256,
    })
}

fn by_version<T>(table: BTreeMap<Spanned<Version>, T>) -> BTreeMap<Version, T> {
    table
        .into_iter()
        .map(|(version, value)| (version.into_inner(), value))
        .collect()
}

impl OriginWire {
    /// The versions that its tables name are those of the recipe.
    fn check_versions(&self, versions: &[Version], problems: &mut Problems<'_>) {
        let unknown = |version: &Version| {
            (!versions.contains(version)).then(|| {
                format!("an `[[origin]]` names version {version}, which is not in `versions`")
            })
        };
        for version in self.releases.keys().chain(self.published_sha256.keys()) {
            if let Some(message) = unknown(version.get_ref()) {
                problems.at(version, message);
            }
        }
        for texts in self.url.iter().chain(&self.file).chain([&self.root]) {
            if let ByVersion::Each(each) = texts.get_ref()
                && each.is_empty()
            {
                problems.at(texts, "a table by version of an `[[origin]]` is empty");
            }
            for message in texts.get_ref().versions().filter_map(unknown) {
                problems.at(texts, message);
            }
        }
    }

    fn check_keys(&self, here: &Spanned<()>, problems: &mut Problems<'_>) {
        if let Some(carries) = &self.carries {
            if self.krate.is_none() {
                problems.at(carries, "an `[[origin]]` takes `carries` with `crate` only");
            }
            if carries.get_ref().after.is_empty() {
                problems.at(
                    carries,
                    "`carries.after` of an `[[origin]]` is empty: name the texts before the version",
                );
            }
        }
        if self.debian.is_some() != self.file.is_some() {
            problems.at(here, "an `[[origin]]` takes `debian` and `file` together");
        }
    }

    /// Where it is; none where that is not clear.
    fn place(
        self,
        here: &Spanned<()>,
        versions: &[Version],
        problems: &mut Problems<'_>,
    ) -> Option<PlaceTemplate> {
        let releases = by_version(self.releases);
        match (
            self.url,
            self.krate,
            self.debian.zip(self.file),
            self.folder,
        ) {
            (Some(url), None, None, None) if releases.is_empty() => {
                for text in versions
                    .iter()
                    .filter_map(|version| url.get_ref().at(version))
                {
                    if let Err(error) = check_url(&text) {
                        problems
                            .at_hidden(&url, format!("an `[[origin]]` has a bad `url`: {error}"));
                    }
                }
                Some(PlaceTemplate::Url(url.into_inner()))
            }
            (None, Some(name), None, None) if !releases.is_empty() => Some(PlaceTemplate::Crate {
                name,
                releases,
                carries: self.carries.map(Spanned::into_inner),
            }),
            (None, None, Some((package, file)), None) if releases.is_empty() => {
                for text in versions
                    .iter()
                    .filter_map(|version| file.get_ref().at(version))
                {
                    if let Err(error) = text.parse::<Name>() {
                        problems.at(&file, format!("an `[[origin]]` has a bad `file`: {error}"));
                    }
                }
                Some(PlaceTemplate::Debian {
                    package,
                    file: file.into_inner(),
                })
            }
            (None, None, None, Some(folder)) if releases.is_empty() => {
                Some(PlaceTemplate::Folder(folder))
            }
            _ => {
                problems.at(here, "an `[[origin]]` takes one of `url`, `crate` with `releases`, `debian` with `file`, or `folder`");
                None
            }
        }
    }
}

impl ComparedWire {
    /// The origin with the files in which it may differ.
    pub fn check(
        self,
        versions: &[Version],
        problems: &mut Problems<'_>,
    ) -> Option<ComparedTemplate> {
        if self.differs.get_ref().is_empty() {
            problems.at(
                &self.differs,
                "a `[[compared]]` has no `differs`: what differs in nothing is an `[[origin]]`",
            );
        }
        for (path, reason) in self
            .differs
            .get_ref()
            .iter()
            .filter(|(_, reason)| reason.get_ref().trim().is_empty())
        {
            problems.at(
                reason,
                format!("a `[[compared]]` differs in `{path}` without a reason"),
            );
        }
        let differs = self
            .differs
            .into_inner()
            .into_iter()
            .map(|(path, reason)| (path, reason.into_inner()))
            .collect();
        Some(ComparedTemplate {
            origin: check(self.origin, versions, problems)?,
            differs,
        })
    }
}
