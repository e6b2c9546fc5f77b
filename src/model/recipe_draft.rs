//! A first recipe for a source that has none: what its archives show, in the form of `recipe.toml`.
//! What they don't show is marked with a comment for the author. Pure.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use url::Url;

use super::{
    ByVersion, Language, LicenseExpression, Name, PlaceTemplate, RelPath, Sha256, Template, Version,
};

/// An origin of a source, as its author names it.
#[derive(Debug, Clone)]
pub struct DraftOrigin {
    pub place: PlaceTemplate,
    /// The archive's digest and files, if it could be fetched.
    pub archive: Option<(Sha256, BTreeSet<RelPath>)>,
}

/// What a first recipe is made from.
#[derive(Debug)]
pub struct RecipeDraft<'a> {
    pub name: &'a Name,
    pub version: &'a Version,
    pub license: &'a LicenseExpression,
    pub homepage: &'a Url,
    pub origins: &'a [DraftOrigin],
    /// The texts of licence files, by path in the first archive that could be fetched.
    pub texts: &'a BTreeMap<RelPath, String>,
}

/// Whether a file is one in which licences usually are.
#[must_use]
pub fn is_license(path: &RelPath) -> bool {
    let name = path.file_name().to_ascii_uppercase();
    ["LICENSE", "LICENCE", "COPYING", "COPYRIGHT"]
        .iter()
        .any(|word| name.starts_with(word))
}

fn is_source(path: &RelPath) -> bool {
    matches!(Language::of(path), Some(Language::C | Language::Cxx))
}

/// Folders whose sources are no part of a library.
const OTHERS: [&str; 12] = [
    "test",
    "tests",
    "testing",
    "example",
    "examples",
    "programs",
    "contrib",
    "fuzz",
    "bench",
    "benchmark",
    "doc",
    "tools",
];

