//! The machine's own apt sources, with the suite replaced: so another suite of Debian is reached by
//! whatever mirror, proxy and keys the machine is set up with. Both forms are read: one line an
//! entry, and deb822 (sources.list(5)).

use std::fmt::Write as _;

/// The suites of Debian that name a whole release, not an overlay of one. An entry with one of them
/// is Debian's own archive; its updates and security archives have suites of their own, and other
/// people's archives have other names.
const RELEASES: [&str; 12] = [
    "bullseye",
    "bookworm",
    "trixie",
    "forky",
    "duke",
    "sid",
    "oldoldstable",
    "oldstable",
    "stable",
    "testing",
    "unstable",
    "rc-buggy",
];

/// Whether `suite` is one of an archive of security updates, which has an address of its own.
fn is_security(suite: &str) -> bool {
    is_debians(suite) && (suite.ends_with("-security") || suite.ends_with("/updates"))
}

/// Whether the suite `wanted` is at the address of an entry for the suite `here`: another release
/// beside a release, security updates beside such.
fn is_beside(here: &str, wanted: &str) -> bool {
    if is_security(here) {
        is_security(wanted)
    } else {
        RELEASES.contains(&here) && !is_security(wanted)
    }
}

/// What an entry is wanted for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EntryUse {
    Binaries,
    Sources,
}

impl EntryUse {
    /// The type of such an entry.
    fn entry_type(self) -> &'static str {
        match self {
            Self::Binaries => "deb",
            Self::Sources => "deb-src",
        }
    }
}

/// The entries of a one-line file (`.list`) for binaries that are Debian's own, made such for
/// `suites` and what is `wanted`.
#[must_use]
pub fn one_line(text: &str, suites: &[&str], wanted: EntryUse) -> String {
    let mut out = String::new();
    for line in text.lines() {
        let line = line.split('#').next().unwrap_or_default().trim();
        let Some(rest) = line
            .strip_prefix("deb")
            .filter(|rest| rest.starts_with([' ', '\t', '[']))
        else {
            continue;
        };
        let rest = rest.trim_start();
        let (options, rest) = match rest.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
            Some((options, rest)) => (without_architectures(options), rest),
            None => (String::new(), rest),
        };
        let mut words = rest.split_whitespace();
        let (Some(uri), Some(suite)) = (words.next(), words.next()) else {
            continue;
        };
        let components: Vec<_> = words.collect();
        for suite in suites.iter().filter(|wanted| is_beside(suite, wanted)) {
            let options = if options.is_empty() {
                String::new()
            } else {
                format!("[{options}] ")
            };
            let _ = writeln!(
                out,
                "{} {options}{uri} {suite} {}",
                wanted.entry_type(),
                components.join(" ")
            );
        }
    }
    out
}

/// The addresses of Debian's archives, releases' and security updates' alike, in a one-line file.
#[must_use]
pub fn one_line_uris(text: &str) -> Vec<String> {
    let entries = text.lines().filter_map(|line| {
        let line = line.split('#').next().unwrap_or_default().trim();
        let rest = line
            .strip_prefix("deb-src")
            .or_else(|| line.strip_prefix("deb"))?;
        let rest = rest.strip_prefix([' ', '\t'])?.trim_start();
        let rest = if rest.starts_with('[') {
            rest.split_once(']')?.1
        } else {
            rest
        };
        let mut words = rest.split_whitespace();
        let (uri, suite) = (words.next()?, words.next()?);
        is_debians(suite).then(|| uri.to_owned())
    });
    entries.collect()
}

/// The same of a deb822 file.
#[must_use]
pub fn deb822_uris(text: &str) -> Vec<String> {
    let mut uris = Vec::new();
    for stanza in stanzas(text) {
        let words = |key: &str| {
            let value = stanza
                .iter()
                .find(|(name, _)| name.eq_ignore_ascii_case(key))
                .map_or("", |(_, value)| value.as_str());
            value
                .split_whitespace()
                .map(str::to_owned)
                .collect::<Vec<_>>()
        };
        if words("Suites").iter().any(|suite| is_debians(suite)) {
            uris.extend(words("URIs"));
        }
    }
    uris
}

/// `bookworm`, `bookworm-security`, `bookworm/updates`.
fn is_debians(suite: &str) -> bool {
    let (release, overlay) = suite.split_once(['-', '/']).unwrap_or((suite, ""));
    RELEASES.contains(&release) && ["", "security", "updates"].contains(&overlay)
}

/// Which architectures the machine wants says nothing of which one is asked for here.
fn without_architectures(options: &str) -> String {
    options
        .split_whitespace()
        .filter(|option| !option.starts_with("arch"))
        .collect::<Vec<_>>()
        .join(" ")
}

