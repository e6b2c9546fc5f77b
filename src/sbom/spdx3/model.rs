//! The classes of SPDX 3.0.1 that we write, as its JSON-LD has them. Source:
//! <https://spdx.github.io/spdx-spec/v3.0.1/> and its JSON schema.

use serde::Serialize;

use crate::model::{Content, LicenseExpression, Purl, Sha1, Sha256, Sha512, Timestamp};
use crate::sbom::names::{self, Stated};

/// What stands for the document's namespace until the content, and so the namespace, is known.
/// `.invalid` is no one's (RFC 2606).
pub const HERE: &str = "https://this-document.invalid";

/// An element's identifier.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct Id(String);

impl Id {
    /// That of the element of `kind` for `name`, which may be any text.
    pub fn new(kind: &str, name: &str) -> Self {
        Self(format!("{HERE}#{}", names::identifier(kind, name)))
    }

    /// What it is in its document alone.
    pub fn fragment(&self) -> &str {
        self.0.rsplit('#').next().unwrap_or_default()
    }
}

/// The one node of [`Spdx3CreationInfo`], which is a blank one.
#[derive(Debug, Clone, Copy, Default)]
pub struct Created;

impl Serialize for Created {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str("_:creation-info")
    }
}

/// A whole document.
#[derive(Debug, Serialize)]
pub struct Serialized {
    #[serde(rename = "@context")]
    pub context: &'static str,
    #[serde(rename = "@graph")]
    pub graph: Vec<Element>,
}

/// What a graph is made of.
#[derive(Debug, Clone, Serialize)]
#[serde(tag = "type")]
pub enum Element {
    CreationInfo(Spdx3CreationInfo),
    SpdxDocument(SpdxDocument),
    #[serde(rename = "software_Sbom")]
    Sbom(Sbom),
    #[serde(rename = "software_Package")]
    Package(Box<Spdx3Package>),
    #[serde(rename = "software_File")]
    File(Box<Spdx3File>),
    #[serde(rename = "build_Build")]
    Build(Box<Build>),
    #[serde(rename = "simplelicensing_LicenseExpression")]
    License(LicenseElement),
    Organization(Named),
    SoftwareAgent(Named),
    Tool(Named),
    Relationship(Spdx3Relationship),
    LifecycleScopedRelationship(Spdx3Relationship),
}

/// When and by whom the document was made.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Spdx3CreationInfo {
    #[serde(rename = "@id")]
    pub id: Created,
    pub spec_version: &'static str,
    pub created: Timestamp,
    pub created_by: Vec<Id>,
    pub created_using: Vec<Id>,
}

#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SpdxDocument {
    pub spdx_id: Id,
    pub creation_info: Created,
    pub name: String,
    pub comment: String,
    pub data_license: Id,
    pub profile_conformance: Vec<&'static str>,
    pub root_element: Vec<Id>,
    pub element: Vec<Id>,
}

#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Sbom {
    pub spdx_id: Id,
    pub creation_info: Created,
    pub name: String,
    pub comment: String,
    #[serde(rename = "software_sbomType")]
    pub sbom_type: Vec<&'static str>,
    pub root_element: Vec<Id>,
    pub element: Vec<Id>,
}

/// The whole, a source, a library or a tool.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Spdx3Package {
    pub spdx_id: Id,
    pub creation_info: Created,
    pub name: String,
    pub summary: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub verified_using: Vec<Spdx3Hash>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub external_identifier: Vec<ExternalIdentifier>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub external_ref: Vec<Spdx3ExternalRef>,
    pub supplied_by: Id,
    pub originated_by: Vec<Id>,
    #[serde(rename = "software_packageVersion")]
    pub version: String,
    #[serde(rename = "software_primaryPurpose")]
    pub purpose: &'static str,
    #[serde(
        rename = "software_packageUrl",
        skip_serializing_if = "Option::is_none"
    )]
    pub package_url: Option<Purl>,
    #[serde(
        rename = "software_downloadLocation",
        skip_serializing_if = "Option::is_none"
    )]
    pub download_location: Option<String>,
    #[serde(rename = "software_homePage", skip_serializing_if = "Option::is_none")]
    pub home_page: Option<String>,
    #[serde(
        rename = "software_sourceInfo",
        skip_serializing_if = "Option::is_none"
    )]
    pub source_info: Option<String>,
    #[serde(rename = "software_copyrightText")]
    pub copyright_text: String,
}