impl RecipeDraft<'_> {
    /// The text of `recipe.toml`: a valid recipe, whose guesses are marked.
    #[must_use]
    pub fn text(&self) -> String {
        let roots = self.roots();
        // Files below the root, of the first archive that could be fetched.
        let files: BTreeSet<RelPath> = self
            .origins
            .iter()
            .zip(&roots)
            .find_map(|(origin, root)| Some(below(&origin.archive.as_ref()?.1, root)))
            .unwrap_or_default();
        let mut text = String::new();
        self.top(&files, &mut text);
        for (origin, root) in self.origins.iter().zip(&roots) {
            self.origin(origin, root, &mut text);
        }
        self.library(&files, &mut text);
        text
    }

    fn top(&self, files: &BTreeSet<RelPath>, text: &mut String) {
        let Self {
            name,
            version,
            homepage,
            ..
        } = self;
        let repository = repository(homepage)
            .map(|url| format!(", repository = \"{url}\", tag = \"{}\"", self.tag()))
            .unwrap_or_default();
        let licenses = licenses(files, self.name.as_str());
        let shown: Vec<String> = licenses.iter().map(|path| quoted(path.as_str())).collect();
        let copyright = self.copyright(&licenses);
        let _ = write!(
            text,
            "name = \"{name}\"\n\
             versions = [\"{version}\"]\n\
             summary = \"{name}\" # draft: what it is, in one line\n\
             homepage = \"{homepage}\"\n\
             originator = \"The {name} authors\" # draft: who makes it\n\
             # draft: compare the names with those that vulnerability databases use\n\
             identifiers = {{ cpe = \"{name}:{name}\", purl = \"pkg:generic/{name}\"{repository} }}\n\n\
             [license] # draft: of the files below, not of the whole archive\n\
             expression = \"{}\"\n\
             files = [{}]\n\
             copyright = {}\n",
            self.license,
            shown.join(", "),
            quoted(&copyright),
        );
    }

    /// The first line of the licence files that begins with the word.
    fn copyright(&self, licenses: &[&RelPath]) -> String {
        // The texts are named from the archive's top.
        let named = |path: &RelPath| {
            let mut licenses = licenses.iter();
            licenses.any(|license| path.ends_in(license.as_str()))
        };
        let texts = self.texts.iter().filter(|(path, _)| named(path));
        let lines = texts.flat_map(|(_, text)| text.lines());
        let notice = lines.map(str::trim).find(|line| {
            line.starts_with("Copyright") && line.contains(|c: char| c.is_ascii_digit())
        });
        notice.map_or_else(
            || "NONE".to_owned(),
            |notice| {
                notice
                    .replace(['\\', '"'], "")
                    .chars()
                    .filter(|c| super::is_plain(*c))
                    .collect()
            },
        )
    }

    /// The tag of the version, as an origin's URL has it.
    fn tag(&self) -> &str {
        let urls = self
            .origins
            .iter()
            .filter_map(|origin| match &origin.place {
                PlaceTemplate::Url(ByVersion::Every(url)) => Some(url),
                _ => None,
            });
        let mut parts = urls.flat_map(|url| url.as_str().split('/'));
        let named = parts.find(|part| part.ends_with("{version}") && part.len() <= 12);
        named.unwrap_or("v{version}")
    }

    fn origin(&self, origin: &DraftOrigin, root: &str, text: &mut String) {
        let version = self.version.as_str();
        text.push_str("\n[[origin]]\n");
        let root = match &origin.place {
            PlaceTemplate::Crate { name, releases, .. } => {
                let _ = writeln!(text, "crate = \"{name}\"");
                for (of, release) in releases {
                    let _ = writeln!(text, "releases = {{ \"{of}\" = \"{release}\" }}");
                }
                root.to_owned()
            }
            PlaceTemplate::Url(url) => {
                let _ = writeln!(text, "url = {}", value(url));
                root.replace(version, "{version}")
            }
            PlaceTemplate::Debian { package, file } => {
                let _ = writeln!(text, "debian = \"{package}\"\nfile = {}", value(file));
                root.replace(version, "{version}")
            }
            PlaceTemplate::Folder(folder) => {
                let _ = writeln!(text, "folder = {}", quoted(folder));
                root.replace(version, "{version}")
            }
        };
        let _ = writeln!(text, "root = {}", quoted(&root));
        match (&origin.archive, &origin.place) {
            (Some(_), PlaceTemplate::Crate { .. }) => {}
            (Some((sha256, _)), _) => {
                let _ = writeln!(
                    text,
                    "# draft: as it came; compare it with what upstream publishes\n\
                     published-sha256 = {{ \"{version}\" = \"{sha256}\" }}"
                );
            }
            (None, _) => text.push_str(
                "# draft: not reached; look at the root, and name what upstream publishes as `published-sha256`\n",
            ),
        }
    }

    /// The folder that the inputs are below, for each origin: of the first one that could be
    /// fetched the one at its top, of the others the one with most of the same files.
    fn roots(&self) -> Vec<String> {
        let reference = self.origins.iter().find_map(|origin| {
            let (_, files) = origin.archive.as_ref()?;
            let is_crate = matches!(origin.place, PlaceTemplate::Crate { .. });
            let root = if is_crate {
                vendored(files)
            } else {
                top(files)
            };
            Some(below(files, &root))
        });
        let reference: BTreeSet<RelPath> = reference.unwrap_or_default();
        let reference: BTreeSet<&str> = reference.iter().map(RelPath::as_str).collect();
        let root = |origin: &DraftOrigin| {
            let Some((_, files)) = &origin.archive else {
                return format!("{}-{}", self.name, self.version);
            };
            // For each folder, how many files the reference has at the same paths below it.
            let mut shared: BTreeMap<&str, usize> = BTreeMap::new();
            for path in files.iter().map(RelPath::as_str) {
                let starts = path.match_indices('/').map(|(at, _)| at + 1);
                for start in starts.chain([0]) {
                    if reference.contains(&path[start..]) {
                        let folder = path[..start].trim_end_matches('/');
                        *shared.entry(folder).or_default() += 1;
                    }
                }
            }
            // The shortest of those with most, so that nothing above is lost.
            let best = shared
                .into_iter()
                .max_by_key(|&(folder, count)| (count, Reverse(folder.len()), folder));
            best.map_or_else(String::new, |(folder, _)| folder.to_owned())
        };
        self.origins.iter().map(root).collect()
    }

    fn library(&self, files: &BTreeSet<RelPath>, text: &mut String) {
        let name = self.name.as_str();
        let library = name.strip_prefix("lib").unwrap_or(name);
        let folder = source_folder(files, name);
        let here = |path: &&RelPath| path.folder() == folder;
        let sources: Vec<&RelPath> = files
            .iter()
            .filter(here)
            .filter(|path| is_source(path))
            .collect();
        let headers: Vec<&RelPath> = files
            .iter()
            .filter(|path| path.as_str().ends_with(".h"))
            .collect();
        let public: Vec<&RelPath> = headers
            .iter()
            .copied()
            .filter(|path| path.as_str().starts_with("include/"))
            .collect();
        let include = if public.is_empty() { folder } else { "include" };
        let public = if public.is_empty() {
            headers.into_iter().filter(here).collect()
        } else {
            public
        };
        let _ = write!(
            text,
            "\n[library.{library}] # draft: which files upstream's build compiles, and with which macros\n\
             sources = [\n"
        );
        for source in &sources {
            let _ = writeln!(text, "    {},", quoted(source.as_str()));
        }
        let mut dirs = vec![if folder.is_empty() { "." } else { folder }];
        if include != folder {
            dirs.insert(0, include);
        }
        let dirs: Vec<String> = dirs.into_iter().map(quoted).collect();
        let _ = write!(
            text,
            "]\ninclude-dirs = [{}]\n\n\
             [library.{library}.headers] # draft: those that upstream installs\n",
            dirs.join(", ")
        );
        for header in public {
            let rest = header
                .as_str()
                .strip_prefix(include)
                .unwrap_or(header.as_str());
            let (from, to) = (header.as_str(), rest.trim_start_matches('/'));
            let _ = writeln!(text, "{} = {}", quoted(from), quoted(to));
        }
        let module = files
            .iter()
            .find_map(|path| path.file_name().strip_suffix(".pc.in"))
            .filter(|module| module.parse::<Name>().is_ok())
            .unwrap_or(name);
        let _ = write!(
            text,
            "\n[pkg-config.{module}]\ndescription = \"{name}\" # draft\nlibraries = [\"{library}\"]\n"
        );
    }
}

