//! What a file of a prefix was made from: for people and programs that ask for one file rather than
//! read a document.

use serde::Serialize;

use crate::build::{BuildTrace, FileOrigin, ManifestContents, TracedFile, TracedMember};
use crate::model::{RelPath, Sha256};

/// A file, or a member of an archive, and what it was made from.
#[derive(Debug, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Explained<'a> {
    /// A static library.
    Archive {
        path: &'a RelPath,
        source: String,
        sha256: Sha256,
        members: Vec<MemberOfArchive<'a>>,
    },
    /// An object in a static library.
    Member {
        path: &'a RelPath,
        source: String,
        member: MemberOfArchive<'a>,
    },
    /// A file of the source's tree, under another name.
    Copy {
        path: &'a RelPath,
        source: String,
        sha256: Sha256,
        file: Option<FileOfPrefix<'a>>,
    },
    /// A file that the recipe's data was written into.
    Made {
        path: &'a RelPath,
        source: String,
        sha256: Sha256,
    },
    /// A file about the whole prefix.
    About { path: &'a RelPath, sha256: Sha256 },
}

/// A member of an archive.
#[derive(Debug, Serialize)]
pub struct MemberOfArchive<'a> {
    pub name: &'a str,
    pub sha256: Sha256,
    /// The whole command, but for the names of output and dependency file; the SDK's folder is
    /// written `<sdk>`, and the working directory is the source's tree.
    pub command: String,
    pub source: FileOfPrefix<'a>,
    /// All else that clang opened.
    pub headers: Vec<FileOfPrefix<'a>>,
}

/// A file that took part.
#[derive(Debug, Serialize)]
pub struct FileOfPrefix<'a> {
    /// `zlib`, or `sdk`.
    pub of: &'a str,
    pub path: &'a RelPath,
    pub origin: FileOrigin,
    pub sha256: Sha256,
    pub swhid: String,
    /// Those that changed it.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    pub patches: &'a [RelPath],
    /// Before them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unpatched: Option<Sha256>,
    /// The file of the same tree that the recipe made it from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub made_from: Option<&'a RelPath>,
}

/// What made `path` of the prefix, or its member `member`; `None` where the prefix has no such file
/// or member.
#[must_use]
pub fn explain<'a>(
    manifest: &'a ManifestContents,
    trace: &'a BuildTrace,
    path: &str,
    member: Option<&str>,
) -> Option<Explained<'a>> {
    let installed = manifest
        .files
        .iter()
        .find(|file| file.path.as_str() == path)?;
    let (path, sha256) = (&installed.path, installed.sha256);
    let Some(name) = &installed.source else {
        return member
            .is_none()
            .then_some(Explained::About { path, sha256 });
    };
    let version = manifest
        .sources
        .iter()
        .find(|source| source.name == *name)
        .map(|source| source.version.to_string());
    let source = format!("{name} {}", version.unwrap_or_default());
    let mut members = trace
        .members_of(path.as_str())
        .map(|member| explained(trace, member))
        .peekable();
    if let Some(wanted) = member {
        return members
            .find(|member| member.name == wanted)
            .map(|member| Explained::Member {
                path,
                source,
                member,
            });
    }
    if members.peek().is_some() {
        return Some(Explained::Archive {
            path,
            source,
            sha256,
            members: members.collect(),
        });
    }
    Some(match &installed.copy_of {
        Some(from) => {
            let file = trace
                .files_of(name)
                .find(|file| file.path == *from)
                .map(file);
            Explained::Copy {
                path,
                source,
                sha256,
                file,
            }
        }
        None => Explained::Made {
            path,
            source,
            sha256,
        },
    })
}

fn explained<'a>(trace: &'a BuildTrace, member: &'a TracedMember) -> MemberOfArchive<'a> {
    MemberOfArchive {
        name: &member.name,
        sha256: member.content.sha256,
        command: command(trace, member),
        headers: member
            .headers
            .iter()
            .map(|&index| file(&trace.files[index]))
            .collect(),
        source: file(&trace.files[member.source]),
    }
}

/// What made `member`: see [`MemberOfArchive::command`].
pub(super) fn command(trace: &BuildTrace, member: &TracedMember) -> String {
    let words = trace
        .base_arguments
        .iter()
        .chain(&member.arguments)
        .map(|word| crate::toolchain::quote(word));
    let command = std::iter::once("clang".to_owned())
        .chain(words)
        .collect::<Vec<_>>()
        .join(" ");
    format!("{command} -c {}", trace.files[member.source].path)
}

fn file(file: &TracedFile) -> FileOfPrefix<'_> {
    FileOfPrefix {
        of: file
            .source
            .as_ref()
            .map_or("sdk", crate::model::Name::as_str),
        path: &file.path,
        origin: file.origin,
        sha256: file.content.sha256,
        swhid: file.content.swhid(),
        patches: &file.patches,
        unpatched: file.unpatched.map(|content| content.sha256),
        made_from: file.made_from.as_ref(),
    }
}
