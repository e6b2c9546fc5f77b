//! Under which keys an object is looked for. The first says what is asked: file, arguments,
//! compiler. Under it the cache knows which files clang opened the last times; their digests make
//! the second key, under which the result is. What clang did not open changes neither.
//!
//! That a file is *not* there decides too: a header that somebody puts into an earlier folder comes
//! before the one that was opened. So the second key covers where there are files of the names that
//! were looked for: those of the files that were opened (whatever stands in an `#include`, a file
//! that it could find has the same name as the one that it found), and those that `__has_include`
//! asks for. Where these names can't be told from the text, it covers the names of all files.
//!
//! What the target is called decides only where one of these files asks for it: the macro by which
//! clang names it is none of what the first key covers.
//!
//! The two keys are those of ccache's direct mode,
//! <https://ccache.dev/manual/latest.html#_the_direct_mode>, which does not see new files.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::BuildError;
use super::job_files::JobFiles;
use crate::model::{Dependency, RelPath, Sha256};
use crate::plan::Job;
use crate::store::{Cache, Shared};
use crate::toolchain::{TARGET_MACRO, Toolchain};

/// The sets of files that are remembered of one question: each is tried in turn, so that more would
/// cost every build time.
const SETS_LIMIT: usize = 16;

/// Names that decide which files clang opens.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum DecidingNames {
    /// Any file's.
    All,
    /// Those of the files that were opened, and these: last parts of paths in lower case, for
    /// systems where case makes no other file.
    Also(BTreeSet<String>),
}

/// What clang opened once, and what it looked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OpenedFiles {
    /// Those of the SDK are portable: [`crate::toolchain::SdkHeaders::portable`]. Sorted.
    files: Vec<Dependency>,
    names: DecidingNames,
    /// Whether one of them asks for the target by its macro.
    asks_for_target: bool,
}

/// What is kept under the second key.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Made {
    /// Of the object.
    pub object: Sha256,
    /// Clang's own warnings, with paths as they are below the tree; empty where it had nothing to
    /// say.
    pub warnings: String,
    /// What clang had of processors, in seconds.
    pub seconds: f64,
    /// The files that clang opened, from its own dependency output; those of the SDK are portable.
    /// Sorted.
    pub dependencies: Vec<Dependency>,
}

/// A question to the cache.
pub struct Lookup<'a> {
    toolchain: &'a Toolchain,
    place: &'a JobFiles<'a>,
    /// The first key.
    pub key: Sha256,
}

impl<'a> Lookup<'a> {
    /// Asks for `job` in `place`. The SDK counts by its compiler and by what that defines before it
    /// reads a file, not by the target's name: what two targets make of equal files is equal.
    pub fn new(toolchain: &'a Toolchain, job: &Job, place: &'a JobFiles<'a>) -> Self {
        let root = toolchain.root().as_str();
        let words = toolchain
            .base_args()
            .iter()
            .filter(|word| !word.starts_with("--target="))
            .map(|word| word.replace(root, "<sdk>"));
        let words: Vec<String> = words.collect();
        let folders = place.dependency_headers.iter().flat_map(|headers| {
            let name = headers.name();
            let below = headers.folders.iter();
            let below = below.map(move |folder| format!("{name}/{folder}"));
            std::iter::once(name.to_owned()).chain(below)
        });
        let folders: Vec<String> = folders.collect();
        let count = (words.len() as u64).to_le_bytes();
        let macros = toolchain.macros();
        let fixed = [
            job.key.as_bytes().as_slice(),
            toolchain.identity().compiler.as_bytes(),
            macros.as_bytes(),
            &count,
        ];
        let key = Sha256::of_fields(
            "wasideps asked 2",
            fixed
                .into_iter()
                .chain(words.iter().map(String::as_bytes))
                .chain(folders.iter().map(String::as_bytes)),
        );
        Self {
            toolchain,
            place,
            key,
        }
    }

    /// The result, where `cache` has it for the files as they are now; whether the object is still
    /// there is not asked.
    ///
    /// # Errors
    /// When the cache can't be used.
    pub fn get(&self, cache: &dyn Cache) -> Result<Option<Made>, BuildError> {
        for opened in self.sets(cache)? {
            let Some(key) = self.second(&opened) else {
                continue;
            };
            let Some(bytes) = cache.get_result(&key)? else {
                continue;
            };
            // One of another form was written by another version.
            let Ok(made) = serde_json::from_slice::<Made>(&bytes) else {
                continue;
            };
            // The trace names them: what another cache gives must not name others.
            if made.dependencies == opened.files {
                return Ok(Some(made));
            }
        }
        Ok(None)
    }