/// The licence files beside the library's sources, else those at the top.
fn licenses<'f>(files: &'f BTreeSet<RelPath>, name: &str) -> Vec<&'f RelPath> {
    let within = |folder: &str| -> Vec<&'f RelPath> {
        let here = files.iter().filter(|path| path.folder() == folder);
        here.filter(|path| is_license(path)).collect()
    };
    let beside = within(source_folder(files, name));
    if beside.is_empty() {
        within("")
    } else {
        beside
    }
}

/// `text` as TOML has it, whatever an archive calls its files.
fn quoted(text: &str) -> String {
    toml::Value::from(text).to_string()
}

/// As TOML has it.
fn value(templates: &ByVersion) -> String {
    let quoted = |template: &Template| quoted(template.as_str());
    match templates {
        ByVersion::Every(template) => quoted(template),
        ByVersion::Each(each) => {
            let each: Vec<String> = each
                .iter()
                .map(|(version, template)| format!("\"{version}\" = {}", quoted(template)))
                .collect();
            format!("{{ {} }}", each.join(", "))
        }
    }
}

/// The repository of a project's page at a forge that has one at the same address.
fn repository(homepage: &Url) -> Option<String> {
    let host = homepage.host_str()?;
    let parts = homepage.path().trim_matches('/').split('/').count();
    let forge =
        host.starts_with("github.") || host.starts_with("gitlab.") || host == "codeberg.org";
    let address = homepage.as_str().trim_end_matches('/');
    (forge && parts == 2).then(|| format!("{address}.git"))
}