/// The stanzas of a deb822 file (`.sources`) for binaries that are Debian's own, made such for
/// `suites` and what is `wanted`.
#[must_use]
pub fn deb822(text: &str, suites: &[&str], wanted: EntryUse) -> String {
    let mut out = String::new();
    for stanza in stanzas(text) {
        let value = |key: &str| {
            stanza
                .iter()
                .find(|(name, _)| name.eq_ignore_ascii_case(key))
                .map(|(_, value)| value.as_str())
        };
        let words = |key: &str| {
            value(key)
                .unwrap_or_default()
                .split_whitespace()
                .collect::<Vec<_>>()
        };
        let off = value("Enabled").is_some_and(|value| {
            matches!(
                value.trim().to_ascii_lowercase().as_str(),
                "no" | "false" | "off" | "0"
            )
        });
        let here = words("Suites");
        // One stanza may name a release and its updates: all have the address.
        let suites: Vec<_> = suites
            .iter()
            .copied()
            .filter(|wanted| here.iter().any(|here| is_beside(here, wanted)))
            .collect();
        if off || suites.is_empty() || !words("Types").contains(&"deb") {
            continue;
        }
        let _ = writeln!(
            out,
            "Types: {}\nSuites: {}",
            wanted.entry_type(),
            suites.join(" ")
        );
        for (name, value) in &stanza {
            if !["types", "suites", "enabled", "architectures"]
                .contains(&name.to_ascii_lowercase().as_str())
            {
                let _ = writeln!(out, "{name}:{value}");
            }
        }
        out.push('\n');
    }
    out
}

/// Fields by stanza: a value keeps its continuation lines, each with its indent. Comments are
/// dropped. Also the form of apt's own answers.
#[must_use]
pub fn stanzas(text: &str) -> Vec<Vec<(String, String)>> {
    let mut stanzas = vec![Vec::<(String, String)>::new()];
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let Some(fields) = stanzas.last_mut() else {
            continue;
        };
        if line.trim().is_empty() {
            stanzas.push(Vec::new());
        } else if line.starts_with([' ', '\t']) {
            if let Some((_, value)) = fields.last_mut() {
                value.push('\n');
                value.push_str(line);
            }
        } else if let Some((name, value)) = line.split_once(':') {
            fields.push((name.to_owned(), value.to_owned()));
        }
    }
    stanzas.retain(|fields| !fields.is_empty());
    stanzas
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_one_line_entry_keeps_mirror_options_and_components_and_changes_its_suite() {
        let text = "# deb https://example.org/old bookworm main\n\
                    deb [arch=amd64 signed-by=/k.gpg] https://example.org/debian bookworm main contrib # ours\n\
                    deb-src https://example.org/debian bookworm main\n\
                    deb https://example.org/security bookworm-security main\n\
                    deb https://example.com/tool stable-tool main\n\
                    deb https://example.com/flat ./\n";
        assert_eq!(
            one_line(text, &["bookworm", "trixie"], EntryUse::Binaries),
            "deb [signed-by=/k.gpg] https://example.org/debian bookworm main contrib\n\
             deb [signed-by=/k.gpg] https://example.org/debian trixie main contrib\n"
        );
        assert_eq!(
            one_line(text, &["forky", "trixie-security"], EntryUse::Binaries),
            "deb [signed-by=/k.gpg] https://example.org/debian forky main contrib\n\
             deb https://example.org/security trixie-security main\n"
        );
        assert_eq!(
            one_line(text, &["sid"], EntryUse::Sources),
            "deb-src [signed-by=/k.gpg] https://example.org/debian sid main contrib\n"
        );
    }

    #[test]
    fn a_stanza_keeps_its_keys_even_inline_and_loses_sources_and_overlays() {
        let text = "Types: deb deb-src\n# a comment\nURIs: https://example.org/debian\nSuites: bookworm bookworm-updates\n\
                    Components: main\nArchitectures: amd64\nSigned-By:\n -----BEGIN\n .\n abc\n\n\
                    Types: deb\nURIs: https://example.org/security\nSuites: bookworm-security\nComponents: main\n\n\
                    Types: deb\nEnabled: no\nURIs: https://example.org/off\nSuites: bookworm\nComponents: main\n\n\
                    Types: deb-src\nURIs: https://example.org/src\nSuites: bookworm\nComponents: main\n";
        assert_eq!(
            deb822(text, &["trixie"], EntryUse::Binaries),
            "Types: deb\nSuites: trixie\nURIs: https://example.org/debian\nComponents: main\nSigned-By:\n -----BEGIN\n .\n abc\n\n"
        );
        assert_eq!(
            deb822(text, &["trixie-security"], EntryUse::Binaries),
            "Types: deb\nSuites: trixie-security\nURIs: https://example.org/security\nComponents: main\n\n"
        );
    }

    #[test]
    fn the_archives_of_releases_and_of_security_updates_are_found_and_no_others() {
        let text = "Types: deb\nURIs: https://example.org/debian\nSuites: bookworm bookworm-updates\n\n\
                    Types: deb\nURIs: https://example.org/security\nSuites: bookworm-security\n\n\
                    Types: deb\nURIs: https://example.com/\nSuites: nodistro\n";
        assert_eq!(
            deb822_uris(text),
            ["https://example.org/debian", "https://example.org/security"]
        );
        let text = "deb [signed-by=/k.gpg] https://example.org/debian trixie main\ndeb https://example.com/tool stable-tool main\n# deb https://off trixie main";
        assert_eq!(one_line_uris(text), ["https://example.org/debian"]);
    }

    #[test]
    fn a_file_without_debians_own_archive_yields_nothing() {
        assert_eq!(
            deb822(
                "Types: deb\nURIs: https://example.com/\nSuites: nodistro\nComponents: main\n",
                &["trixie"],
                EntryUse::Binaries
            ),
            ""
        );
        assert_eq!(
            one_line(
                "deb https://example.com/ubuntu noble main\n",
                &["trixie"],
                EntryUse::Binaries
            ),
            ""
        );
    }
}
