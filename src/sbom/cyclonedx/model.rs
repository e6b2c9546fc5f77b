//! The parts of CycloneDX's JSON that we write, which are the same in versions 1.6 and 1.7. Source:
//! <https://cyclonedx.org/docs/1.6/json/>, <https://cyclonedx.org/docs/1.7/json/> and their JSON
//! schemas.

use serde::Serialize;

use crate::model::{Content, Cpe, LicenseExpression, Purl, Sha1, Sha256, Sha512, Timestamp};

/// A document. Fields come out in this order.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Bom {
    #[serde(rename = "$schema")]
    pub schema: &'static str,
    pub bom_format: &'static str,
    pub spec_version: &'static str,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub serial_number: String,
    pub version: u32,
    pub metadata: Metadata,
    pub components: Vec<Component>,
    pub dependencies: Vec<CdxDependency>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub compositions: Vec<Composition>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub formulation: Vec<Formula>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub properties: Vec<Property>,
}

/// When, by what and of what a document was made.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Metadata {
    pub timestamp: Timestamp,
    pub lifecycles: Vec<Lifecycle>,
    pub tools: Tools,
    /// Who made the document.
    pub manufacturer: Organization,
    pub component: Component,
    /// Who hands out what the document is of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub supplier: Option<Organization>,
}

/// A phase of what the document is of.
#[derive(Debug, Serialize)]
pub struct Lifecycle {
    pub phase: &'static str,
}

/// What made the document.
#[derive(Debug, Serialize)]
pub struct Tools {
    pub components: Vec<Component>,
}

/// A library, a source, a tool or a file.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Component {
    pub r#type: &'static str,
    #[serde(rename = "bom-ref")]
    pub bom_ref: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub supplier: Option<Organization>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub publisher: Option<String>,
    pub name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub hashes: Vec<CdxHash>,
    /// One expression, or none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub licenses: Vec<CdxLicense>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub copyright: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cpe: Option<Cpe>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub purl: Option<Purl>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub omnibor_id: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub swhid: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pedigree: Option<Pedigree>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub external_references: Vec<ExternalReference>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub components: Vec<Component>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub properties: Vec<Property>,
}

impl Component {
    /// All names of `content`.
    pub fn contains(&mut self, content: &Content) {
        self.hashes = vec![content.sha1.into(), content.sha256.into()];
        self.omnibor_id = vec![content.gitoid()];
        self.swhid = vec![content.swhid()];
    }
}

/// A person or a group.
#[derive(Debug, Clone, Serialize)]
pub struct Organization {
    pub name: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub url: Vec<String>,
}

/// A digest.
#[derive(Debug, Clone, Serialize)]
pub struct CdxHash {
    pub alg: &'static str,
    pub content: String,
}

impl From<Sha1> for CdxHash {
    fn from(digest: Sha1) -> Self {
        Self {
            alg: "SHA-1",
            content: digest.to_string(),
        }
    }
}

impl From<Sha512> for CdxHash {
    fn from(digest: Sha512) -> Self {
        Self {
            alg: "SHA-512",
            content: digest.to_string(),
        }
    }
}

impl From<Sha256> for CdxHash {
    fn from(digest: Sha256) -> Self {
        Self {
            alg: "SHA-256",
            content: digest.to_string(),
        }
    }
}

/// An SPDX licence expression.
#[derive(Debug, Clone, Serialize)]
pub struct CdxLicense {
    pub expression: LicenseExpression,
    /// `declared` or `concluded`.
    pub acknowledgement: &'static str,
}

/// What a component was made from.
#[derive(Debug, Serialize)]
pub struct Pedigree {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub ancestors: Vec<Component>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub patches: Vec<CdxPatch>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub notes: Option<String>,
}

/// A change to upstream's files.
#[derive(Debug, Serialize)]
pub struct CdxPatch {
    /// `unofficial`, or `backport` where upstream has it.
    pub r#type: &'static str,
    pub diff: Diff,
    pub resolves: Vec<Issue>,
}

/// The text of a patch, and where upstream has it.
#[derive(Debug, Serialize)]
pub struct Diff {
    pub text: Attachment,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
}

/// A text.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Attachment {
    pub content_type: &'static str,
    pub content: String,
}

/// Why a patch is needed.
#[derive(Debug, Serialize)]
pub struct Issue {
    /// `security` for a vulnerability.
    pub r#type: &'static str,
    /// Of a vulnerability.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    pub name: String,
    pub description: String,
}

/// What is elsewhere.
#[derive(Debug, Serialize)]
pub struct ExternalReference {
    pub r#type: &'static str,
    pub url: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub hashes: Vec<CdxHash>,
}

/// What has no field of its own.
#[derive(Debug, Serialize)]
pub struct Property {
    pub name: &'static str,
    pub value: String,
}

/// What a component needs.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CdxDependency {
    pub r#ref: String,
    pub depends_on: Vec<String>,
}

/// How much is known of components.
#[derive(Debug, Serialize)]
pub struct Composition {
    pub aggregate: &'static str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub assemblies: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub dependencies: Vec<String>,
}

/// How components were made.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Formula {
    #[serde(rename = "bom-ref")]
    pub bom_ref: String,
    /// The tools.
    pub components: Vec<Component>,
    pub workflows: Vec<Workflow>,
}

/// How one archive was made.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Workflow {
    #[serde(rename = "bom-ref")]
    pub bom_ref: String,
    pub uid: String,
    pub resource_references: Vec<CdxResource>,
    pub tasks: Vec<Task>,
    pub task_types: Vec<&'static str>,
    pub inputs: Vec<Flow>,
    pub outputs: Vec<Flow>,
}

/// How one object was made.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Task {
    #[serde(rename = "bom-ref")]
    pub bom_ref: String,
    pub uid: String,
    pub task_types: Vec<&'static str>,
    pub steps: Vec<CdxStep>,
    pub outputs: Vec<Flow>,
}

/// One process.
#[derive(Debug, Serialize)]
pub struct CdxStep {
    pub commands: Vec<CdxCommand>,
}

/// Its command line.
#[derive(Debug, Serialize)]
pub struct CdxCommand {
    pub executed: String,
}

/// What goes into a workflow, or comes out of a workflow or task.
#[derive(Debug, Serialize)]
pub struct Flow {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub r#type: Option<&'static str>,
    pub resource: CdxResource,
}

impl Flow {
    /// The component `bom_ref` goes in.
    pub fn input(bom_ref: &str) -> Self {
        Self {
            r#type: None,
            resource: CdxResource {
                r#ref: bom_ref.to_owned(),
            },
        }
    }

    /// The component `bom_ref` comes out.
    pub fn output(bom_ref: &str) -> Self {
        Self {
            r#type: Some("artifact"),
            ..Self::input(bom_ref)
        }
    }
}

/// A component of the document.
#[derive(Debug, Serialize)]
pub struct CdxResource {
    pub r#ref: String,
}
