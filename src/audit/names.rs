//! How the world's databases name software: repositories, package URLs, CPEs, vendors with
//! products. Each in one form, so that names can be compared.

use crate::model::{Cpe, Name, Place, Purl, Selected};

/// A name that a record gives to software.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KnownName {
    /// In [`repository`]'s form.
    Repository(String),
    /// In [`purl`]'s form.
    Purl(String),
    /// In [`product`]'s form.
    Product(String),
    /// A source package of Debian.
    Debian(String),
    /// A CPE, whose version may be a single one.
    Cpe {
        product: String,
        version: Option<String>,
    },
}

/// The repository at `url`, without what does not tell repositories apart:
/// `github.com/madler/zlib`.
#[must_use]
pub fn repository(url: &str) -> Option<String> {
    let text = url.trim().to_ascii_lowercase();
    let text = text
        .split_once("://")
        .map_or(text.as_str(), |(_, rest)| rest);
    let text = text.rsplit_once('@').map_or(text, |(_, rest)| rest);
    let text = text
        .split(['?', '#'])
        .next()
        .unwrap_or(text)
        .trim_end_matches('/');
    let text = text
        .strip_suffix(".git")
        .unwrap_or(text)
        .trim_end_matches('/');
    let text = text.strip_prefix("www.").unwrap_or(text);
    let (host, path) = text.split_once(['/', ':'])?;
    (host.contains('.') && !path.is_empty()).then(|| format!("{host}/{path}"))
}

/// A package URL without version, qualifiers and subpath.
#[must_use]
pub fn purl(text: &str) -> Option<String> {
    text.parse::<Purl>().ok().map(|purl| purl.package_key())
}

/// `vendor:product`, in lower case, other characters than letters, digits and `.` as `_`: vendors
/// write `libexpat project`, CPEs `libexpat_project`.
#[must_use]
pub fn product(vendor: &str, name: &str) -> Option<String> {
    let normal = |text: &str| -> String {
        text.trim()
            .chars()
            .map(|c| {
                if c.is_alphanumeric() || c == '.' {
                    c.to_ascii_lowercase()
                } else {
                    '_'
                }
            })
            .collect()
    };
    // `n/a` is what a record without a vendor has: it tells nothing of whose product it is.
    let told = |text: &str| {
        !matches!(
            text.trim().to_ascii_lowercase().as_str(),
            "" | "n/a" | "na" | "unknown" | "unspecified" | "*" | "-"
        )
    };
    (told(vendor) && told(name)).then(|| format!("{}:{}", normal(vendor), normal(name)))
}

/// A CPE of form 2.3 or 2.2: its product and, where it names one, its version.
#[must_use]
pub fn cpe(text: &str) -> Option<KnownName> {
    let cpe: Cpe = text.parse().ok()?;
    Some(KnownName::Cpe {
        product: product(cpe.vendor()?, cpe.product()?)?,
        version: cpe.version(),
    })
}

/// All names of a locked source, and the version that each goes with.
#[derive(Debug)]
pub struct Subject<'a> {
    pub selected: &'a Selected,
    /// Upstream's version.
    version: &'a str,
    repository: Option<String>,
    products: Vec<String>,
    /// With the version that the package has: a crate's own.
    purls: Vec<(String, String)>,
    tag: Option<String>,
    /// Its source package in Debian.
    debian: Option<&'a Name>,
}

impl<'a> Subject<'a> {
    /// The names of `selected`, from its recipe's identifiers and its origins.
    #[must_use]
    pub fn new(selected: &'a Selected) -> Self {
        let identifiers = &selected.recipe.identifiers;
        let version = selected.source.version.as_str();
        let repository = identifiers
            .repository
            .as_ref()
            .and_then(|url| repository(url.as_str()));
        let mut purls = vec![(identifiers.purl.key(), version.to_owned())];
        let mut products: Vec<_> = std::iter::once(&identifiers.cpe)
            .chain(&identifiers.also)
            .filter_map(|name| product(name.vendor(), name.product()))
            .collect();
        if let Some((owner, name)) = repository
            .as_deref()
            .and_then(|text| text.strip_prefix("github.com/")?.split_once('/'))
        {
            purls.push((format!("pkg:github/{owner}/{name}"), version.to_owned()));
            products.extend(product(owner, name));
        }
        for origin in &selected.source.origins {
            if let Place::Crate { name, version } = &origin.place {
                purls.extend(
                    purl(&format!("pkg:cargo/{name}")).map(|purl| (purl, version.to_string())),
                );
            }
        }
        let tag = identifiers
            .tag
            .as_ref()
            .map(|tag| tag.at(&selected.source.version));
        Self {
            selected,
            version,
            repository,
            products,
            purls,
            tag,
            debian: selected.recipe.debian(),
        }
    }