/// The files below `root`, by their paths from there.
fn below(files: &BTreeSet<RelPath>, root: &str) -> BTreeSet<RelPath> {
    files.iter().filter_map(|path| path.below(root)).collect()
}

/// The folder that all files are in, if it is one.
fn top(files: &BTreeSet<RelPath>) -> String {
    let tops: BTreeSet<&str> = files
        .iter()
        .map(|path| path.as_str().split_once('/').map_or("", |(top, _)| top))
        .collect();
    match tops.first() {
        Some(only) if tops.len() == 1 => (*only).to_owned(),
        _ => String::new(),
    }
}

/// The folder of a crate that a source is in: the one that all C and C++ files are below, or the
/// one above, where that is only a part of a source.
fn vendored(files: &BTreeSet<RelPath>) -> String {
    let mut common: Option<Vec<&str>> = None;
    for path in files.iter().filter(|path| is_source(path)) {
        let parts: Vec<&str> = path.folder().split('/').collect();
        common = Some(match common {
            None => parts,
            Some(before) => {
                let same = before.iter().zip(&parts).take_while(|(a, b)| a == b);
                same.map(|(part, _)| *part).collect()
            }
        });
    }
    let mut common = common.unwrap_or_default();
    if common.len() > 1 && matches!(common.last(), Some(&("src" | "lib"))) {
        common.pop();
    }
    common.join("/")
}

