//! SPDX 2.3 documents: of the locked sources, of a prefix, and one of each source in a prefix, with
//! the files that made its libraries.

mod library;
mod model;
mod packages;
mod prefix;

pub use library::{library_document, path as library_path};
pub use model::{Spdx2Document, VerificationCode};
pub use prefix::{prefix_document, sources_document};

use super::names::SbomType;
use super::{Context, names};
use crate::model::Sha256;
use model::{
    DOCUMENT, ExternalDocument, Spdx2CreationInfo, Spdx2File, Spdx2Package, Spdx2Relationship,
};

/// What a document is made of, in any order.
#[derive(Default)]
struct Spdx2Parts {
    external: Vec<ExternalDocument>,
    packages: Vec<Spdx2Package>,
    files: Vec<Spdx2File>,
    relationships: Vec<Spdx2Relationship>,
}

impl Spdx2Parts {
    fn relate(&mut self, element: &str, relationship_type: &'static str, related: &str) {
        self.relationships.push(Spdx2Relationship {
            element: element.to_owned(),
            relationship_type,
            related: related.to_owned(),
        });
    }

    fn describes(&mut self, package: Spdx2Package) {
        self.relate(DOCUMENT, "DESCRIBES", &package.id);
        self.packages.push(package);
    }

    /// The document, sorted, and named by its content: a namespace must be unique to it (SPDX 2.3,
    /// 6.5).
    fn into_document(
        mut self,
        name: String,
        sbom_type: SbomType,
        context: &Context<'_>,
    ) -> Spdx2Document {
        self.packages.sort_by(|a, b| a.id.cmp(&b.id));
        self.files.sort_by(|a, b| a.id.cmp(&b.id));
        self.relationships.sort();
        self.relationships.dedup();
        let mut document = Spdx2Document {
            spdx_version: "SPDX-2.3",
            data_license: "CC0-1.0",
            id: DOCUMENT,
            document_namespace: String::new(),
            creation_info: Spdx2CreationInfo {
                created: context.created,
                creators: vec![
                    format!("Organization: {}", names::SUPPLIER),
                    format!("Tool: wasideps-{}", env!("CARGO_PKG_VERSION")),
                ],
                license_list_version: license_list_version(),
                // In the form that the OpenChain Telco SBOM Guide asks for: SPDX 2.3 has no field
                // of its own.
                comment: format!("SBOM Type: {}", sbom_type.title()),
            },
            comment: names::exclusion_statement(context),
            external_document_refs: self.external,
            packages: self.packages,
            files: self.files,
            relationships: self.relationships,
            name,
        };
        let content = serde_json::to_vec(&document).expect("a document has only string keys");
        document.document_namespace = format!(
            "https://spdx.org/spdxdocs/{}-{}",
            document.name,
            Sha256::of(&content)
        );
        document
    }
}

/// `major.minor` of the list that licence expressions are checked against (SPDX 2.3, 6.7).
fn license_list_version() -> &'static str {
    let version = names::license_list_version();
    version
        .match_indices('.')
        .nth(1)
        .map_or(version, |(end, _)| &version[..end])
}

/// An identifier of `kind` for `name`.
fn id(kind: &str, name: &str) -> String {
    format!("SPDXRef-{}", names::identifier(kind, name))
}
