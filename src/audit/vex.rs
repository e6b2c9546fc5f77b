//! OpenVEX 0.2.0, <https://github.com/openvex/spec/blob/main/OPENVEX-SPEC.md>: what users say of
//! vulnerabilities is read, what the audit found is written.

use camino::{Utf8Path, Utf8PathBuf};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::names::{KnownName, Subject, cpe};
use super::vulnerability::{Status, Suppression, Vulnerability};
use crate::model::{Cause, ErrorClass, Purl, Sha256, Timestamp, printable};
use crate::store::{TEXT_LIMIT, read_text};

const CONTEXT: &str = "https://openvex.dev/ns/v0.2.0";

/// A VEX document that can't be used: it is the user's own, so it is not passed over.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum VexError {
    #[error("{path} can't be read")]
    Read {
        path: Utf8PathBuf,
        source: std::io::Error,
    },
    #[error("{path} is not an OpenVEX document")]
    Format { path: Utf8PathBuf, source: Cause },
    #[error(
        "{path}: statement {number} on {vulnerability} says `not_affected` without `justification` or `impact_statement`"
    )]
    NoReason {
        path: Utf8PathBuf,
        number: usize,
        vulnerability: String,
    },
}

impl VexError {
    /// What kind of failure it is.
    #[must_use]
    pub fn class(&self) -> ErrorClass {
        match self {
            Self::Read { .. } | Self::Format { .. } | Self::NoReason { .. } => ErrorClass::Usage,
        }
    }
}

/// All statements of the documents that were read.
#[derive(Debug, Default)]
pub struct Opinions {
    statements: Vec<Opinion>,
}

#[derive(Debug)]
struct Opinion {
    file: Utf8PathBuf,
    timestamp: Option<Timestamp>,
    names: Vec<String>,
    products: Vec<Product>,
    status: String,
    justification: Option<String>,
    reason: Option<String>,
}

#[derive(Deserialize)]
struct VexDocument {
    #[serde(rename = "@context")]
    context: String,
    timestamp: Option<String>,
    statements: Vec<StatementWire>,
}

#[derive(Deserialize)]
struct StatementWire {
    /// A struct since 0.2.0, a name before.
    vulnerability: Value,
    timestamp: Option<String>,
    #[serde(default)]
    products: Vec<Value>,
    status: String,
    justification: Option<String>,
    impact_statement: Option<String>,
    status_notes: Option<String>,
}

/// A product or subcomponent, by each of its identifiers.
#[derive(Debug, Default)]
struct Product {
    /// Package URLs and CPEs.
    names: Vec<String>,
}

impl Opinions {
    /// Adds the document at `path`.
    ///
    /// # Errors
    /// When it can't be read, is no OpenVEX, or suppresses without a reason.
    pub fn read(&mut self, path: &Utf8Path) -> Result<(), VexError> {
        let text = read_text(path, TEXT_LIMIT).map_err(|source| VexError::Read {
            path: path.to_owned(),
            source,
        })?;
        let format = |source: Cause| VexError::Format {
            path: path.to_owned(),
            source,
        };
        let document: VexDocument =
            serde_json::from_str(&text).map_err(|error| format(error.into()))?;
        if !document.context.starts_with("https://openvex.dev/ns") {
            return Err(format(
                format!("its `@context` is `{}`", document.context).into(),
            ));
        }
        let time = |text: &Option<String>| {
            text.as_deref()
                .map(str::parse::<Timestamp>)
                .transpose()
                .map_err(|error| format(error.into()))
        };
        let dated = time(&document.timestamp)?;
        for (number, wire) in (1..).zip(document.statements) {
            let names = names(&wire.vulnerability);
            let Some(first) = names.first() else {
                return Err(format(
                    format!("statement {number} names no vulnerability").into(),
                ));
            };
            if wire.status == "not_affected"
                && wire.justification.is_none()
                && wire.impact_statement.is_none()
            {
                return Err(VexError::NoReason {
                    path: path.to_owned(),
                    number,
                    vulnerability: first.clone(),
                });
            }
            if !["not_affected", "affected", "fixed", "under_investigation"]
                .contains(&wire.status.as_str())
            {
                return Err(format(
                    format!(
                        "statement {number} has the status `{}`, which OpenVEX does not know",
                        wire.status
                    )
                    .into(),
                ));
            }
            let products = wire.products.iter().flat_map(|product| {
                let parts = product
                    .get("subcomponents")
                    .and_then(Value::as_array)
                    .cloned()
                    .unwrap_or_default();
                std::iter::once(Product::read(product))
                    .chain(parts.iter().map(Product::read))
                    .collect::<Vec<_>>()
            });
            self.statements.push(Opinion {
                file: path.to_owned(),
                timestamp: time(&wire.timestamp)?.or(dated),
                products: products.collect(),
                names,
                status: wire.status,
                justification: wire.justification,
                reason: wire.impact_statement.or(wire.status_notes),
            });
        }
        // A later statement overrides an earlier one; the sort keeps the order of the text where
        // times are equal.
        self.statements.sort_by_key(|opinion| opinion.timestamp);
        Ok(())
    }

