//! The text of a recipe, or of its tests, for one version more: what is data in it and follows from
//! the version before. All else of the text stays as it is, byte for byte. Pure.

use std::collections::BTreeMap;

use serde::Serialize;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::{Name, SyntaxError, Version};

/// From which version of a source to which.
#[derive(Debug, Clone, Copy)]
pub struct VersionStep<'a> {
    /// The text is written for it.
    pub from: &'a Version,
    pub to: &'a Version,
    /// By crate: its release that carries `to`.
    pub releases: &'a BTreeMap<Name, Version>,
}

/// A text that is for the further version, too.
#[derive(Debug, PartialEq, Eq)]
pub struct SteppedText {
    pub text: String,
    /// What does not follow, in the text's order.
    pub open: Vec<OpenLine>,
}

/// A line of a recipe that a person has to look at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OpenLine {
    /// `zlib/recipe.toml`.
    pub file: String,
    /// Of the text before it is changed; counted from one.
    pub line: usize,
    /// What to decide there.
    pub what: String,
}

impl VersionStep<'_> {
    /// `text`, the recipe `file`, with the version first in `versions`, the crates' releases that
    /// are known, and in tables by version a text for it wherever that of the version before is a
    /// template, or names that version. No digest is added.
    ///
    /// # Errors
    /// When the text is not TOML.
    pub fn recipe(&self, file: &str, text: &str) -> Result<SteppedText, Box<SyntaxError>> {
        self.edited(file, text, |edit, root| {
            for origin in tables(root, "origin") {
                edit.origin(origin);
            }
            for compared in tables(root, "compared") {
                if let Some(origin) = value(compared, "origin").and_then(DeValue::as_table) {
                    edit.origin(origin);
                }
            }
            for when in tables(root, "when") {
                edit.condition(when, "this `[[when]]`");
            }
        })
    }

    /// `text`, the suite `file`, with the version first in `versions`.
    ///
    /// # Errors
    /// When the text is not TOML.
    pub fn suite(&self, file: &str, text: &str) -> Result<SteppedText, Box<SyntaxError>> {
        self.edited(file, text, |edit, root| {
            for key in ["run", "not-applicable"] {
                for when in tables(root, key).filter_map(|table| value(table, "when")?.as_table()) {
                    edit.condition(when, "this condition");
                }
            }
        })
    }

    fn edited(
        &self,
        file: &str,
        text: &str,
        more: impl FnOnce(&mut Edit<'_>, &DeTable<'_>),
    ) -> Result<SteppedText, Box<SyntaxError>> {
        let root = DeTable::parse(text)
            .map_err(|error| Box::new(SyntaxError::from_toml(file, text, &error)))?;
        let mut edit = Edit {
            step: *self,
            file,
            text,
            insertions: Vec::new(),
            open: Vec::new(),
        };
        edit.versions(root.get_ref());
        more(&mut edit, root.get_ref());
        Ok(edit.done())
    }
}

/// What is added to a text.
struct Edit<'a> {
    step: VersionStep<'a>,
    file: &'a str,
    text: &'a str,
    /// Each at its place in the text.
    insertions: Vec<(usize, String)>,
    open: Vec<OpenLine>,
}

