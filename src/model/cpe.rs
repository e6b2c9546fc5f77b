//! Names of the Common Platform Enumeration. Sources: NIST IR 7695, 6.1 (the URI of version 2.2)
//! and 6.2 (the formatted string of version 2.3).

use std::fmt;
use std::str::FromStr;

use percent_encoding::percent_decode_str;
use serde::Serialize;

use super::Version;

/// Vendor and product as the CPE dictionary has them, `vendor:product`; escaped like the parts of a
/// [`Cpe`].
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(into = "String")]
pub struct CpeProduct {
    vendor: String,
    product: String,
}

reads_text!(CpeProduct);

/// What a CPE name says of software. `None` is any value, or none that applies; other attributes
/// (edition, language, …) are not kept.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Cpe {
    /// `a` (application), `o` or `h`.
    part: Option<String>,
    vendor: Option<String>,
    product: Option<String>,
    version: Option<String>,
    update: Option<String>,
}

/// A text that is no CPE name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CpeError {
    #[error("expected `vendor:product` of visible ASCII characters, found `{0}`")]
    Product(String),
    #[error("expected a CPE name of version 2.3 or 2.2, found `{0}`")]
    Name(String),
}

impl CpeProduct {
    #[must_use]
    pub fn vendor(&self) -> &str {
        &self.vendor
    }

    #[must_use]
    pub fn product(&self) -> &str {
        &self.product
    }

    /// The application of this name in `version`.
    #[must_use]
    pub fn at(&self, version: &Version) -> Cpe {
        Cpe {
            part: Some("a".to_owned()),
            vendor: Some(self.vendor.clone()),
            product: Some(self.product.clone()),
            version: Some(version.to_string()),
            update: None,
        }
    }
}

impl FromStr for CpeProduct {
    type Err = CpeError;

    fn from_str(text: &str) -> Result<Self, CpeError> {
        let visible = text.bytes().all(|byte| byte.is_ascii_graphic());
        match <[Option<String>; 2]>::try_from(split(text)) {
            Ok([Some(vendor), Some(product)]) if visible => Ok(Self { vendor, product }),
            _ => Err(CpeError::Product(text.to_owned())),
        }
    }
}

by_text!(CpeProduct);

impl fmt::Display for CpeProduct {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}:{}",
            escaped(Some(&self.vendor)),
            escaped(Some(&self.product))
        )
    }
}

text_schema!(CpeProduct, {
    "pattern": r"^([!-9;-\[\]-~]|\\[!-~])+:([!-9;-\[\]-~]|\\[!-~])+$",
    "description": "`vendor:product` of the CPE dictionary"
});

impl Cpe {
    #[must_use]
    pub fn vendor(&self) -> Option<&str> {
        self.vendor.as_deref()
    }

    #[must_use]
    pub fn product(&self) -> Option<&str> {
        self.product.as_deref()
    }

    /// The version, with the update behind a hyphen where the name has one: `5.2.0-alpha`.
    #[must_use]
    pub fn version(&self) -> Option<String> {
        let version = self.version.as_deref()?;
        Some(self.update.as_deref().map_or_else(
            || version.to_owned(),
            |update| format!("{version}-{update}"),
        ))
    }
}

impl FromStr for Cpe {
    type Err = CpeError;

    fn from_str(text: &str) -> Result<Self, CpeError> {
        let text = text.trim();
        let parts = if let Some(rest) = text.strip_prefix("cpe:2.3:") {
            split(rest)
        } else if let Some(rest) = text.strip_prefix("cpe:/") {
            rest.split(':')
                .map(|part| {
                    value(
                        percent_decode_str(part).decode_utf8_lossy().into_owned(),
                        part == "-",
                    )
                })
                .collect()
        } else {
            return Err(CpeError::Name(text.to_owned()));
        };
        let mut parts = parts.into_iter();
        let mut next = || parts.next().flatten();
        Ok(Self {
            part: next(),
            vendor: next(),
            product: next(),
            version: next(),
            update: next(),
        })
    }
}

impl Serialize for Cpe {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl fmt::Display for Cpe {
    /// The formatted string of version 2.3.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("cpe:2.3")?;
        for part in [
            &self.part,
            &self.vendor,
            &self.product,
            &self.version,
            &self.update,
        ] {
            write!(f, ":{}", escaped(part.as_deref()))?;
        }
        // Any edition, language, software edition, target software, target hardware, other.
        f.write_str(":*:*:*:*:*:*")
    }
}

