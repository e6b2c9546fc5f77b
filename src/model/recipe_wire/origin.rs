//! `[[origin]]` and `[[compared]]` as they are written.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;
use toml::Spanned;

use super::Problems;
use crate::model::address::check_url;
use crate::model::{
    ComparedTemplate, Line, Name, OriginTemplate, PlaceTemplate, RelPath, Sha256, Template,
    Version, VersionIn,
};

/// One of `url`, `crate`, `debian` and `folder`.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct OriginWire {
    #[schemars(with = "Option<Template>")]
    url: Option<Spanned<Template>>,
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
    #[schemars(with = "Option<Template>")]
    file: Option<Spanned<Template>>,
    folder: Option<Line>,
    #[schemars(with = "Template")]
    root: Spanned<Template>,
    #[serde(default)]
    #[schemars(with = "BTreeMap<Version, Sha256>")]
    published_sha256: BTreeMap<Spanned<Version>, Sha256>,
}

/// An origin that is compared and never built from.
#[derive(Deserialize, JsonSchema)]
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
    for version in origin
        .releases
        .keys()
        .chain(origin.published_sha256.keys())
        .filter(|version| !versions.contains(version.get_ref()))
    {
        problems.at(
            version,
            format!(
                "an `[[origin]]` names version {}, which is not in `versions`",
                version.get_ref()
            ),
        );
    }
    for version in versions {
        let root = origin.root.get_ref().at(version);
        if !root.is_empty()
            && let Err(error) = root.parse::<RelPath>()
        {
            problems.at(
                &origin.root,
                format!("an `[[origin]]` has a bad `root`: {error}"),
            );
        }
    }
    if let Some(carries) = &origin.carries {
        if origin.krate.is_none() {
            problems.at(carries, "an `[[origin]]` takes `carries` with `crate` only");
        }
        if carries.get_ref().after.is_empty() {
            problems.at(
                carries,
                "`carries.after` of an `[[origin]]` is empty: name the texts before the version",
            );
        }
    }
    if origin.debian.is_some() != origin.file.is_some() {
        problems.at(&here, "an `[[origin]]` takes `debian` and `file` together");
    }
    let place = match (
        origin.url,
        origin.krate,
        origin.debian.zip(origin.file),
        origin.folder,
    ) {
        (Some(url), None, None, None) if origin.releases.is_empty() => {
            for version in versions {
                if let Err(error) = check_url(&url.get_ref().at(version)) {
                    problems.at_hidden(&url, format!("an `[[origin]]` has a bad `url`: {error}"));
                }
            }
            PlaceTemplate::Url(url.into_inner())
        }
        (None, Some(name), None, None) if !origin.releases.is_empty() => PlaceTemplate::Crate {
            name,
            releases: origin
                .releases
                .into_iter()
                .map(|(version, release)| (version.into_inner(), release))
                .collect(),
            carries: origin.carries.map(Spanned::into_inner),
        },
        (None, None, Some((package, file)), None) if origin.releases.is_empty() => {
            for version in versions {
                if let Err(error) = file.get_ref().at(version).parse::<Name>() {
                    problems.at(&file, format!("an `[[origin]]` has a bad `file`: {error}"));
                }
            }
            PlaceTemplate::Debian {
                package,
                file: file.into_inner(),
            }
        }
        (None, None, None, Some(folder)) if origin.releases.is_empty() => {
            PlaceTemplate::Folder(folder)
        }
        _ => {
            problems.at(&here, "an `[[origin]]` takes one of `url`, `crate` with `releases`, `debian` with `file`, or `folder`");
            return None;
        }
    };
    let published_sha256 = origin
        .published_sha256
        .into_iter()
        .map(|(version, sha256)| (version.into_inner(), sha256))
        .collect();
    Some(OriginTemplate {
        place,
        root: origin.root.into_inner(),
        published_sha256,
    })
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