impl Edit<'_> {
    fn versions(&mut self, root: &DeTable<'_>) {
        let Some(DeValue::Array(versions)) = value(root, "versions") else {
            return;
        };
        let known = |version: &Spanned<DeValue<'_>>| {
            version.get_ref().as_str() == Some(self.step.to.as_str())
        };
        let Some(first) = versions.iter().next() else {
            return;
        };
        if !versions.iter().any(known) {
            let at = first.span().start;
            let gap = self.gap(at);
            let version = quoted(self.step.to.as_str());
            self.insertions.push((at, format!("{version},{gap}")));
        }
    }

    /// Adds what an origin says of the version, as far as that follows.
    fn origin(&mut self, origin: &DeTable<'_>) {
        let step = self.step;
        let to = step.to;
        let mut has_version = true;
        if let (Some(krate), Some(releases)) = (
            value(origin, "crate").and_then(DeValue::as_str),
            entry(origin, "releases"),
        ) {
            let known = self.step.releases;
            let release = known.iter().find(|(name, _)| name.as_str() == krate);
            has_version = self.by_version(releases, |_| Some(release?.1.to_string()));
            if !has_version && has(releases, self.step.from) {
                self.look(releases, format!("no release of the crate {krate} is known to carry {to}: unless `releases` names one, the origin is left out"));
            }
        }
        for key in ["url", "file"] {
            let Some(texts) = entry(origin, key).filter(|texts| texts.get_ref().is_table()) else {
                continue;
            };
            has_version = self.by_version(texts, |before| step.follows(before));
            if !has_version && has(texts, self.step.from) {
                self.look(texts, format!("the `{key}` of {to} does not follow from that of {}: unless it is added, the origin is left out", self.step.from));
            }
        }
        let roots = entry(origin, "root").filter(|roots| roots.get_ref().is_table());
        if let Some(roots) = roots.filter(|_| has_version)
            && !self.by_version(roots, |before| {
                let fixed = !before.contains(|c: char| c.is_ascii_digit());
                let same = || fixed.then(|| before.to_owned());
                step.follows(before).or_else(same)
            })
        {
            self.look(roots, format!("the `root` of {to} does not follow: add it"));
        }
    }

    /// Says that a condition on the version before does not hold for the new one.
    fn condition(&mut self, when: &DeTable<'_>, what: &str) {
        let Some(versions) = entry(when, "version") else {
            return;
        };
        let names = |wanted: &Version| match versions.get_ref() {
            DeValue::String(name) => name == wanted.as_str(),
            DeValue::Array(names) => names
                .iter()
                .any(|name| name.get_ref().as_str() == Some(wanted.as_str())),
            _ => false,
        };
        let VersionStep { from, to, .. } = self.step;
        if names(from) && !names(to) {
            self.look(
                versions,
                format!("{what} counts for {from} and not for {to}: add {to} if it still holds"),
            );
        }
    }

    /// Whether a table by version has the new one now: it had it, or it gets the text that `follow`
    /// makes of the text of the version before.
    fn by_version(
        &mut self,
        texts: &Spanned<DeValue<'_>>,
        follow: impl FnOnce(&str) -> Option<String>,
    ) -> bool {
        if has(texts, self.step.to) {
            return true;
        }
        let Some(table) = texts.get_ref().as_table() else {
            return false;
        };
        let before = value(table, self.step.from.as_str()).and_then(DeValue::as_str);
        let first = table.keys().map(|key| key.span().start).min();
        let Some((text, at)) = before.and_then(follow).zip(first) else {
            return false;
        };
        let added = format!("{} = {}", quoted(self.step.to.as_str()), quoted(&text));
        let is_inline = self.text[texts.span()].starts_with('{');
        let added = if is_inline {
            format!("{added},{}", self.gap(at))
        } else {
            // A line of its own: `"1.3.2" = "…"`, or `releases."1.3.2" = "…"`.
            let line = self.text[..at].rfind('\n').map_or(0, |end| end + 1);
            format!("{added}{}{}", self.line_end(), &self.text[line..at])
        };
        self.insertions.push((at, added));
        true
    }

    /// What is between a new element and the one at `at`, which was the first: a blank, or the line
    /// end and the blanks that it stands behind.
    fn gap(&self, at: usize) -> &str {
        let before = &self.text[..at];
        let blanks = &before[before.trim_end().len()..];
        if blanks.contains('\n') { blanks } else { " " }
    }

    fn line_end(&self) -> &'static str {
        if self.text.contains("\r\n") {
            "\r\n"
        } else {
            "\n"
        }
    }

    fn look<T>(&mut self, place: &Spanned<T>, what: String) {
        self.open.push(OpenLine {
            file: self.file.to_owned(),
            line: self.text[..place.span().start].matches('\n').count() + 1,
            what,
        });
    }

    fn done(mut self) -> SteppedText {
        let mut text = self.text.to_owned();
        self.insertions.sort_by_key(|(at, _)| *at);
        for (at, added) in self.insertions.iter().rev() {
            text.insert_str(*at, added);
        }
        self.open.sort_by_key(|open| open.line);
        SteppedText {
            text,
            open: self.open,
        }
    }
}