/// The folder with the library's sources: the one with the usual name, or the one with most.
fn source_folder<'f>(files: &'f BTreeSet<RelPath>, name: &str) -> &'f str {
    let mut count: BTreeMap<&str, usize> = BTreeMap::new();
    for path in files.iter().filter(|path| is_source(path)) {
        let folder = path.folder();
        if !folder.split('/').any(|part| OTHERS.contains(&part)) {
            *count.entry(folder).or_default() += 1;
        }
    }
    let usual = [
        format!("src/{name}"),
        format!("src/lib{name}"),
        format!("lib{name}"),
        "lib".to_owned(),
        "src".to_owned(),
    ];
    let known = |folder: &String| {
        count
            .get_key_value(folder.as_str())
            .map(|(folder, _)| *folder)
    };
    let most = count.iter().max_by_key(|(_, files)| **files);
    let most = most.map_or("", |(folder, _)| *folder);
    usual.iter().find_map(known).unwrap_or(most)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::RecipeFile;

    fn files(paths: &[&str]) -> BTreeSet<RelPath> {
        paths
            .iter()
            .map(|path| path.parse().expect("a path"))
            .collect()
    }

    fn draft(origins: &[DraftOrigin]) -> String {
        let text = (
            "LICENSE".parse().expect("a path"),
            "Demo\nCopyright (c) 2011 \"D\"\n".to_owned(),
        );
        RecipeDraft {
            name: &"demo".parse().expect("a name"),
            version: &"1.2".parse().expect("a version"),
            license: &"BSD-2-Clause".parse().expect("a licence"),
            homepage: &"https://github.com/d/demo".parse().expect("a URL"),
            origins,
            texts: &[text].into(),
        }
        .text()
    }

    fn url(archive: Option<&[&str]>) -> DraftOrigin {
        DraftOrigin {
            place: PlaceTemplate::Url(ByVersion::Every(
                "https://example.org/v{version}/demo-{version}.tar.gz"
                    .parse()
                    .expect("a template"),
            )),
            archive: archive.map(|paths| (Sha256::of(b""), files(paths))),
        }
    }

    fn of_crate(paths: &[&str]) -> DraftOrigin {
        DraftOrigin {
            place: PlaceTemplate::Crate {
                name: "demo-sys".parse().expect("a name"),
                releases: [(
                    "1.2".parse().expect("a version"),
                    "0.1.0".parse().expect("a version"),
                )]
                .into(),
                carries: None,
            },
            archive: Some((Sha256::of(b""), files(paths))),
        }
    }

    const CRATE: [&str; 6] = [
        "src/lib.rs",
        "vendor/demo/LICENSE",
        "vendor/demo/lib/a.c",
        "vendor/demo/lib/a.h",
        "vendor/demo/lib/demo.pc.in",
        "LICENSE",
    ];

    #[test]
    fn a_draft_is_a_recipe_whichever_origins_could_be_had() {
        let archive = [
            "demo-1.2/LICENSE",
            "demo-1.2/lib/a.c",
            "demo-1.2/lib/a.h",
            "demo-1.2/tests/t.c",
            "demo-1.2/tests/u.c",
        ];
        for (origins, roots) in [
            (
                vec![url(Some(&archive)), of_crate(&CRATE)],
                ["demo-{version}", "vendor/demo"],
            ),
            (
                vec![url(None), of_crate(&CRATE)],
                ["demo-{version}", "vendor/demo"],
            ),
            (
                vec![of_crate(&CRATE), url(Some(&archive))],
                ["vendor/demo", "demo-{version}"],
            ),
        ] {
            let text = draft(&origins);
            RecipeFile::parse("demo/recipe.toml", &text).expect(&text);
            let found: Vec<&str> = text
                .lines()
                .filter(|line| line.starts_with("root = "))
                .collect();
            assert_eq!(
                found,
                roots.map(|root| format!("root = \"{root}\"")),
                "{text}"
            );
            for line in [
                "    \"lib/a.c\",",
                "\"lib/a.h\" = \"a.h\"",
                "files = [\"LICENSE\"]",
                "copyright = \"Copyright (c) 2011 D\"",
                "[pkg-config.demo]",
            ] {
                assert!(text.lines().any(|other| other == line), "{line}\n{text}");
            }
            assert!(!text.contains("tests/t.c"), "{text}");
            assert!(
                text.contains(
                    "repository = \"https://github.com/d/demo.git\", tag = \"v{version}\""
                ),
                "{text}"
            );
        }
    }

    #[test]
    fn a_name_of_an_archive_stays_one_name_in_the_draft() {
        let archive = [
            "demo-1.2/LICENSE",
            "demo-1.2/lib/a.c",
            "demo-1.2/lib/b\", \"c.c",
            "demo-1.2/lib/d\".h",
        ];
        let text = draft(&[url(Some(&archive))]);
        let file = RecipeFile::parse("demo/recipe.toml", &text).expect(&text);
        let recipe = file.recipes().next().expect("a recipe");
        let sources = recipe.units().map(|(_, unit)| unit.source.path().as_str());
        assert_eq!(sources.collect::<Vec<_>>(), ["lib/a.c", "lib/b\", \"c.c"]);
        assert!(
            recipe
                .headers()
                .any(|(from, _)| from.as_str() == "lib/d\".h")
        );
    }

    #[test]
    fn public_headers_are_those_of_the_include_folder_where_there_is_one() {
        let archive = [
            "demo-1.2/LICENSE",
            "demo-1.2/src/a.c",
            "demo-1.2/src/private.h",
            "demo-1.2/include/demo/a.h",
        ];
        let text = draft(&[url(Some(&archive))]);
        assert!(
            text.contains("include-dirs = [\"include\", \"src\"]"),
            "{text}"
        );
        assert!(
            text.contains("\"include/demo/a.h\" = \"demo/a.h\"") && !text.contains("private.h"),
            "{text}"
        );
    }
}