/// A part of a formatted string: `\` goes before what has a meaning, and before all that is no
/// letter, digit, `.`, `-` or `_`.
fn escaped(part: Option<&str>) -> String {
    match part {
        None => "*".to_owned(),
        Some("-") => "\\-".to_owned(),
        Some(text) => text
            .chars()
            .flat_map(|c| {
                (!(c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_')))
                    .then_some('\\')
                    .into_iter()
                    .chain([c])
            })
            .collect(),
    }
}

/// The parts of a formatted string, without escapes.
fn split(text: &str) -> Vec<Option<String>> {
    let mut parts = Vec::new();
    let (mut part, mut quoted) = (String::new(), false);
    let mut chars = text.chars();
    loop {
        match chars.next() {
            Some('\\') => {
                quoted = true;
                part.extend(chars.next());
            }
            c @ (Some(':') | None) => {
                let none = !quoted && part == "-";
                let any = !quoted && part == "*";
                parts.push(value(std::mem::take(&mut part), none || any));
                quoted = false;
                if c.is_none() {
                    return parts;
                }
            }
            Some(c) => part.push(c),
        }
    }
}

fn value(text: String, special: bool) -> Option<String> {
    (!text.is_empty() && !special).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(part: &str, vendor: &str, product: &str, version: Option<&str>) -> Cpe {
        let owned = |text: &str| Some(text.to_owned());
        Cpe {
            part: owned(part),
            vendor: owned(vendor),
            product: owned(product),
            version: version.map(Into::into),
            update: None,
        }
    }

    #[test]
    fn names_are_written_as_the_standard_has_them() {
        let version = |text: &str| text.parse::<Version>().expect("a version");
        let cpe = |product: &str, of: &str| {
            product
                .parse::<CpeProduct>()
                .expect(product)
                .at(&version(of))
                .to_string()
        };
        assert_eq!(
            cpe("zlib:zlib", "1.3.2"),
            "cpe:2.3:a:zlib:zlib:1.3.2:*:*:*:*:*:*:*"
        );
        // `-`, `.` and `_` are written as they are (6.2.2.1), a lone `-` is not: it would say that
        // there is none.
        assert_eq!(
            cpe("kernel:util-linux", "2.42-rc1"),
            "cpe:2.3:a:kernel:util-linux:2.42-rc1:*:*:*:*:*:*:*"
        );
        assert_eq!(
            cpe(r"gnu:c\+\+", "1+2"),
            r"cpe:2.3:a:gnu:c\+\+:1\+2:*:*:*:*:*:*:*"
        );
        assert_eq!(
            name("a", "-", "*", Some("?")).to_string(),
            r"cpe:2.3:a:\-:\*:\?:*:*:*:*:*:*:*"
        );
    }

    #[test]
    fn both_versions_of_the_format_are_read() {
        let read = |text: &str| text.parse::<Cpe>().expect(text);
        assert_eq!(
            read("cpe:2.3:a:zlib:zlib:1.2.11:*:*:*:*:*:*:*"),
            name("a", "zlib", "zlib", Some("1.2.11"))
        );
        assert_eq!(
            read("cpe:/a:zlib:zlib:1.2.11"),
            name("a", "zlib", "zlib", Some("1.2.11"))
        );
        assert_eq!(read("cpe:/a:gnu:c%2b%2b:-"), name("a", "gnu", "c++", None));
        assert_eq!(
            read(r"cpe:2.3:a:a\:b:c\+\+:-:*:*:*:*:*:*:*"),
            name("a", "a:b", "c++", None)
        );
        assert_eq!(
            read("cpe:2.3:a:tukaani:xz:5.2.0:alpha:*:*:*:*:*:*")
                .version()
                .as_deref(),
            Some("5.2.0-alpha")
        );
        assert_eq!(read("cpe:2.3:a:zlib").product(), None);
        assert!("zlib:zlib".parse::<Cpe>().is_err() && "cpe:2.4:a:b".parse::<Cpe>().is_err());
    }

    #[test]
    fn only_two_names_are_vendor_and_product() {
        for text in ["zlib:zlib", "kernel:util-linux", r"gnu:c\+\+", r"a\:b:c"] {
            assert_eq!(
                text.parse::<CpeProduct>()
                    .map(|product| product.to_string())
                    .as_deref(),
                Ok(text)
            );
        }
        for text in [
            "zlib",
            "a:b:c",
            ":zlib",
            "zlib:",
            "*:zlib",
            "zlib:-",
            "z lib:zlib",
            "zlíb:zlib",
            "",
        ] {
            assert!(text.parse::<CpeProduct>().is_err(), "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn what_is_written_is_read_back_whatever_it_holds(vendor in "[!-~]{1,8}", product in "[!-~]{1,8}", version in "[!-~]{1,8}") {
            let cpe = name("a", &vendor, &product, Some(&version));
            let text = cpe.to_string();
            proptest::prop_assert_eq!(text.parse::<Cpe>(), Ok(cpe));
            // 6.2: eleven parts behind the prefix; what has a meaning of its own is quoted.
            let mut bare = String::new();
            let mut chars = text.chars();
            while let Some(c) = chars.next() {
                bare.push(if c == '\\' { chars.next().map_or('!', |_| 'q') } else { c });
            }
            proptest::prop_assert_eq!(bare.split(':').count(), 13);
            proptest::prop_assert!(bare.chars().all(|c| c.is_ascii_alphanumeric() || ".-_:*".contains(c)), "{}", bare);
        }
    }
}
