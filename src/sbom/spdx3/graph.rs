//! A document in the making: elements by identifier, relationships by what they go out from.

use std::collections::{BTreeMap, BTreeSet};

use super::model::{
    Created, Element, ExternalIdentifier, HERE, Id, LicenseElement, Named, Sbom, Serialized,
    Spdx3CreationInfo, Spdx3File, Spdx3Relationship, SpdxDocument,
};
use crate::model::{LicenseExpression, Sha256};
use crate::sbom::names::{self, SbomType, Stated};
use crate::sbom::{Context, text};

/// Relationships of a build hold while it runs (SPDX 3.0.1, Build profile).
const OF_A_BUILD: [&str; 4] = ["hasInput", "hasOutput", "invokedBy", "usesTool"];

/// Elements in any order; the same one may come twice.
#[derive(Default)]
pub struct ElementGraph {
    elements: BTreeMap<Id, Element>,
    related: BTreeMap<(Id, &'static str), BTreeSet<Id>>,
    roots: BTreeSet<Id>,
}

/// What a document says of itself.
pub struct Title<'a> {
    pub name: String,
    /// What is in it, what is not, and why.
    pub comment: &'a str,
    pub sbom_type: SbomType,
    pub profiles: &'a [&'static str],
}

impl ElementGraph {
    /// Adds an element, and gives its identifier back.
    pub fn add(&mut self, id: Id, node: Element) -> Id {
        self.elements.insert(id.clone(), node);
        id
    }

    /// Adds an element that the document is about.
    pub fn add_root(&mut self, id: Id, node: Element) -> Id {
        self.roots.insert(id.clone());
        self.add(id, node)
    }

    pub fn file(&mut self, file: Spdx3File) -> Id {
        self.add(file.spdx_id.clone(), Element::File(Box::new(file)))
    }

    pub fn relate(&mut self, from: &Id, kind: &'static str, to: impl IntoIterator<Item = Id>) {
        self.related
            .entry((from.clone(), kind))
            .or_default()
            .extend(to);
    }

    /// The organisation of this name.
    pub fn organization(&mut self, name: &str) -> Id {
        let id = Id::new("Organization", name);
        let named = Named {
            spdx_id: id.clone(),
            creation_info: Created,
            name: name.to_owned(),
            external_identifier: Vec::new(),
        };
        self.add(id, Element::Organization(named))
    }

    /// Says under which licences an element is.
    pub fn license(
        &mut self,
        of: &Id,
        concluded: Stated<LicenseExpression>,
        declared: Stated<LicenseExpression>,
    ) {
        for (kind, expression) in [
            ("hasConcludedLicense", concluded),
            ("hasDeclaredLicense", declared),
        ] {
            let license = self.expression(expression);
            self.relate(of, kind, [license]);
        }
    }

    fn expression(&mut self, expression: Stated<LicenseExpression>) -> Id {
        let id = Id::new("License", &expression.to_string());
        let license = LicenseElement {
            spdx_id: id.clone(),
            creation_info: Created,
            expression,
            license_list_version: names::license_list_version(),
        };
        self.add(id, Element::License(license))
    }

    /// The document's text: sorted, and under a namespace that is made of its content.
    pub fn into_text(mut self, title: &Title<'_>, context: &Context<'_>) -> String {
        let creation_info = Spdx3CreationInfo {
            id: Created,
            spec_version: "3.0.1",
            created: context.created,
            created_by: vec![self.organization(names::SUPPLIER)],
            created_using: vec![self.generator()],
        };
        let data_license = self.expression(Stated::Known(names::known_license("CC0-1.0")));
        for ((from, kind), to) in std::mem::take(&mut self.related) {
            let id = Id::new("Relationship", &format!("{}:{kind}", from.fragment()));
            let scope = OF_A_BUILD.contains(&kind).then_some("build");
            let relationship = Spdx3Relationship {
                spdx_id: id.clone(),
                creation_info: Created,
                from,
                relationship_type: kind,
                to: to.into_iter().collect(),
                // Headers of the SDK are inputs too, and are not listed: it is named as a tool,
                // with its digest.
                completeness: if kind == "hasInput" {
                    "incomplete"
                } else {
                    "complete"
                },
                scope,
            };
            let node = if scope.is_some() {
                Element::LifecycleScopedRelationship(relationship)
            } else {
                Element::Relationship(relationship)
            };
            self.elements.insert(id, node);
        }
        let sbom = Sbom {
            spdx_id: Id::new("Sbom", &title.name),
            creation_info: Created,
            name: title.name.clone(),
            comment: title.comment.to_owned(),
            sbom_type: vec![title.sbom_type.word()],
            root_element: self.roots.into_iter().collect(),
            element: self.elements.keys().cloned().collect(),
        };
        let document = SpdxDocument {
            spdx_id: Id::new("Document", &title.name),
            creation_info: Created,
            name: title.name.clone(),
            comment: names::exclusion_statement(context),
            data_license,
            profile_conformance: title.profiles.to_vec(),
            root_element: vec![sbom.spdx_id.clone()],
            element: self
                .elements
                .keys()
                .chain([&sbom.spdx_id])
                .cloned()
                .collect(),
        };
        let own = [
            Element::CreationInfo(creation_info),
            Element::SpdxDocument(document),
            Element::Sbom(sbom),
        ];
        let graph = own.into_iter().chain(self.elements.into_values()).collect();
        let relative = text(&Serialized {
            context: "https://spdx.org/rdf/3.0.1/spdx-context.jsonld",
            graph,
        });
        let namespace = format!(
            "https://spdx.org/spdxdocs/{}-{}",
            title.name,
            Sha256::of(relative.as_bytes())
        );
        relative.replace(HERE, &namespace)
    }

    fn generator(&mut self) -> Id {
        let name = format!("{}-{}", env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION"));
        let id = Id::new("Generator", &name);
        // The class `Tool` has no version of its own.
        let purl = names::this_program(env!("CARGO_PKG_VERSION")).purl;
        let identifier = ExternalIdentifier {
            external_identifier_type: "packageUrl",
            identifier: purl.to_string(),
        };
        let named = Named {
            spdx_id: id.clone(),
            creation_info: Created,
            name,
            external_identifier: vec![identifier],
        };
        self.add(id, Element::Tool(named))
    }
}
