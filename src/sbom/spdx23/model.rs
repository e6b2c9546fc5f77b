//! The parts of SPDX 2.3's JSON that we write. Source: <https://spdx.github.io/spdx-spec/v2.3/> and
//! its JSON schema.

use serde::Serialize;

use crate::model::{
    Content, Copyright, Cpe, LicenseExpression, Purl, Recipe, Sha1, Sha256, Sha512, SwhDir,
    Timestamp,
};
use crate::sbom::names::{Stated, known_license};

/// The document's own identifier.
pub const DOCUMENT: &str = "SPDXRef-DOCUMENT";

/// A document. Fields come out in this order.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Spdx2Document {
    pub spdx_version: &'static str,
    pub data_license: &'static str,
    #[serde(rename = "SPDXID")]
    pub id: &'static str,
    pub name: String,
    pub document_namespace: String,
    pub creation_info: Spdx2CreationInfo,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub external_document_refs: Vec<ExternalDocument>,
    pub comment: String,
    pub packages: Vec<Spdx2Package>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<Spdx2File>,
    pub relationships: Vec<Spdx2Relationship>,
}

/// When and by what it was made.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Spdx2CreationInfo {
    pub created: Timestamp,
    pub creators: Vec<String>,
    pub license_list_version: &'static str,
    /// At which point of the software's life the document was made, in CISA's word for it.
    pub comment: String,
}

/// Another document that this one refers to.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ExternalDocument {
    /// `DocumentRef-…`
    pub external_document_id: String,
    pub spdx_document: String,
    pub checksum: Spdx2Checksum,
}

/// A source, a library or a tool.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Spdx2Package {
    #[serde(rename = "SPDXID")]
    pub id: String,
    pub name: String,
    pub version_info: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub package_file_name: Option<String>,
    pub supplier: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub originator: Option<String>,
    pub download_location: String,
    pub files_analyzed: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub package_verification_code: Option<VerificationCode>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub checksums: Vec<Spdx2Checksum>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub homepage: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source_info: Option<String>,
    pub license_concluded: Stated<LicenseExpression>,
    pub license_declared: Stated<LicenseExpression>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub license_comments: Option<String>,
    pub copyright_text: Stated<Copyright>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub summary: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub external_refs: Vec<Spdx2ExternalRef>,
    pub primary_package_purpose: &'static str,
}

/// Over the files of a package (SPDX 2.3, 7.9).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct VerificationCode {
    pub package_verification_code_value: String,
}

impl VerificationCode {
    /// The SHA-1 over the files' SHA-1 digests in hexadecimal, sorted and joined.
    #[must_use]
    pub fn of(files: impl IntoIterator<Item = Sha1>) -> Self {
        let mut digests: Vec<String> = files.into_iter().map(|digest| digest.to_string()).collect();
        digests.sort();
        Self {
            package_verification_code_value: Sha1::of(digests.concat().as_bytes()).to_string(),
        }
    }
}

/// What a file may be used under, and whose it is.
#[derive(Debug, Clone)]
pub struct Rights {
    pub license: Stated<LicenseExpression>,
    pub copyright: Stated<Copyright>,
}

impl Rights {
    /// Of files of the SDK: its makers' licence says nothing of each.
    pub const UNKNOWN: Self = Self {
        license: Stated::NoAssertion,
        copyright: Stated::NoAssertion,
    };

    /// Of our own patches and overlays.
    pub fn ours() -> Self {
        Self {
            license: Stated::Known(known_license(env!("CARGO_PKG_LICENSE"))),
            copyright: Stated::NoAssertion,
        }
    }

    /// Of the files of a source that take part, and of what is made from them.
    pub fn of(recipe: &Recipe) -> Self {
        Self {
            license: Stated::of(&recipe.license.expression),
            copyright: Stated::of(&recipe.license.copyright),
        }
    }
}

/// A file of a package, or one that took part in making one.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Spdx2File {
    #[serde(rename = "SPDXID")]
    pub id: String,
    pub file_name: String,
    pub file_types: Vec<&'static str>,
    pub checksums: Vec<Spdx2Checksum>,
    pub license_concluded: Stated<LicenseExpression>,
    pub copyright_text: Stated<Copyright>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
}

/// A digest.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Spdx2Checksum {
    pub algorithm: &'static str,
    pub checksum_value: String,
}

impl From<Sha512> for Spdx2Checksum {
    fn from(digest: Sha512) -> Self {
        Self {
            algorithm: "SHA512",
            checksum_value: digest.to_string(),
        }
    }
}

impl From<Sha256> for Spdx2Checksum {
    fn from(digest: Sha256) -> Self {
        Self {
            algorithm: "SHA256",
            checksum_value: digest.to_string(),
        }
    }
}

impl From<Sha1> for Spdx2Checksum {
    fn from(digest: Sha1) -> Self {
        Self {
            algorithm: "SHA1",
            checksum_value: digest.to_string(),
        }
    }
}

impl Spdx2Checksum {
    /// Those that SPDX 2.3 has a name for.
    #[must_use]
    pub fn of(content: &Content) -> Vec<Self> {
        vec![content.sha1.into(), content.sha256.into()]
    }
}

/// How another database calls a package.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Spdx2ExternalRef {
    pub reference_category: &'static str,
    pub reference_type: &'static str,
    pub reference_locator: String,
}

impl Spdx2ExternalRef {
    /// A package URL.
    #[must_use]
    pub fn purl(purl: &Purl) -> Self {
        Self {
            reference_category: "PACKAGE-MANAGER",
            reference_type: "purl",
            reference_locator: purl.to_string(),
        }
    }

    /// What Software Heritage calls the whole archive's tree.
    #[must_use]
    pub fn swhid(directory: &SwhDir) -> Self {
        Self {
            reference_category: "PERSISTENT-ID",
            reference_type: "swh",
            reference_locator: directory.to_string(),
        }
    }

    /// A CPE 2.3 name.
    #[must_use]
    pub fn cpe(cpe: &Cpe) -> Self {
        Self {
            reference_category: "SECURITY",
            reference_type: "cpe23Type",
            reference_locator: cpe.to_string(),
        }
    }
}

/// A relationship between two elements.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Spdx2Relationship {
    #[serde(rename = "spdxElementId")]
    pub element: String,
    pub relationship_type: &'static str,
    #[serde(rename = "relatedSpdxElement")]
    pub related: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_verification_code_is_that_of_the_sorted_digests_whatever_the_order() {
        let (a, b) = (Sha1::of(b"a"), Sha1::of(b"b"));
        // `printf a | sha1sum` and `printf b | sha1sum`, sorted, joined without line ends, through
        // sha1sum once more.
        let expected = "5463504435e4dbf2b93a3a8a00ca78e36ea40e24";
        let code = VerificationCode::of([a, b]);
        assert_eq!(code, VerificationCode::of([b, a]));
        assert_eq!(code.package_verification_code_value, expected);
    }
}
