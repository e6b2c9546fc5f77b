//! Static libraries, member by member.

use std::collections::{BTreeMap, BTreeSet};

use object::read::archive::ArchiveFile;
use object::{Object as _, ObjectSection as _};
use rayon::prelude::*;

use super::disk::PrefixFiles;
use super::index::Traced;
use super::{Discrepancy, DiscrepancyKind};
use crate::build::{Manifest, ManifestArchive, ManifestMember, archive};
use crate::model::Identity;
use crate::model::{Content, Name};

/// The members that are in the archives on disk: archive and name.
pub type Members = BTreeMap<(String, String), Content>;

/// Compares the members of each archive with what the manifest and the build trace say of them.
pub fn check(
    manifest: &Manifest,
    traced: Option<&Traced<'_>>,
    files: &PrefixFiles,
    findings: &mut Vec<Discrepancy>,
) -> Members {
    let mut all = Members::new();
    for expected in manifest.archives() {
        let path = expected.path.as_str();
        // One archive at a time is held.
        let bytes = match files.bytes(path) {
            None => continue,
            Some(Ok(bytes)) => bytes,
            Some(Err(finding)) => {
                findings.push(*finding);
                continue;
            }
        };
        let broken = |error: &dyn std::fmt::Display| {
            Discrepancy::new(
                path,
                DiscrepancyKind::Content,
                format!("it is not an archive: {error}"),
            )
        };
        let members = match members(&bytes) {
            Ok(members) => members,
            Err(error) => {
                findings.push(broken(&error));
                continue;
            }
        };
        let before = findings.len();
        let contents: Vec<Content> = members
            .par_iter()
            .map(|(_, bytes)| Content::of(bytes))
            .collect();
        let found: Vec<FoundMember> = members
            .iter()
            .zip(&contents)
            .map(|((name, bytes), content)| FoundMember {
                name,
                bytes,
                content,
            })
            .collect();
        compare(expected, traced, &found, &manifest.toolchain, findings);
        if before == findings.len()
            && let Some(finding) = rewritten(path, &members, &bytes)
        {
            findings.push(finding);
        }
        let names = members.into_iter().map(|(name, _)| (path.to_owned(), name));
        all.extend(names.zip(contents));
    }
    all
}

/// Names and bytes of the members of an archive, in its order.
pub fn members(archive: &[u8]) -> Result<Vec<(String, &[u8])>, object::Error> {
    let members = ArchiveFile::parse(archive)?;
    let members = members.members().map(|member| {
        let member = member?;
        Ok((
            String::from_utf8_lossy(member.name()).into_owned(),
            member.data(archive)?,
        ))
    });
    members.collect()
}

/// A member of an archive on disk.
struct FoundMember<'a> {
    name: &'a str,
    bytes: &'a [u8],
    content: &'a Content,
}