    /// Keeps the result `made`, for which clang opened `made.dependencies`. `indirect` says that
    /// one of them was reached by a path with `..` in it: then a folder that is not there decided
    /// as well.
    ///
    /// # Errors
    /// When a file that was opened can't be read, or the result can't be kept.
    pub fn put(
        &self,
        cache: &dyn Cache,
        made: &Made,
        arguments: &[String],
        indirect: bool,
    ) -> Result<(), BuildError> {
        let mut names = if indirect || arguments.iter().any(|word| word.contains("__has_")) {
            DecidingNames::All
        } else {
            DecidingNames::Also(BTreeSet::new())
        };
        let mut asks_for_target = arguments.iter().any(|word| word.contains(TARGET_MACRO));
        for file in &made.dependencies {
            let Some(path) = self.path(file) else {
                (names, asks_for_target) = (DecidingNames::All, true);
                break;
            };
            let bytes = fs_err::read(&path).map_err(|source| BuildError::Read { path, source })?;
            asks_for_target |= bytes
                .windows(TARGET_MACRO.len())
                .any(|part| part == TARGET_MACRO.as_bytes());
            if names != DecidingNames::All {
                names = names.and(asked_for(&bytes));
            }
        }
        let opened = OpenedFiles {
            files: made.dependencies.clone(),
            names,
            asks_for_target,
        };
        let Some(second) = self.second(&opened) else {
            return Ok(());
        };
        let result = serde_json::to_vec(made).expect("a result has only string keys");
        cache.put_result(&second, &result)?;
        let entry = serde_json::to_vec(&opened).expect("a set has only string keys");
        cache.add_to_list(&self.key, &entry, SETS_LIMIT)?;
        cache.share(&Shared {
            question: self.key,
            entry: &entry,
            action: second,
            result: &result,
            blob: made.object,
            seconds: made.seconds,
        });
        Ok(())
    }

    /// The second keys of the sets of files that `cache` remembers: under one of them is the
    /// result, where it has it.
    ///
    /// # Errors
    /// When the cache can't be used.
    pub fn actions(&self, cache: &dyn Cache) -> Result<Vec<Sha256>, BuildError> {
        let sets = self.sets(cache)?;
        Ok(sets.iter().filter_map(|set| self.second(set)).collect())
    }

    fn sets(&self, cache: &dyn Cache) -> Result<Vec<OpenedFiles>, BuildError> {
        let sets = cache.get_list(&self.key)?;
        // One of another form was written by another version.
        let sets = sets
            .iter()
            .filter_map(|set| serde_json::from_slice(set).ok());
        Ok(sets.collect())
    }

    /// The second key; none where one of the files is not there any more.
    fn second(&self, opened: &OpenedFiles) -> Option<Sha256> {
        let mut fields = vec![self.key.as_bytes().to_vec()];
        if opened.asks_for_target {
            let target = self.toolchain.config().target();
            fields.push(format!("target:{target}").into_bytes());
        }
        for file in &opened.files {
            fields.push(file.to_string().into_bytes());
            fields.push(self.digest(file)?.as_bytes().to_vec());
        }
        let mut names: BTreeSet<String> = opened
            .files
            .iter()
            .map(|file| path_of(file).caseless_file_name())
            .collect();
        if let DecidingNames::Also(more) = &opened.names {
            names.extend(more.iter().cloned());
        }
        let all = opened.names == DecidingNames::All;
        let counts = |path: &&RelPath| all || names.contains(&path.caseless_file_name());
        // Each kind of place by its own list, so that a path of one is never taken for one of
        // another.
        let mut list = |place: &str, paths: &mut dyn Iterator<Item = &RelPath>| {
            fields.push(place.as_bytes().to_vec());
            fields.extend(paths.map(|path| path.as_str().as_bytes().to_vec()));
        };
        let own = self.place.tree.files().iter().map(|file| &file.path);
        list("own:", &mut own.filter(counts));
        for headers in self.place.dependency_headers {
            list("headers:", &mut headers.files.keys().filter(counts));
        }
        // An SDK has thousands of headers, and each job asks.
        let sdk = self.toolchain.headers();
        if all {
            list("sdk:", &mut sdk.paths().iter());
        } else {
            list("sdk:", &mut sdk.named(&names));
        }
        Some(Sha256::of_fields(
            "wasideps made 1",
            fields.iter().map(Vec::as_slice),
        ))
    }

    fn digest(&self, file: &Dependency) -> Option<Sha256> {
        match file {
            Dependency::Own(path) => self.place.tree.file(path).map(|file| file.sha256),
            Dependency::Sdk(path) => self.toolchain.headers().digest(path),
            Dependency::Header(name, path) => {
                let headers = self.place.headers_with(name, path)?;
                headers.files.get(path).copied()
            }
        }
    }

    fn path(&self, file: &Dependency) -> Option<camino::Utf8PathBuf> {
        match file {
            Dependency::Own(path) => Some(self.place.tree.dir().join(path.as_str())),
            Dependency::Sdk(path) => Some(self.toolchain.headers().place(path)),
            Dependency::Header(name, path) => {
                Some(self.place.headers_with(name, path)?.dir.join(path.as_str()))
            }
        }
    }
}

