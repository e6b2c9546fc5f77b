//! Package URLs: ECMA-427, <https://github.com/package-url/purl-spec>.

use std::fmt;
use std::str::FromStr;

use packageurl::PackageUrl;
use serde::Serialize;

use super::Version;

/// A package URL in its canonical form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Purl(PackageUrl<'static>);

/// A package URL that names a package and no version, archive or part of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(into = "String")]
pub struct PurlPackage(Purl);

reads_text!(PurlPackage);

/// A text that is no package URL, or not of the kind that is wanted.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PurlError {
    #[error("expected a package URL, found `{found}`")]
    Syntax {
        found: String,
        source: packageurl::Error,
    },
    #[error("expected a version without `/`, found `{0}`")]
    Version(String),
    #[error("expected a package URL without version, qualifiers and subpath, found `{0}`")]
    NotAPackage(String),
}

impl Purl {
    /// A package of `kind` (`generic`, `cargo`), with the fields that are given; the canonical form
    /// percent-encodes what they hold.
    ///
    /// # Errors
    /// When the kind has a character that kinds can't have, `name` is empty, or `version` has a
    /// `/`, which the crate writes in a form that it does not read.
    pub fn new(
        kind: &str,
        namespace: Option<&str>,
        name: &str,
        version: Option<&str>,
    ) -> Result<Self, PurlError> {
        let made = PackageUrl::new(kind.to_owned(), name.to_owned()).and_then(|mut purl| {
            if let Some(namespace) = namespace {
                purl.with_namespace(namespace.to_owned())?;
            }
            if let Some(version) = version {
                purl.with_version(version.to_owned())?;
            }
            Ok(purl)
        });
        if let Some(version) = version.filter(|version| version.contains('/')) {
            return Err(PurlError::Version(version.to_owned()));
        }
        made.map(Self).map_err(|source| PurlError::Syntax {
            found: format!(
                "{kind} {} {name} {}",
                namespace.unwrap_or("-"),
                version.unwrap_or("-")
            ),
            source,
        })
    }

    /// The same with a qualifier more. `key` is one of the specification's.
    #[must_use]
    pub fn with(mut self, key: &'static str, value: &str) -> Self {
        self.0
            .add_qualifier(key, value.to_owned())
            .expect("a key of letters and `_`");
        self
    }

    #[must_use]
    pub fn version(&self) -> Option<&str> {
        self.0.version()
    }

    /// The package alone, in lower case: what is the same for two package URLs of one package,
    /// however they are written.
    #[must_use]
    pub fn package_key(&self) -> String {
        let mut package = self.0.clone();
        package
            .without_version()
            .without_subpath()
            .clear_qualifiers();
        package.to_string().to_ascii_lowercase()
    }
}

impl FromStr for Purl {
    type Err = PurlError;

    fn from_str(text: &str) -> Result<Self, PurlError> {
        let text = text.trim();
        text.parse()
            .map(Self)
            .map_err(|error: packageurl::Error| PurlError::Syntax {
                found: text.to_owned(),
                source: error,
            })
    }
}

impl fmt::Display for Purl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Serialize for Purl {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl PurlPackage {
    /// The package in `version`.
    #[must_use]
    pub fn at(&self, version: &Version) -> Purl {
        let mut purl = self.0.clone();
        purl.0
            .with_version(version.to_string())
            .expect("a version is a text that is not empty");
        purl
    }

    /// [`Purl::package_key`].
    #[must_use]
    pub fn key(&self) -> String {
        self.0.package_key()
    }
}

impl FromStr for PurlPackage {
    type Err = PurlError;

    fn from_str(text: &str) -> Result<Self, PurlError> {
        let purl: Purl = text.parse()?;
        let bare = purl.version().is_none()
            && purl.0.qualifiers().is_empty()
            && purl.0.subpath().is_none()
            && !text.contains(['@', '?', '#', ' ']);
        if bare {
            Ok(Self(purl))
        } else {
            Err(PurlError::NotAPackage(text.to_owned()))
        }
    }
}

by_text!(PurlPackage);

impl fmt::Display for PurlPackage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

text_schema!(PurlPackage, {
    "pattern": "^pkg:[A-Za-z.+-][A-Za-z0-9.+-]*/[^@?# ]+$",
    "description": "A package URL without version, qualifiers and subpath"
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_package_has_one_key_however_its_url_is_written() {
        let key = |text: &str| text.parse::<Purl>().expect(text).package_key();
        for text in [
            "pkg:generic/zlib",
            "pkg:generic/zlib@1.3.2?checksum=sha256:00",
            "pkg:generic/zlib?x=y@z",
            "pkg:Generic/zlib#src",
            "pkg://generic/ZLIB",
        ] {
            assert_eq!(key(text), "pkg:generic/zlib", "{text}");
        }
        assert_eq!(key("pkg:npm/%40babel/core@7"), "pkg:npm/%40babel/core");
        assert!(
            "https://example.org/zlib".parse::<Purl>().is_err()
                && "pkg:zlib".parse::<Purl>().is_err()
        );
    }

    #[test]
    fn a_package_has_no_version_no_qualifiers_and_no_part() {
        assert_eq!(
            "pkg:generic/zlib"
                .parse::<PurlPackage>()
                .map(|package| package.to_string())
                .as_deref(),
            Ok("pkg:generic/zlib")
        );
        for text in [
            "pkg:generic/zlib@1",
            "pkg:generic/zlib?os=wasi",
            "pkg:generic/zlib#src",
            "pkg:generic/zlib@",
            "pkg:generic/",
            "zlib",
            "pkg:generic/z lib",
        ] {
            assert!(text.parse::<PurlPackage>().is_err(), "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn what_is_written_is_read_back_whatever_it_holds(name in "[ -~é]{1,10}", version in "[ -.0-~é]{1,10}", value in "[ -~é]{1,20}") {
            let purl = Purl::new("generic", None, &name, Some(&version)).expect("any name").with("download_url", &value);
            let text = purl.to_string();
            proptest::prop_assert_eq!(text.parse::<Purl>(), Ok(purl), "{}", text);
        }
    }
}