    /// `zlib 1.3.2`.
    #[must_use]
    pub fn title(&self) -> String {
        self.selected.title()
    }

    /// Upstream's version.
    #[must_use]
    pub fn version(&self) -> &'a str {
        self.version
    }

    /// The version that goes with the name `known`, if that is one of this source's.
    #[must_use]
    pub fn version_as(&self, known: &KnownName) -> Option<&str> {
        match known {
            KnownName::Repository(url) => {
                (self.repository.as_ref() == Some(url)).then_some(self.version)
            }
            KnownName::Debian(package) => self
                .debian
                .is_some_and(|own| own.as_str() == package)
                .then_some(self.version),
            KnownName::Purl(purl) => self
                .purls
                .iter()
                .find(|(own, _)| own == purl)
                .map(|(_, version)| version.as_str()),
            KnownName::Product(name) | KnownName::Cpe { product: name, .. } => {
                self.products.contains(name).then_some(self.version)
            }
        }
    }

    /// Whether `tag`, of its repository, is that of the locked version.
    #[must_use]
    pub fn is_tag(&self, tag: &str) -> bool {
        tag == self.version
            || self.tag.as_deref() == Some(tag)
            || tag.strip_prefix('v') == Some(self.version)
    }

    /// The version that a tag of its repository stands for, as far as the locked version's tag
    /// tells the form: `R_2_8_3` is 2.8.3.
    #[must_use]
    pub fn version_of_tag(&self, tag: &str) -> Option<String> {
        let own = self.tag.as_deref()?;
        ['.', '_', '-'].into_iter().find_map(|separator| {
            let version = self.version.replace('.', &separator.to_string());
            let (before, after) = own.split_once(&version)?;
            let found = tag
                .strip_prefix(before)?
                .strip_suffix(after)?
                .replace(separator, ".");
            found
                .starts_with(|c: char| c.is_ascii_digit())
                .then_some(found)
        })
    }

    /// Its package URL with the version, under which documents name it.
    #[must_use]
    pub fn purl(&self) -> Purl {
        self.selected
            .recipe
            .identifiers
            .purl
            .at(&self.selected.source.version)
    }

    /// Its CPE with the version.
    #[must_use]
    pub fn cpe(&self) -> Cpe {
        self.selected
            .recipe
            .identifiers
            .cpe
            .at(&self.selected.source.version)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_repository_has_one_form_however_it_is_written() {
        for url in [
            "https://github.com/madler/zlib",
            "https://github.com/madler/zlib.git",
            "git://github.com/madler/zlib/",
            "https://www.github.com/Madler/zlib",
            "git@github.com:madler/zlib.git",
            "ssh://git@github.com/madler/zlib.git",
        ] {
            assert_eq!(
                repository(url).as_deref(),
                Some("github.com/madler/zlib"),
                "{url}"
            );
        }
        assert_eq!(repository("not a repository"), None);
    }

    #[test]
    fn products_and_cpes_are_reduced_to_what_names_software() {
        assert_eq!(
            product("libexpat project", "libexpat").as_deref(),
            Some("libexpat_project:libexpat")
        );
        assert_eq!(product("n/a", "xz"), None);
        let known = |product: &str, version: Option<&str>| {
            Some(KnownName::Cpe {
                product: product.into(),
                version: version.map(Into::into),
            })
        };
        assert_eq!(
            cpe("cpe:2.3:a:zlib:zlib:*:*:*:*:*:*:*:*"),
            known("zlib:zlib", None)
        );
        assert_eq!(
            cpe("cpe:2.3:a:tukaani:xz:5.2.0:alpha:*:*:*:*:*:*"),
            known("tukaani:xz", Some("5.2.0-alpha"))
        );
        assert_eq!(
            cpe(r"cpe:2.3:a:a\:b:c\+\+:-:*:*:*:*:*:*:*"),
            known("a_b:c__", None)
        );
        assert_eq!(
            cpe("cpe:/a:zlib:zlib:1.2.11"),
            known("zlib:zlib", Some("1.2.11"))
        );
        assert_eq!(cpe("zlib:zlib"), None);
    }
}