fn path_of(file: &Dependency) -> &RelPath {
    match file {
        Dependency::Own(path) | Dependency::Sdk(path) | Dependency::Header(_, path) => path,
    }
}

impl DecidingNames {
    fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Also(mut one), Self::Also(other)) => {
                one.extend(other);
                Self::Also(one)
            }
            _ => Self::All,
        }
    }
}

/// The names of the files that `text` of C asks for with `__has_include` and its like. An operator
/// that is given another name by a macro, or takes one that is put together, may ask for any. One
/// whose own name is put together by `##` is not seen.
fn asked_for(text: &[u8]) -> DecidingNames {
    const OPERATOR: &[u8] = b"__has_";
    let mut names = BTreeSet::new();
    // A trigraph may be the backslash that joins two lines.
    if text.windows(3).any(|bytes| bytes == b"??/") {
        return DecidingNames::All;
    }
    let text = joined(text);
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    let mut at = 0;
    while let Some(found) = text[at..]
        .windows(OPERATOR.len())
        .position(|bytes| bytes == OPERATOR)
    {
        let start = at + found;
        let end = start
            + text[start..]
                .iter()
                .take_while(|byte| is_word(**byte))
                .count();
        at = end;
        if start > 0 && is_word(text[start - 1])
            || !matches!(
                &text[start..end],
                b"__has_include" | b"__has_include_next" | b"__has_embed"
            )
        {
            continue;
        }
        let rest = text[end..].trim_ascii_start();
        let asked = rest.strip_prefix(b"(").map(<[u8]>::trim_ascii_start);
        let close = match asked.and_then(<[u8]>::first) {
            Some(b'<') => b'>',
            Some(b'"') => b'"',
            // Whether the operator is there.
            _ if asked.is_none() && is_asked_whether_defined(&text[..start]) => continue,
            _ => return DecidingNames::All,
        };
        let name = &asked.unwrap_or_default()[1..];
        let Some(length) = name
            .iter()
            .position(|byte| *byte == close || *byte == b'\n')
            .filter(|length| name[*length] == close)
        else {
            return DecidingNames::All;
        };
        let name = String::from_utf8_lossy(&name[..length]).to_ascii_lowercase();
        if name.contains("..") {
            return DecidingNames::All;
        }
        names.insert(name.rsplit('/').next().unwrap_or_default().to_owned());
    }
    DecidingNames::Also(names)
}

/// Whether `text` ends with what asks whether the next word is defined.
fn is_asked_whether_defined(text: &[u8]) -> bool {
    let text = text.trim_ascii_end();
    let text = text.strip_suffix(b"(").map_or(text, <[u8]>::trim_ascii_end);
    [&b"defined"[..], b"ifdef", b"ifndef"]
        .iter()
        .any(|word| text.ends_with(word))
}

/// `text` without the ends of lines that a backslash joins with the next; blanks may stand between
/// the two.
fn joined(text: &[u8]) -> Vec<u8> {
    let mut joined = Vec::with_capacity(text.len());
    for line in text.split_inclusive(|byte| *byte == b'\n') {
        let content = line.trim_ascii_end();
        match content.strip_suffix(b"\\") {
            Some(content) if line.ends_with(b"\n") => joined.extend_from_slice(content),
            _ => joined.extend_from_slice(line),
        }
    }
    joined
}

#[cfg(test)]
mod tests {
    use super::*;

    fn also(names: &[&str]) -> DecidingNames {
        DecidingNames::Also(names.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn what_a_text_asks_for_is_known_by_name_or_may_be_any_file() {
        for (text, expected) in [
            ("int a;\n#include <a.h>\n", also(&[])),
            (
                "#if __has_include(<sys/Random.h>)\n#endif\n#if __has_include_next( \"b.h\" ) || __has_embed(<c.bin>)\n",
                also(&["random.h", "b.h", "c.bin"]),
            ),
            ("#if __has_inc\\\nlude \\  \n (<a.h>)\n", also(&["a.h"])),
            (
                "#ifdef __has_include\n# if __has_include(<a.h>)\n",
                also(&["a.h"]),
            ),
            (
                "#if defined(__has_include) && defined __has_include_next\n",
                also(&[]),
            ),
            (
                "#define my__has_include 1\n#if __has_feature(x) || __has_includes(<a.h>)\n",
                also(&[]),
            ),
            ("#define HAS(x) __has_include(x)\n", DecidingNames::All),
            ("#define HAS __has_include\n", DecidingNames::All),
            ("#if __has_include(MACRO)\n", DecidingNames::All),
            ("#if __has_include(<a.h\n", DecidingNames::All),
            ("#if __has_include(\"../a.h\")\n", DecidingNames::All),
            ("#if __has_inc??/\nlude(<a.h>) \\\n", DecidingNames::All),
        ] {
            assert_eq!(asked_for(text.as_bytes()), expected, "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_searched_without_a_panic(text in "(__has_include|__has_embed|defined|[ (<>\"\\\\\n/.a?]){0,12}") {
            asked_for(text.as_bytes());
        }
    }
}