impl VersionStep<'_> {
    /// The text for the new version, where it obviously is that of `before`: a template, or one that
    /// names the version before.
    fn follows(&self, before: &str) -> Option<String> {
        if before.contains('{') {
            return Some(before.to_owned());
        }
        let from = self.from.as_str();
        let is_whole = |at: usize| {
            let (left, right) = (&before[..at], &before[at + from.len()..]);
            let digit = |text: &str, last: bool| {
                let c = if last {
                    text.chars().next_back()
                } else {
                    text.chars().next()
                };
                c.is_some_and(|c| c.is_ascii_digit())
            };
            // Not a part of a longer one.
            !digit(left, true)
                && !left.strip_suffix('.').is_some_and(|left| digit(left, true))
                && !digit(right, false)
                && !right
                    .strip_prefix('.')
                    .is_some_and(|right| digit(right, false))
        };
        let mut found = before.match_indices(from).map(|(at, _)| at).peekable();
        found.peek()?;
        found
            .all(is_whole)
            .then(|| before.replace(from, self.to.as_str()))
    }
}

/// `text` as TOML has it.
fn quoted(text: &str) -> String {
    toml::Value::from(text).to_string()
}

/// The value of a key, with its place.
fn entry<'t, 'i>(table: &'t DeTable<'i>, key: &str) -> Option<&'t Spanned<DeValue<'i>>> {
    let mut entries = table.iter();
    let found = entries.find(|(name, _)| name.get_ref() == key);
    found.map(|(_, value)| value)
}

fn value<'t, 'i>(table: &'t DeTable<'i>, key: &str) -> Option<&'t DeValue<'i>> {
    entry(table, key).map(Spanned::get_ref)
}

/// Whether a table by version has a text for `version`.
fn has(texts: &Spanned<DeValue<'_>>, version: &Version) -> bool {
    let table = texts.get_ref().as_table();
    table.is_some_and(|table| value(table, version.as_str()).is_some())
}