fn compare(
    expected: &ManifestArchive,
    traced: Option<&Traced<'_>>,
    members: &[FoundMember<'_>],
    identity: &Identity,
    findings: &mut Vec<Discrepancy>,
) {
    // Of two with one name the first counts.
    let by_name: BTreeMap<&str, &FoundMember<'_>> = members
        .iter()
        .rev()
        .map(|found| (found.name, found))
        .collect();
    let path = expected.path.as_str();
    let finding = |name: &str, problem: &str| {
        Discrepancy::new(path, DiscrepancyKind::Member, problem).member(name)
    };
    let in_order = |names: &mut dyn Iterator<Item = &str>| names.collect::<Vec<_>>().join(" ");
    let (wanted, found) = (
        in_order(&mut expected.members.iter().map(|member| member.name.as_str())),
        in_order(&mut members.iter().map(|found| found.name)),
    );
    for member in &expected.members {
        let Some(&found) = by_name.get(member.name.as_str()) else {
            findings.push(finding(&member.name, "it is missing"));
            continue;
        };
        let content = found.content;
        let traced = traced
            .and_then(|traced| traced.member(path, &member.name))
            .filter(|traced| traced.content != *content)
            .map(|traced| traced.content.sha256);
        let stated = (content.sha256 != member.sha256).then_some(member.sha256);
        match (stated, traced) {
            (None, None) => {}
            (Some(stated), Some(traced)) if stated == traced => {
                findings.push(
                    finding(
                        &member.name,
                        "another content than manifest and build trace say",
                    )
                    .expected(stated, content.sha256),
                );
            }
            (stated, traced) => {
                for (by, expected) in [("manifest", stated), ("build trace", traced)] {
                    let problem = format!("another content than the {by} says");
                    findings.extend(expected.map(|expected| {
                        finding(&member.name, &problem).expected(expected, content.sha256)
                    }));
                }
            }
        }
        findings.extend(stamp(path, member, found.bytes, identity));
    }
    let listed: BTreeSet<&str> = expected
        .members
        .iter()
        .map(|member| member.name.as_str())
        .collect();
    for found in members.iter().filter(|found| !listed.contains(found.name)) {
        findings.push(finding(found.name, "the manifest does not list it"));
    }
    if wanted != found && wanted.split(' ').count() == found.split(' ').count() {
        findings.push(
            Discrepancy::new(
                path,
                DiscrepancyKind::Content,
                "its members are in another order than the manifest's",
            )
            .expected(wanted, found),
        );
    }
}

/// Whether the object `bytes` says that who should have made it did.
fn stamp(
    path: &str,
    member: &ManifestMember,
    bytes: &[u8],
    identity: &Identity,
) -> Option<Discrepancy> {
    let finding = |problem: &str| {
        Discrepancy::new(path, DiscrepancyKind::Member, problem).member(&member.name)
    };
    let made_by = match made_by(bytes) {
        Ok(made_by) => made_by,
        Err(error) => return Some(finding(&format!("it is not an object: {error}"))),
    };
    let by_assembler = member.source.language().is_assembly();
    let is_right = if by_assembler {
        // The assembler does not say who it is; what a compiler made is no work of it.
        made_by.is_empty()
    } else {
        made_by
            .iter()
            .any(|(name, version)| fits(identity, name, version))
    };
    if is_right {
        return None;
    }
    let made_by = made_by
        .iter()
        .map(|(name, version)| format!("{name} {version}"))
        .collect::<Vec<_>>()
        .join(", ");
    let made_by = if made_by.is_empty() {
        "nothing".to_owned()
    } else {
        made_by
    };
    let (problem, expected) = if by_assembler {
        (
            "it is of assembly, and says that a compiler made it",
            "nothing",
        )
    } else {
        (
            "it does not say that the manifest's compiler made it",
            identity.clang.as_str(),
        )
    };
    Some(Discrepancy {
        kind: DiscrepancyKind::Stamp,
        ..finding(problem).expected(expected, made_by)
    })
}

/// An archive is wholly given by its members: names, order, contents. Where it is not what they
/// give, its index or its headers were changed.
fn rewritten(path: &str, members: &[(String, &[u8])], bytes: &[u8]) -> Option<Discrepancy> {
    let library = path
        .rsplit('/')
        .next()?
        .strip_prefix("lib")?
        .strip_suffix(".a")?
        .parse::<Name>()
        .ok()?;
    let owned = members
        .iter()
        .map(|(name, bytes)| (name.clone(), bytes.to_vec()))
        .collect();
    let same = archive(&library, owned).is_ok_and(|again| again == bytes);
    (!same).then(|| {
        Discrepancy::new(
            path,
            DiscrepancyKind::Content,
            "its index or its headers are not what its members give",
        )
    })
}

/// Clang writes of itself what `clang --version` says, cut in two at `version`.
fn fits(identity: &Identity, name: &str, version: &str) -> bool {
    identity.clang.starts_with(name)
        && identity.clang.ends_with(version)
        && !name.is_empty()
        && !version.is_empty()
}

/// The compilers that a WebAssembly object says it was processed by, with their versions. Source:
/// <https://github.com/WebAssembly/tool-conventions/blob/main/ProducersSection.md>.
fn made_by(object: &[u8]) -> Result<Vec<(String, String)>, object::Error> {
    let file = object::File::parse(object)?;
    let Some(section) = file.section_by_name("producers") else {
        return Ok(Vec::new());
    };
    Ok(processed_by(section.data()?).unwrap_or_default())
}

fn processed_by(mut data: &[u8]) -> Option<Vec<(String, String)>> {
    let data = &mut data;
    let mut found = Vec::new();
    for _ in 0..number(data)? {
        let field = text(data)?;
        for _ in 0..number(data)? {
            let (name, version) = (text(data)?, text(data)?);
            if field == "processed-by" {
                found.push((name, version));
            }
        }
    }
    Some(found)
}

fn text(data: &mut &[u8]) -> Option<String> {
    let length = usize::try_from(number(data)?).ok()?;
    let (text, rest) = data.split_at_checked(length)?;
    *data = rest;
    String::from_utf8(text.to_vec()).ok()
}

/// LEB128, unsigned, of 32 bits.
fn number(data: &mut &[u8]) -> Option<u32> {
    let mut value = 0;
    for shift in (0..35).step_by(7) {
        let (&byte, rest) = data.split_first()?;
        *data = rest;
        value |= u32::from(byte & 0x7f).checked_shl(shift)?;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_compilers_of_a_producers_section_are_read_and_a_cut_section_has_none() {
        let section =
            b"\x02\x08language\x01\x03C11\x00\x0cprocessed-by\x01\x0cDebian clang\x0619.1.7";
        assert_eq!(
            processed_by(section),
            Some(vec![("Debian clang".to_owned(), "19.1.7".to_owned())])
        );
        for end in 0..section.len() {
            assert_eq!(processed_by(&section[..end]), None, "{end}");
        }
    }
}
