//! More than a hundred random changes of a prefix, each of which `wasideps verify` must find and
//! name.

use std::collections::BTreeSet;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use wasideps::build::{BUILD_TRACE, MANIFEST, Manifest, SBOM, archive};
use wasideps::model::{Content, Sha256};

use crate::support::{Place, copy_tree, run, test};
use crate::verify::{files, found, read, three, verify, write};

/// Chance that can be repeated: xorshift64*.
pub struct Chance(u64);

impl Chance {
    /// `seed` is not zero.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        usize::try_from((self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) % bound as u64)
            .expect("it is below a usize")
    }

    pub fn of<'a, T>(&mut self, list: &'a [T]) -> &'a T {
        &list[self.below(list.len())]
    }
}

/// A prefix that is tampered with.
struct Victim<'a> {
    root: &'a Path,
    chance: &'a mut Chance,
}

/// Changes something, and says which places a finding must name: any of them.
type Tampering = fn(&mut Victim<'_>) -> Vec<String>;

const TAMPERINGS: [(&str, Tampering); 24] = [
    ("a bit of any file", |victim| {
        victim.changed(|bytes, chance| {
            let at = chance.below(bytes.len());
            bytes[at] ^= 1 << chance.below(8);
        })
    }),
    ("a file cut short", |victim| {
        victim.changed(|bytes, chance| bytes.truncate(chance.below(bytes.len())))
    }),
    ("a byte at the end", |victim| {
        victim.changed(|bytes, chance| bytes.push(u8::try_from(chance.below(256)).expect("a byte")))
    }),
    ("two bytes exchanged", |victim| {
        victim.changed(|bytes, chance| {
            let first = chance.below(bytes.len());
            let second = bytes
                .iter()
                .position(|byte| *byte != bytes[first])
                .expect("not all bytes are one");
            bytes.swap(first, second);
        })
    }),
    ("a file added", |victim| {
        let path = format!("{}/.{}", victim.folder(), victim.chance.below(1000));
        write(victim.root, &path, "");
        vec![path]
    }),
    ("a folder added", |victim| {
        let path = format!("{}/more", victim.folder());
        std::fs::create_dir(victim.root.join(&path)).expect("it can be made");
        vec![path]
    }),
    ("a file removed", |victim| {
        let path = victim.file();
        std::fs::remove_file(victim.root.join(&path)).expect("it is there");
        vec![path]
    }),
    ("a file renamed", |victim| {
        let path = victim.file();
        let to = format!("{path}.orig");
        std::fs::rename(victim.root.join(&path), victim.root.join(&to)).expect("it is there");
        // Without a manifest no list says what is one too many.
        vec![path]
    }),
    ("two files exchanged", |victim| {
        let (one, other) = (victim.file(), victim.file());
        let (first, second) = (read(victim.root, &one), read(victim.root, &other));
        if first == second {
            write(victim.root, &one, "");
        } else {
            write(victim.root, &one, second);
            write(victim.root, &other, first);
        }
        // Where the manifest is one of the two, nothing else can be looked at.
        if [&one, &other].iter().any(|path| *path == MANIFEST) {
            vec![MANIFEST.to_owned()]
        } else {
            vec![one]
        }
    }),
    (
        "a link to the very same bytes in place of a file",
        |victim| {
            let path = victim.file();
            let aside = victim.aside(&path);
            symlink(aside, victim.root.join(&path)).expect("a link");
            vec![path]
        },
    ),
    ("a link to the very same folder in place of one", |victim| {
        let path = victim.folder();
        let aside = victim.aside(&path);
        symlink(aside, victim.root.join(&path)).expect("a link");
        vec![path]
    }),
    ("a folder in place of a file", |victim| {
        let path = victim.file();
        std::fs::remove_file(victim.root.join(&path)).expect("it is there");
        std::fs::create_dir(victim.root.join(&path)).expect("it can be made");
        vec![path]
    }),
    ("a file in place of a folder", |victim| {
        let path = victim.folder();
        victim.aside(&path);
        write(victim.root, &path, "");
        vec![path]
    }),
    ("a pipe in place of a file, or beside one", |victim| {
        let mut path = victim.file();
        if victim.chance.below(2) == 0 {
            std::fs::remove_file(victim.root.join(&path)).expect("it is there");
        } else {
            path.push('~');
        }
        run(Command::new("mkfifo").arg(victim.root.join(&path))).exits(0);
        // Without a manifest no list says what is one too many.
        vec![path, MANIFEST.to_owned()]
    }),
    ("wider rights", |victim| {
        let (path, plain) = if victim.chance.below(3) == 0 {
            (victim.folder(), 0o755)
        } else {
            (victim.file(), 0o644)
        };
        let bits = *victim.chance.of(if plain == 0o755 {
            &[0o020, 0o002, 0o4000]
        } else {
            &[0o100, 0o020, 0o002, 0o4000]
        });
        std::fs::set_permissions(
            victim.root.join(&path),
            std::fs::Permissions::from_mode(plain | bits),
        )
        .expect("they can be set");
        vec![path]
    }),
    ("anything in the manifest", |victim| {
        victim.edit(MANIFEST, |_| true);
        // It then disagrees with the trace, or with the file that it speaks of there.
        [MANIFEST, BUILD_TRACE, "lib/", "include/", "share/"]
            .map(str::to_owned)
            .to_vec()
    }),
    ("anything in the build trace", |victim| {
        victim.edit(BUILD_TRACE, |_| true);
        vec![BUILD_TRACE.to_owned()]
    }),
    (
        "anything but a size in the build trace, with its digests in the manifest",
        |victim| {
            // A size of an input is written nowhere else: only a second build tells it, or the
            // manifest's own digest.
            victim.edit(BUILD_TRACE, |key| key != "size");
            victim.state(BUILD_TRACE);
            vec![
                "share/wasideps/".to_owned(),
                "lib/".to_owned(),
                "include/".to_owned(),
            ]
        },
    ),
    (
        "anything in a document, with its digests in the manifest",
        |victim| {
            let path = victim.document();
            victim.edit(&path, |_| true);
            victim.state(&path);
            vec![path]
        },
    ),
    (
        "a digest in a document that also has another namespace, with its digests in the manifest",
        |victim| {
            let path = victim.document();
            victim.edit(&path, |key| {
                key == "checksumValue" || key == "packageVerificationCodeValue"
            });
            let mut value: Value = serde_json::from_slice(&read(victim.root, &path)).expect("JSON");
            value["documentNamespace"] = "".into();
            let name = value["name"].as_str().expect("a name").to_owned();
            value["documentNamespace"] = format!(
                "https://spdx.org/spdxdocs/{name}-{}",
                Sha256::of(value.to_string().as_bytes())
            )
            .into();
            write(victim.root, &path, format!("{value:#}\n"));
            victim.state(&path);
            // The document of the prefix refers to the others by namespace.
            vec![path]
        },
    ),
    (
        "a member of an archive, with the archive's digests in the manifest",
        |victim| {
            let place = victim.member(false);
            victim.retie();
            vec![place]
        },
    ),
    (
        "a member of an archive, with all digests in the manifest, which is tied to the build trace again",
        |victim| {
            let place = victim.member(true);
            victim.retie();
            vec![place]
        },
    ),
    (
        "a licence or a header, with its digests in the manifest, which is tied to the build trace again",
        |victim| {
            let of_sources = files(victim.root)
                .into_iter()
                .filter(|path| path.starts_with("include/") || path.starts_with("share/licenses/"));
            let path = victim.chance.of(&of_sources.collect::<Vec<_>>()).clone();
            let mut bytes = read(victim.root, &path);
            bytes.push(b'\n');
            write(victim.root, &path, bytes);
            victim.state(&path);
            victim.retie();
            vec![path, SBOM.to_owned()]
        },
    ),
    (
        "the SDK in the manifest, which is tied to the build trace again",
        |victim| {
            let mut manifest: Value =
                serde_json::from_slice(&read(victim.root, MANIFEST)).expect("JSON");
            let (field, value) = *victim.chance.of(&[
                ("clang", "clang version 20.1.8"),
                ("version", "24"),
                (
                    "digest",
                    "0000000000000000000000000000000000000000000000000000000000000000",
                ),
                ("kind", "release"),
            ]);
            manifest["toolchain"][field] = value.into();
            write(victim.root, MANIFEST, format!("{manifest:#}\n"));
            victim.retie();
            vec!["lib/".to_owned(), SBOM.to_owned()]
        },
    ),
];

impl Victim<'_> {
    fn file(&mut self) -> String {
        self.chance.of(&files(self.root)).clone()
    }

    fn folder(&mut self) -> String {
        let folders: BTreeSet<String> = files(self.root)
            .iter()
            .flat_map(|path| {
                path.match_indices('/')
                    .map(|(end, _)| path[..end].to_owned())
                    .collect::<Vec<_>>()
            })
            .collect();
        // What says that this is a prefix stays: without it there is none to verify.
        let folders: Vec<_> = folders
            .into_iter()
            .filter(|folder| folder != "share")
            .collect();
        self.chance.of(&folders).clone()
    }

    fn document(&mut self) -> String {
        let documents: Vec<_> = files(self.root)
            .into_iter()
            .filter(|path| path.ends_with(".spdx.json"))
            .collect();
        self.chance.of(&documents).clone()
    }

    fn changed(&mut self, change: impl FnOnce(&mut Vec<u8>, &mut Chance)) -> Vec<String> {
        let path = self.file();
        let mut bytes = read(self.root, &path);
        change(&mut bytes, self.chance);
        write(self.root, &path, bytes);
        vec![path]
    }

    /// Moves something out of the prefix.
    fn aside(&self, below: &str) -> PathBuf {
        let aside = self.root.with_extension("aside");
        std::fs::rename(self.root.join(below), &aside).expect("it is there");
        aside
    }

    /// Changes one value, whose key `fits`, of a JSON file that stays in the form in which it is
    /// written.
    fn edit(&mut self, below: &str, fits: impl Fn(&str) -> bool) {
        fn leaves<'v>(
            key: &str,
            value: &'v mut Value,
            fits: &dyn Fn(&str) -> bool,
            found: &mut Vec<&'v mut Value>,
        ) {
            match value {
                Value::Object(map) => map
                    .iter_mut()
                    .for_each(|(key, value)| leaves(key, value, fits, found)),
                Value::Array(list) => list
                    .iter_mut()
                    .for_each(|value| leaves(key, value, fits, found)),
                Value::String(_) | Value::Number(_) | Value::Bool(_) if fits(key) => {
                    found.push(value);
                }
                _ => {}
            }
        }
        let text = read(self.root, below);
        let mut value: Value = serde_json::from_slice(&text).expect("JSON");
        let mut found = Vec::new();
        leaves("", &mut value, &fits, &mut found);
        let count = found.len();
        let leaf = found.swap_remove(self.chance.below(count));
        *leaf = match &*leaf {
            Value::String(text) if text.is_empty() => "x".into(),
            Value::String(text) => {
                let mut bytes = text.clone().into_bytes();
                let at = self.chance.below(bytes.len());
                bytes[at] = if bytes[at] == b'0' { b'1' } else { b'0' };
                String::from_utf8_lossy(&bytes).into_owned().into()
            }
            Value::Bool(value) => (!*value).into(),
            number => (number.as_u64().expect("a number") + 1).into(),
        };
        let compact = below == BUILD_TRACE;
        write(
            self.root,
            below,
            if compact {
                format!("{value}\n")
            } else {
                format!("{value:#}\n")
            },
        );
    }

    /// Puts the digests of a file into the manifest.
    fn state(&self, below: &str) {
        let mut manifest: Value = serde_json::from_slice(&read(self.root, MANIFEST)).expect("JSON");
        let content = Content::of(&read(self.root, below));
        for file in manifest["files"]
            .as_array_mut()
            .expect("files")
            .iter_mut()
            .filter(|file| file["path"] == below)
        {
            file["sha256"] = content.sha256.to_string().into();
            file["sha1"] = content.sha1.to_string().into();
            file["size"] = content.size.into();
        }
        write(self.root, MANIFEST, format!("{manifest:#}\n"));
    }

    /// Ties the build trace to the manifest as it is now.
    fn retie(&self) {
        let manifest = Manifest::parse(&read(self.root, MANIFEST)).expect("a manifest");
        let mut trace: Value = serde_json::from_slice(&read(self.root, BUILD_TRACE)).expect("JSON");
        trace["manifest"] = manifest.bare().digest().to_string().into();
        write(self.root, BUILD_TRACE, format!("{trace}\n"));
        self.state(BUILD_TRACE);
    }

    /// Puts another object in the place of a member, and the archive's digests into the manifest;
    /// the member's too if `stated`.
    fn member(&mut self, stated: bool) -> String {
        let manifest = Manifest::parse(&read(self.root, MANIFEST)).expect("a manifest");
        let archives: Vec<_> = manifest.archives().collect();
        let chosen = *self.chance.of(&archives);
        let bytes = read(self.root, chosen.path.as_str());
        let parsed = object::read::archive::ArchiveFile::parse(&*bytes).expect("an archive");
        let mut members: Vec<(String, Vec<u8>)> = parsed
            .members()
            .map(|member| {
                let member = member.expect("a member");
                (
                    String::from_utf8_lossy(member.name()).into_owned(),
                    member.data(&*bytes).expect("its bytes").to_vec(),
                )
            })
            .collect();
        let at = self.chance.below(members.len());
        let name = members[at].0.clone();
        let other = members[(at + 1) % members.len()].1.clone();
        members[at].1 = other;
        let library = chosen
            .path
            .file_name()
            .trim_start_matches("lib")
            .trim_end_matches(".a")
            .parse()
            .expect("a name");
        let digest = Sha256::of(&members[at].1).to_string();
        write(
            self.root,
            chosen.path.as_str(),
            archive(&library, members).expect("an archive"),
        );
        if stated {
            let text = String::from_utf8(read(self.root, MANIFEST)).expect("UTF-8");
            write(
                self.root,
                MANIFEST,
                text.replace(&chosen.members[at].sha256.to_string(), &digest),
            );
        }
        self.state(chosen.path.as_str());
        format!("{}:{name}", chosen.path)
    }
}