/// The tables of an array.
fn tables<'t, 'i>(root: &'t DeTable<'i>, key: &str) -> impl Iterator<Item = &'t DeTable<'i>> {
    let array = value(root, key).and_then(DeValue::as_array);
    array
        .into_iter()
        .flat_map(|array| array.iter())
        .filter_map(|item| item.get_ref().as_table())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::RecipeFile;

    fn version(text: &str) -> Version {
        text.parse().expect("a version")
    }

    /// `text` from 1.2 to 1.3, with a release of the crate `demo-sys`.
    fn stepped(text: &str) -> SteppedText {
        let releases = BTreeMap::from([("demo-sys".parse().expect("a name"), version("0.9.1"))]);
        let step = VersionStep {
            from: &version("1.2"),
            to: &version("1.3"),
            releases: &releases,
        };
        step.recipe("demo/recipe.toml", text).expect("TOML")
    }

    #[test]
    fn what_follows_is_added_first_and_nothing_else_of_the_text_changes() {
        for (before, after) in [
            (
                "versions = [\"1.2\"] # a comment\n",
                "versions = [\"1.3\", \"1.2\"] # a comment\n",
            ),
            (
                "versions = [ # newest first\n    \"1.2\",\n    \"1.1\",\n]\n",
                "versions = [ # newest first\n    \"1.3\",\n    \"1.2\",\n    \"1.1\",\n]\n",
            ),
            ("versions = ['1.3', '1.2']\n", "versions = ['1.3', '1.2']\n"),
            (
                "[[origin]]\nurl = \"https://e.org/{version}\"\nroot = { \"1.2\" = \"a-{version}\", \"1.1\" = \"b\" } # why\n",
                "[[origin]]\nurl = \"https://e.org/{version}\"\nroot = { \"1.3\" = \"a-{version}\", \"1.2\" = \"a-{version}\", \"1.1\" = \"b\" } # why\n",
            ),
            (
                "[[origin]]\nurl = {\"1.2\" = \"https://e.org/d-1.2.tar\"}\nroot = {\"1.2\" = \"d\"}\n",
                "[[origin]]\nurl = {\"1.3\" = \"https://e.org/d-1.3.tar\", \"1.2\" = \"https://e.org/d-1.2.tar\"}\nroot = {\"1.3\" = \"d\", \"1.2\" = \"d\"}\n",
            ),
            (
                "[[origin]]\ncrate = \"demo-sys\"\n[origin.releases]\n# first\n\"1.2\" = \"0.9.0\"\n",
                "[[origin]]\ncrate = \"demo-sys\"\n[origin.releases]\n# first\n\"1.3\" = \"0.9.1\"\n\"1.2\" = \"0.9.0\"\n",
            ),
            (
                "[[origin]]\r\ncrate = \"demo-sys\"\r\nreleases.\"1.2\" = \"0.9.0\"\r\n",
                "[[origin]]\r\ncrate = \"demo-sys\"\r\nreleases.\"1.3\" = \"0.9.1\"\r\nreleases.\"1.2\" = \"0.9.0\"\r\n",
            ),
            (
                "[[compared]]\norigin = { crate = \"demo-sys\", releases = { \"1.2\" = \"1\" } }\n",
                "[[compared]]\norigin = { crate = \"demo-sys\", releases = { \"1.3\" = \"0.9.1\", \"1.2\" = \"1\" } }\n",
            ),
            (
                "[[origin]]\nurl = \"u\"\n[origin.published-sha256]\n\"1.2\" = \"00\"\n",
                "[[origin]]\nurl = \"u\"\n[origin.published-sha256]\n\"1.2\" = \"00\"\n",
            ),
        ] {
            let SteppedText { text, open } = stepped(before);
            assert_eq!(text, after);
            assert_eq!(open, [], "{before}");
            assert_eq!(stepped(&text).text, after, "a second step adds nothing");
        }
    }

    #[test]
    fn what_does_not_follow_is_left_and_its_line_named() {
        for (text, line, words) in [
            (
                "[[origin]]\nroot = \"d\"\nurl = { \"1.2\" = \"https://e.org/d-120.tar\" }\n",
                3,
                "the `url` of 1.3 does not follow",
            ),
            (
                "[[origin]]\nurl = \"u\"\nroot = { \"1.2\" = \"d-120\" }\n",
                3,
                "the `root` of 1.3 does not follow",
            ),
            (
                "[[origin]]\ncrate = \"other-sys\"\nreleases = { \"1.2\" = \"1.0\" }\n",
                3,
                "no release of the crate other-sys",
            ),
            (
                "[[when]]\nversion = [\"1.2\", \"1.1\"]\n",
                2,
                "this `[[when]]` counts for 1.2 and not for 1.3",
            ),
            (
                "[[origin]]\nroot = \"d\"\nurl = { \"1.2\" = \"https://e.org/d-1.2.1.tar\" }\n",
                3,
                "does not follow",
            ),
        ] {
            let SteppedText { text: after, open } = stepped(text);
            assert_eq!(after, text);
            let [open] = &open[..] else {
                panic!("{text}: {open:?}")
            };
            assert_eq!((open.line, open.file.as_str()), (line, "demo/recipe.toml"));
            assert!(open.what.contains(words), "{open:?}");
        }
        let others =
            "[[when]]\nversion = \"1.1\"\n[[origin]]\nurl = { \"1.1\" = \"u\" }\nroot = \"\"\n";
        assert_eq!(stepped(others).open, [], "nothing of the version before");
    }

    #[test]
    fn the_projects_own_recipes_take_a_version_more_or_name_the_line_that_they_lack() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("recipes");
        let (mut whole, mut lacking) = (0, Vec::new());
        for entry in std::fs::read_dir(folder).expect("the recipes") {
            let path = entry.expect("an entry").path().join("recipe.toml");
            let Ok(text) = std::fs::read_to_string(&path) else {
                continue;
            };
            let file = path.display().to_string();
            let recipe = RecipeFile::parse(&file, &text).expect("a recipe");
            let step = VersionStep {
                from: &recipe.versions[0],
                to: &version("999.1"),
                releases: &BTreeMap::new(),
            };
            let SteppedText { text: after, open } = step.recipe(&file, &text).expect("TOML");
            match RecipeFile::parse(&file, &after) {
                Ok(moved) => {
                    whole += 1;
                    assert_eq!(moved.versions[0].as_str(), "999.1", "{file}");
                    assert_eq!(moved.versions[1..], recipe.versions[..], "{file}");
                }
                Err(errors) => {
                    assert!(
                        errors
                            .iter()
                            .all(|error| error.message.contains("no `root`")),
                        "{file}: {errors:?}"
                    );
                    assert!(!open.is_empty(), "{file}");
                    lacking.push(file);
                }
            }
        }
        assert!(whole > 30, "{lacking:?}");
    }
}