#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Spdx3File {
    pub spdx_id: Id,
    pub creation_info: Created,
    /// Its path.
    pub name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
    pub verified_using: Vec<Spdx3Hash>,
    #[serde(
        rename = "software_contentIdentifier",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub content_identifier: Vec<ContentIdentifier>,
    #[serde(rename = "software_fileKind")]
    pub kind: &'static str,
    #[serde(rename = "software_primaryPurpose")]
    pub purpose: &'static str,
}

/// A build of one library.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Build {
    pub spdx_id: Id,
    pub creation_info: Created,
    pub name: String,
    pub comment: String,
    #[serde(rename = "build_buildType")]
    pub build_type: String,
    #[serde(rename = "build_buildId")]
    pub build_id: String,
    #[serde(rename = "build_configSourceEntrypoint")]
    pub config_source_entrypoint: Vec<String>,
    #[serde(rename = "build_configSourceDigest")]
    pub config_source_digest: Vec<Spdx3Hash>,
    #[serde(rename = "build_parameter")]
    pub parameter: Vec<DictionaryEntry>,
}

#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LicenseElement {
    pub spdx_id: Id,
    pub creation_info: Created,
    #[serde(rename = "simplelicensing_licenseExpression")]
    pub expression: Stated<LicenseExpression>,
    #[serde(rename = "simplelicensing_licenseListVersion")]
    pub license_list_version: &'static str,
}

/// An agent or a tool.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Named {
    pub spdx_id: Id,
    pub creation_info: Created,
    pub name: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub external_identifier: Vec<ExternalIdentifier>,
}

#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Spdx3Relationship {
    pub spdx_id: Id,
    pub creation_info: Created,
    pub from: Id,
    pub relationship_type: &'static str,
    pub to: Vec<Id>,
    /// `complete` where there are no others.
    pub completeness: &'static str,
    /// Of relationships that hold at one time only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scope: Option<&'static str>,
}

#[derive(Debug, Clone, Serialize)]
#[serde(tag = "type", rename_all = "camelCase", rename = "Hash")]
pub struct Spdx3Hash {
    pub algorithm: &'static str,
    pub hash_value: String,
}

impl From<Sha512> for Spdx3Hash {
    fn from(digest: Sha512) -> Self {
        Self {
            algorithm: "sha512",
            hash_value: digest.to_string(),
        }
    }
}

impl From<Sha256> for Spdx3Hash {
    fn from(digest: Sha256) -> Self {
        Self {
            algorithm: "sha256",
            hash_value: digest.to_string(),
        }
    }
}

impl From<Sha1> for Spdx3Hash {
    fn from(digest: Sha1) -> Self {
        Self {
            algorithm: "sha1",
            hash_value: digest.to_string(),
        }
    }
}

#[derive(Debug, Clone, Serialize)]
#[serde(tag = "type", rename = "software_ContentIdentifier")]
pub struct ContentIdentifier {
    #[serde(rename = "software_contentIdentifierType")]
    pub kind: &'static str,
    #[serde(rename = "software_contentIdentifierValue")]
    pub value: String,
}

impl ContentIdentifier {
    /// Those of a file.
    pub fn of(content: &Content) -> Vec<Self> {
        vec![
            Self {
                kind: "gitoid",
                value: content.gitoid(),
            },
            Self {
                kind: "swhid",
                value: content.swhid(),
            },
        ]
    }
}

/// How another database calls a package.
#[derive(Debug, Clone, Serialize)]
#[serde(tag = "type", rename_all = "camelCase", rename = "ExternalIdentifier")]
pub struct ExternalIdentifier {
    pub external_identifier_type: &'static str,
    pub identifier: String,
}

/// Where more is to be found.
#[derive(Debug, Clone, Serialize)]
#[serde(tag = "type", rename_all = "camelCase", rename = "ExternalRef")]
pub struct Spdx3ExternalRef {
    pub external_ref_type: &'static str,
    pub locator: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(tag = "type", rename = "DictionaryEntry")]
pub struct DictionaryEntry {
    pub key: String,
    pub value: String,
}
