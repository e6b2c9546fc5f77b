//! Archives and sources that tests make: real inputs packed anew, and small sources of their own
//! with a recipe and a lock entry.

use std::io::{Read as _, Write as _};

use serde_json::{Value, json};
use wasideps::model::Sha256;

use crate::support::{Place, archives, leave_out, lock, run};

/// An archive with what a lock says of it.
#[derive(Clone)]
pub struct Archive {
    pub bytes: Vec<u8>,
    /// The folder that the inputs are below.
    pub root: String,
}

impl Archive {
    pub fn sha256(&self) -> String {
        Sha256::of(&self.bytes).to_string()
    }

    /// The lock's entry of it as an origin at a URL.
    pub fn at(&self, url: &str) -> Value {
        json!({ "url": url, "root": self.root, "sha256": self.sha256(), "size": self.bytes.len() })
    }

    /// The lock's entry of it as an origin in the folder `brought`, where it is put.
    pub fn brought(&self, place: &Place) -> Value {
        place.write(&format!("brought/{}", &self.sha256()[..12]), &self.bytes);
        json!({ "folder": "brought", "root": self.root, "sha256": self.sha256(), "size": self.bytes.len() })
    }

    /// The files below its root, in the archive's order.
    pub fn files(&self) -> Vec<(String, Vec<u8>)> {
        let mut archive = tar::Archive::new(flate2::read::GzDecoder::new(self.bytes.as_slice()));
        let mut files = Vec::new();
        for entry in archive.entries().expect("entries") {
            let mut entry = entry.expect("an entry");
            let path = entry.path().expect("a path").to_string_lossy().into_owned();
            let Some(path) = path.strip_prefix(&format!("{}/", self.root)) else {
                continue;
            };
            let mut bytes = Vec::new();
            entry.read_to_end(&mut bytes).expect("a file");
            files.push((path.to_owned(), bytes));
        }
        files
    }
}

/// The archive of the crate that the project's lock has as an origin of `name`: the one that every
/// machine can have.
pub fn krate(name: &str) -> Archive {
    let lock = lock();
    let origins = lock["sources"][name]["origins"]
        .as_array()
        .expect("origins");
    let origin = origins
        .iter()
        .find(|origin| origin["crate"].is_string())
        .expect("a crate");
    let text = |key: &str| origin[key].as_str().expect("a text");
    let Ok(bytes) = std::fs::read(archives().join(text("sha256"))) else {
        leave_out("the archives of all origins of bzip2");
    };
    Archive {
        bytes,
        root: format!(
            "{}-{}/{}",
            text("crate"),
            text("crate-version"),
            text("root")
        ),
    }
}

/// A plain tar of regular files.
pub fn tar(files: &[(String, Vec<u8>)]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (path, bytes) in files {
        builder
            .append(
                &header(
                    path.as_bytes(),
                    tar::EntryType::Regular,
                    bytes.len() as u64,
                    b"",
                ),
                bytes.as_slice(),
            )
            .expect("in memory");
    }
    builder.into_inner().expect("in memory")
}

/// An entry's header that says exactly this, whether or not a decent program would write it.
pub fn header(path: &[u8], kind: tar::EntryType, size: u64, target: &[u8]) -> tar::Header {
    let mut header = tar::Header::new_ustar();
    let fields = header.as_ustar_mut().expect("that kind of header");
    fields.name[..path.len()].copy_from_slice(path);
    fields.linkname[..target.len()].copy_from_slice(target);
    header.set_entry_type(kind);
    header.set_size(size);
    header.set_mode(0o644);
    header.set_cksum();
    header
}

pub fn gz(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).expect("in memory");
    encoder.finish().expect("in memory")
}

pub fn zip(files: &[(String, Vec<u8>)]) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (path, bytes) in files {
        writer
            .start_file(path.as_str(), zip::write::SimpleFileOptions::default())
            .expect("in memory");
        writer.write_all(bytes).expect("in memory");
    }
    writer.finish().expect("in memory").into_inner()
}

/// The recipe of a source in the folder `brought`, whose `archive` has all below `top`. It takes
/// the files that match `include`, and makes the library `name`: `library` says how, and `header`
/// is the path of its one header.
pub fn recipe(name: &str, archive: &[u8], include: &[&str], library: &str, header: &str) -> String {
    let sha256 = Sha256::of(archive);
    format!(
        r#"name = "{name}"
versions = ["1"]
summary = "A source of the tests"
homepage = "https://example.org/"
originator = "The tests"
license = {{ expression = "MIT", files = ["LICENSE"], copyright = "NONE" }}
identifiers = {{ cpe = "tests:{name}", purl = "pkg:generic/{name}" }}

[[origin]]
folder = "brought"
root = "top"
published-sha256 = {{ "1" = "{sha256}" }}

[inputs]
include = {include:?}
max-size = 100000

[library.{name}]
{library}
[library.{name}.headers]
"{header}" = "{file}"

[pkg-config.{name}]
description = "A source of the tests"
libraries = ["{name}"]
"#,
        file = header.rsplit('/').next().unwrap_or(header),
    )
}

/// A source of a test's own, locked: its recipe takes `NAME.c` and `NAME.h`, makes `libNAME.a` and
/// installs the header.
pub struct Own<'a> {
    pub name: &'a str,
    /// Libraries that its library requires publicly.
    pub requires: &'a [&'a str],
    /// Text of `NAME.c`.
    pub code: &'a str,
}

impl Own<'_> {
    /// Its recipe.
    pub fn recipe(&self) -> String {
        let Self { name, requires, .. } = self;
        let library = format!("sources = [\"{name}.c\"]\nrequires = {requires:?}\n");
        recipe(
            name,
            &self.archive(),
            &["*.c", "*.h", "LICENSE"],
            &library,
            &format!("{name}.h"),
        )
    }

    fn archive(&self) -> Vec<u8> {
        let Self { name, code, .. } = self;
        tar(&[
            (format!("top/{name}.c"), code.as_bytes().to_vec()),
            (
                format!("top/{name}.h"),
                format!("int {name}(void);\n").into_bytes(),
            ),
            ("top/LICENSE".to_owned(), b"Do as you like.\n".to_vec()),
        ])
    }

    /// Writes recipe and archive into `place`, without locking.
    pub fn write(&self, place: &Place) {
        place.write(&format!("recipes/{}/recipe.toml", self.name), self.recipe());
        place.write(&format!("brought/{}.tar", self.name), self.archive());
    }

    /// Writes and locks it.
    pub fn lock(&self, place: &Place) {
        self.write(place);
        run(&mut place.own(place.command(&["lock", self.name, "1", "--offline"]))).exits(0);
    }
}