#[test]
fn each_of_more_than_a_hundred_random_tamperings_is_found_and_named() {
    const ROUNDS: usize = 5;
    let place = Place::new();
    let root = place.path("prefix");
    let mut chance = Chance::new(0x005E_ED0F_C0DE);
    let mut missed = Vec::new();
    for number in 0..ROUNDS * TAMPERINGS.len() {
        let (what, tamper) = TAMPERINGS[number % TAMPERINGS.len()];
        let _ = std::fs::remove_dir_all(&root);
        let _ = std::fs::remove_dir_all(root.with_extension("aside"));
        let _ = std::fs::remove_file(root.with_extension("aside"));
        copy_tree(three(), &root);
        let named = tamper(&mut Victim {
            root: &root,
            chance: &mut chance,
        });
        let verified = verify(&root, &[]);
        let fits = |place: &str| {
            named.iter().any(|named| {
                place == named || named.ends_with('/') && place.starts_with(named.as_str())
            })
        };
        if verified.code != 3 || !found(&verified).iter().any(|(place, _)| fits(place)) {
            missed.push(format!(
                "{number}, {what}, of {named:?}: exit {}, {}{}",
                verified.code, verified.stdout, verified.stderr
            ));
        }
    }
    assert!(
        missed.is_empty(),
        "{} of {} were missed:\n{}",
        missed.len(),
        ROUNDS * TAMPERINGS.len(),
        missed.join("\n")
    );
}