    /// The status that the last statement on `vulnerability` of `subject` gives it, where that
    /// suppresses it.
    #[must_use]
    pub fn on(&self, vulnerability: &Vulnerability, subject: &Subject<'_>) -> Option<Status> {
        let named = |name: &String| vulnerability.has_name(name);
        let about = |opinion: &&Opinion| {
            opinion.names.iter().any(named)
                && opinion.products.iter().any(|product| product.is(subject))
        };
        let opinion = self.statements.iter().rev().find(about)?;
        let fixed = opinion.status == "fixed";
        (fixed || opinion.status == "not_affected").then(|| {
            let reason = opinion
                .reason
                .clone()
                .or_else(|| fixed.then(|| "it is fixed here".to_owned()));
            let justification = opinion.justification.clone();
            let reason = reason.or_else(|| justification.clone()).unwrap_or_default();
            let suppression = Suppression {
                by: opinion.file.to_string(),
                justification,
                reason,
            };
            if fixed {
                Status::Fixed(suppression)
            } else {
                Status::NotAffected(suppression)
            }
        })
    }
}

fn names(vulnerability: &Value) -> Vec<String> {
    let text = |value: &Value| {
        value
            .as_str()
            .filter(|text| !text.is_empty())
            .map(str::to_owned)
    };
    let aliases = vulnerability
        .get("aliases")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(text);
    text(vulnerability)
        .or_else(|| text(vulnerability.get("name")?))
        .into_iter()
        .chain(aliases)
        .collect()
}

impl Product {
    fn read(value: &Value) -> Self {
        let identifiers = value.get("identifiers").and_then(Value::as_object);
        let id = value.as_str().or_else(|| value.get("@id")?.as_str());
        let names = id.into_iter().chain(
            identifiers
                .into_iter()
                .flat_map(|map| map.values())
                .filter_map(Value::as_str),
        );
        Self {
            names: names.map(str::to_owned).collect(),
        }
    }

    /// Whether it is the source at its version; a name without a version stands for all.
    fn is(&self, subject: &Subject<'_>) -> bool {
        self.names.iter().any(|name| {
            if let Ok(purl) = name.parse::<Purl>() {
                let version = purl.version();
                return subject
                    .version_as(&KnownName::Purl(purl.package_key()))
                    .is_some_and(|own| version.is_none_or(|version| version == own));
            }
            let Some(known @ KnownName::Cpe { .. }) = cpe(name) else {
                return false;
            };
            let KnownName::Cpe { version, .. } = &known else {
                return false;
            };
            subject
                .version_as(&known)
                .is_some_and(|own| version.as_deref().is_none_or(|version| version == own))
        })
    }
}

#[derive(Serialize)]
struct StatementOut<'a> {
    vulnerability: Value,
    /// The document's. OpenVEX lets a statement inherit it; readers (lib4vex) want it here.
    timestamp: Timestamp,
    products: [Value; 1],
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    justification: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    impact_statement: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status_notes: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    action_statement: Option<String>,
}

/// An OpenVEX document on all of `vulnerabilities`, dated `created`. The same findings give the
/// same bytes: it is named by their digest.
#[must_use]
pub fn document(vulnerabilities: &[Vulnerability], created: Timestamp) -> String {
    let statements: Vec<_> = vulnerabilities
        .iter()
        .map(|vulnerability| statement(vulnerability, created))
        .collect();
    let content = json!({ "statements": statements, "timestamp": created });
    let id = Sha256::of(content.to_string().as_bytes());
    let document = json!({
        "@context": CONTEXT,
        "@id": format!("https://openvex.dev/docs/public/vex-{id}"),
        "author": "wasideps",
        "role": "Document Creator",
        "timestamp": created,
        "version": 1,
        "tooling": format!("wasideps {}", env!("CARGO_PKG_VERSION")),
        "statements": statements,
    });
    format!("{}\n", printable::json(&format!("{document:#}")))
}

fn statement(vulnerability: &Vulnerability, timestamp: Timestamp) -> StatementOut<'_> {
    let told: Vec<_> = vulnerability
        .records
        .iter()
        .map(|told| format!("{}: {}", told.id, told.why))
        .collect();
    let mut out = StatementOut {
        vulnerability: json!({ "name": vulnerability.id, "aliases": vulnerability.aliases }),
        timestamp,
        products: [
            json!({ "@id": vulnerability.purl, "identifiers": { "purl": vulnerability.purl, "cpe23": vulnerability.cpe } }),
        ],
        status: "affected",
        justification: None,
        impact_statement: None,
        status_notes: Some(told.join("; ")),
        action_statement: None,
    };
    match &vulnerability.verdict {
        Status::Affected => {
            let name = vulnerability.subject.split(' ').next().unwrap_or_default();
            out.action_statement = Some(format!("Move {name} to a version that is not affected."));
        }
        Status::Undetermined => out.status = "under_investigation",
        Status::NotAffected(suppression) => {
            out.status = "not_affected";
            out.justification = suppression.justification.as_deref();
            out.impact_statement = Some(&suppression.reason);
        }
        Status::Fixed(_) => {
            out.status = "fixed";
            out.status_notes = Some(vulnerability.why());
        }
    }
    out
}
