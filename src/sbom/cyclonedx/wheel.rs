//! What a Python wheel holds of a prefix, for its `.dist-info/sboms/`. Sources: PEP 770, and the
//! page "Binary distribution format" of PyPA's specifications.

use std::collections::BTreeSet;

use super::model::{Bom, Component, Composition};
use super::{SpecVersion, bom, components, depends, required};
use crate::model::{LibraryId, Name, Purl};
use crate::sbom::{BuiltPrefix, Context};

/// The distribution that a wheel is of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wheel {
    name: String,
    version: String,
    purl: Purl,
}

/// Metadata that name no distribution.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WheelError {
    #[error("it has no field `{0}`")]
    NoField(&'static str),
    #[error("`{0}` is not the name and version of a distribution")]
    Purl(String),
}

impl Wheel {
    /// Reads the text of a wheel's `METADATA`: fields as in the head of a mail, then a description.
    ///
    /// # Errors
    /// When name or version are missing, or can't be those of a package URL.
    pub fn parse(metadata: &str) -> Result<Self, WheelError> {
        let head = metadata.lines().take_while(|line| !line.trim().is_empty());
        let field = |wanted: &'static str| {
            let found = head
                .clone()
                .filter_map(|line| line.split_once(':'))
                .find(|(key, _)| key.eq_ignore_ascii_case(wanted));
            found
                .map(|(_, value)| value.trim().to_owned())
                .filter(|value| !value.is_empty())
                .ok_or(WheelError::NoField(wanted))
        };
        let (name, version) = (field("Name")?, field("Version")?);
        let purl = Purl::new("pypi", None, &name, Some(&version))
            .map_err(|_| WheelError::Purl(format!("{name} {version}")))?;
        Ok(Self {
            name,
            version,
            purl,
        })
    }
}

/// The BOM of what `wheel` holds of a prefix: the libraries of the sources `linked`, and those that
/// they require. The wheel itself is the primary component, and known to be incomplete: what else
/// is in it is for others to say.
#[must_use]
pub fn document(
    built: &BuiltPrefix<'_>,
    linked: &BTreeSet<Name>,
    wheel: &Wheel,
    context: &Context<'_>,
) -> Bom {
    let manifest = built.manifest;
    let of_sources = manifest
        .sources
        .iter()
        .filter(|source| linked.contains(&source.name));
    let mut next: Vec<LibraryId> = of_sources
        .flat_map(|source| source.libraries.iter().map(|library| source.id(library)))
        .collect();
    let mut wanted = BTreeSet::new();
    while let Some(id) = next.pop() {
        if let Some((_, library)) = manifest.library(&id)
            && wanted.insert(id)
        {
            next.extend(library.required().cloned());
        }
    }
    let subject = wheel.purl.to_string();
    let (mut libraries, mut dependencies) = (Vec::new(), Vec::new());
    for (selected, installed) in built.sources() {
        for library in installed
            .libraries
            .iter()
            .filter(|library| wanted.contains(&installed.id(library)))
        {
            libraries.push(components::library_as_linked(
                built, selected, installed, library,
            ));
            dependencies.push(depends(
                &components::library_ref(installed, library),
                required(manifest, library).collect(),
            ));
        }
    }
    let references: Vec<String> = libraries
        .iter()
        .map(|library| library.bom_ref.clone())
        .collect();
    dependencies.insert(0, depends(&subject, references.clone()));
    let known = Composition {
        aggregate: "complete",
        assemblies: Vec::new(),
        dependencies: references,
    };
    let wheel = Component {
        r#type: "library",
        bom_ref: subject.clone(),
        name: wheel.name.clone(),
        version: Some(wheel.version.clone()),
        purl: Some(wheel.purl.clone()),
        ..Component::default()
    };
    let whole = Composition {
        aggregate: "incomplete",
        assemblies: vec![subject.clone()],
        dependencies: vec![subject],
    };
    let mut document = Bom {
        components: libraries,
        dependencies,
        compositions: vec![whole, known],
        ..bom("build", wheel, context)
    };
    // Who hands out the wheel is not known here.
    document.metadata.supplier = None;
    document.named(SpecVersion::default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wheel_is_what_the_head_of_its_metadata_says() {
        let wheel = Wheel::parse(
            "Metadata-Version: 2.4\nname: My_Package\nVersion: 1.0+wasi\n\nName: other\n",
        )
        .expect("a wheel");
        assert_eq!(
            (wheel.name.as_str(), wheel.version.as_str()),
            ("My_Package", "1.0+wasi")
        );
        assert_eq!(wheel.purl.to_string(), "pkg:pypi/my-package@1.0%2Bwasi");
        assert_eq!(
            Wheel::parse("Metadata-Version: 2.4\nName: a\n\nVersion: 1\n"),
            Err(WheelError::NoField("Version"))
        );
        assert_eq!(
            Wheel::parse("Version: 1\n"),
            Err(WheelError::NoField("Name"))
        );
        assert_eq!(
            Wheel::parse("Name: a\nVersion: 1/2\n"),
            Err(WheelError::Purl("a 1/2".into()))
        );
    }
}
