//! Databases of vulnerabilities on disk, as they are published: an OSV export (a zip, or its folder
//! of JSON files), the CVE list (a zip with a zip in it, or its folders), Debian's changelogs
//! (`NAME.changelog`), or one record. Formats may be mixed.
//!
//! A file that is broken is skipped, named and counted; the others count all the same.

use std::io::{Read, Seek};

use camino::{Utf8Path, Utf8PathBuf};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::order::Order;
use super::record::Record;
use super::{changelog, cve, osv};
use crate::fetch::entries::stated_entries;
use crate::model::{Cause, ErrorClass, Sha256, Timestamp};
use crate::store::open_regular;

/// The newest versions of the two formats whose meaning is known here.
const OSV_SCHEMA: &str = "1.7";
const CVE_SCHEMA: &str = "5.2";

/// The bytes of one record; the largest that is published has about ten mebibytes.
const RECORD_LIMIT: u64 = 16 << 20;

/// The bytes of all records together; the CVE list has 2 GiB.
const RECORDS_LIMIT: u64 = 32 << 30;

/// The files and folders of a database, and the entries of a zip; the largest that is published has
/// 500,000.
const FILES_LIMIT: u64 = 1 << 21;

/// The bytes of a zip in a zip, which is unpacked to disk; that of the CVE list has 0.5 GiB.
const INNER_LIMIT: u64 = 4 << 30;

/// Records are parsed together once so many, or so many bytes of them, have been read.
const BATCH: usize = 512;
const BATCH_LIMIT: u64 = 16 << 20;

/// So many records from the future are named; the others are counted.
const FUTURE_SHOWN: usize = 5;

/// The CVE list is published as a zip in a zip.
const NESTED: usize = 2;

/// A database, reduced to the records that are of interest.
#[derive(Debug, Serialize)]
pub struct Database {
    pub path: Utf8PathBuf,
    /// Of the file, or over the sorted paths and digests of a folder's files.
    pub sha256: Sha256,
    /// Where `wasideps audit --update` had it from, and when.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub brought: Option<DatabaseOrigin>,
    /// When the newest record was last changed, where records say so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub newest: Option<Timestamp>,
    /// The source packages whose changelogs it has, sorted.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub changelogs: Vec<String>,
    /// How many records were read.
    pub records: usize,
    /// How many of them are withdrawn or rejected.
    pub withdrawn: usize,
    /// Files that were skipped.
    pub broken: Vec<Broken>,
    /// How many records are from after the audit's date, or in a newer format: they are judged as
    /// far as they are understood.
    pub from_the_future: usize,
    /// The first of them.
    pub future: Vec<Future>,
    #[serde(skip)]
    pub kept: Vec<Record>,
}

/// Where a database came from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DatabaseOrigin {
    pub from: String,
    pub at: Timestamp,
}

/// A file that could not be read as a record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Broken {
    pub file: String,
    pub problem: String,
}

/// A record that this program, or this audit, may be too old for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Future {
    pub id: String,
    pub why: String,
}

/// A database that can't be used at all.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DatabaseError {
    #[error("the database {path} can't be read")]
    Read {
        path: Utf8PathBuf,
        source: std::io::Error,
    },
    #[error("the database {path} is not a readable zip")]
    Zip { path: Utf8PathBuf, source: Cause },
    #[error("the database {path} contains no record{}", skipped(broken))]
    Empty {
        path: Utf8PathBuf,
        broken: Vec<Broken>,
    },
}

impl DatabaseError {
    /// What kind of failure it is.
    #[must_use]
    pub fn class(&self) -> ErrorClass {
        match self {
            Self::Read { .. } | Self::Zip { .. } | Self::Empty { .. } => ErrorClass::Usage,
        }
    }
}

fn skipped(broken: &[Broken]) -> String {
    match broken {
        [] => String::new(),
        [Broken { file, problem }, ..] => format!(
            "; {} files were skipped, the first of them {file}: {problem}",
            broken.len()
        ),
    }
}

/// Collects records and what is wrong.
struct DatabaseReader<'a> {
    keep: &'a (dyn Fn(&Record) -> bool + Sync),
    now: Timestamp,
    batch: Vec<(String, Vec<u8>)>,
    /// Bytes of the batch.
    held: u64,
    /// Bytes of records, and files and folders, that may still come.
    left: u64,
    files: u64,
    database: Database,
}

/// A database that has more than its limit of this.
fn too_much(what: &str, limit: u64) -> std::io::Error {
    std::io::Error::new(
        std::io::ErrorKind::FileTooLarge,
        format!("it has more than {limit} {what}"),
    )
}

impl Database {
    /// Reads the database at `path`, and keeps the records that `keep` wants. `now` decides which
    /// records are from the future.
    ///
    /// # Errors
    /// When `path` can't be read, or nothing in it is a record.
    pub fn read(
        path: &Utf8Path,
        now: Timestamp,
        keep: &(dyn Fn(&Record) -> bool + Sync),
    ) -> Result<Self, DatabaseError> {
        let io = |source| DatabaseError::Read {
            path: path.to_owned(),
            source,
        };
        let database = Self {
            path: path.to_owned(),
            sha256: Sha256::of(b""),
            brought: None,
            newest: None,
            changelogs: Vec::new(),
            records: 0,
            withdrawn: 0,
            broken: Vec::new(),
            from_the_future: 0,
            future: Vec::new(),
            kept: Vec::new(),
        };
        let mut reading = DatabaseReader {
            keep,
            now,
            batch: Vec::new(),
            held: 0,
            left: RECORDS_LIMIT,
            files: FILES_LIMIT,
            database,
        };
        if path.is_dir() {
            reading.folder(path).map_err(io)?;
        } else {
            let mut file = open_regular(path).map_err(io)?;
            (reading.database.sha256, _) = Sha256::of_reader(&mut file).map_err(io)?;
            file.rewind().map_err(io)?;
            let mut magic = Vec::new();
            file.by_ref().take(2).read_to_end(&mut magic).map_err(io)?;
            file.rewind().map_err(io)?;
            if magic == b"PK" {
                reading
                    .zip(file, "", NESTED)
                    .map_err(|source| DatabaseError::Zip {
                        path: path.to_owned(),
                        source,
                    })?;
            } else {
                reading
                    .take(path.file_name().unwrap_or(path.as_str()).to_owned(), file)
                    .map_err(io)?;
            }
        }
        reading.parse();
        let mut database = reading.database;
        database.broken.sort_by(|a, b| a.file.cmp(&b.file));
        database.future.sort_by(|a, b| a.id.cmp(&b.id));
        // Where the clock is wrong it is all of them.
        database.from_the_future = database.future.len();
        database.future.truncate(FUTURE_SHOWN);
        database
            .kept
            .sort_by(|a, b| (&a.id, &a.file).cmp(&(&b.id, &b.file)));
        database.changelogs.sort();
        if database.records == 0 && database.changelogs.is_empty() {
            return Err(DatabaseError::Empty {
                path: path.to_owned(),
                broken: database.broken,
            });
        }
        Ok(database)
    }
}

impl DatabaseReader<'_> {
    fn folder(&mut self, root: &Utf8Path) -> std::io::Result<()> {
        let mut paths = Vec::new();
        self.list(root, "", &mut paths)?;
        paths.sort();
        let mut digests = Vec::new();
        for path in paths {
            let mut file = match open_regular(&root.join(&path)) {
                Ok(file) => file,
                Err(error) => {
                    self.broken(path, error.to_string());
                    continue;
                }
            };
            let (digest, _) = Sha256::of_reader((&mut file).take(RECORD_LIMIT + 1))?;
            file.rewind()?;
            self.take(path.clone(), file)?;
            digests.push((path, digest));
        }
        let fields = digests
            .iter()
            .flat_map(|(path, digest)| [path.as_bytes(), digest.as_bytes().as_slice()]);
        self.database.sha256 = Sha256::of_fields("wasideps database 1", fields);
        Ok(())
    }

    fn zip(&mut self, mut file: impl Read + Seek, below: &str, nested: usize) -> Result<(), Cause> {
        // Before memory is taken for them.
        let stated = stated_entries(&mut file)?;
        self.files = self
            .files
            .checked_sub(stated)
            .ok_or_else(|| too_much("files", FILES_LIMIT))?;
        let mut archive = zip::ZipArchive::new(file)?;
        for index in 0..archive.len() {
            let entry = match archive.by_index(index) {
                Ok(entry) => entry,
                Err(error) => {
                    self.broken(format!("{below}entry {index}"), error.to_string());
                    continue;
                }
            };
            let name = match entry.name() {
                Ok(name) => format!("{below}{name}"),
                Err(error) => {
                    self.broken(format!("{below}entry {index}"), error.to_string());
                    continue;
                }
            };
            if is_record(&name) {
                self.take(name, entry)?;
            } else if name.ends_with(".zip") && nested > 0 {
                // A zip is read from its end: the inner one is unpacked to a file first.
                let unpacked = tempfile::tempfile().and_then(|mut file| {
                    let copied = std::io::copy(&mut entry.take(INNER_LIMIT + 1), &mut file)?;
                    if copied > INNER_LIMIT {
                        Err(too_much("bytes", INNER_LIMIT))
                    } else {
                        Ok(file)
                    }
                });
                match unpacked
                    .map_err(Into::into)
                    .and_then(|file| self.zip(file, &format!("{name}/"), nested - 1))
                {
                    Ok(()) => {}
                    Err(error) => self.broken(name, error.to_string()),
                }
            }
        }
        Ok(())
    }

    /// Reads one record; one that can't be read is only counted.
    ///
    /// # Errors
    /// When it is beyond what a database may have.
    fn take(&mut self, name: String, from: impl Read) -> std::io::Result<()> {
        let mut bytes = Vec::new();
        let read = from.take(RECORD_LIMIT + 1).read_to_end(&mut bytes);
        self.left = self
            .left
            .checked_sub(bytes.len() as u64)
            .ok_or_else(|| too_much("bytes of records", RECORDS_LIMIT))?;
        match read {
            Err(error) => self.broken(name, error.to_string()),
            Ok(_) if bytes.len() as u64 > RECORD_LIMIT => {
                self.broken(name, too_much("bytes", RECORD_LIMIT).to_string());
            }
            Ok(_) => {
                self.held += bytes.len() as u64;
                self.batch.push((name, bytes));
                if self.batch.len() >= BATCH || self.held >= BATCH_LIMIT {
                    self.parse();
                }
            }
        }
        Ok(())
    }

    fn list(
        &mut self,
        root: &Utf8Path,
        below: &str,
        paths: &mut Vec<String>,
    ) -> std::io::Result<()> {
        for entry in root.join(below).read_dir_utf8()? {
            let entry = entry?;
            self.files = self
                .files
                .checked_sub(1)
                .ok_or_else(|| too_much("files and folders", FILES_LIMIT))?;
            let path = if below.is_empty() {
                entry.file_name().to_owned()
            } else {
                format!("{below}/{}", entry.file_name())
            };
            // A clone of a database has a `.git`, which holds none of it.
            if entry.path().is_dir() && !entry.file_name().starts_with('.') {
                self.list(root, &path, paths)?;
            } else if is_record(&path) {
                paths.push(path);
            }
        }
        Ok(())
    }

    fn broken(&mut self, file: String, problem: String) {
        self.database.broken.push(Broken { file, problem });
    }

    fn parse(&mut self) {
        self.held = 0;
        let parsed: Vec<_> = std::mem::take(&mut self.batch)
            .into_par_iter()
            .map(|(file, bytes)| records(&file, &bytes))
            .collect();
        for file in parsed {
            let (source, records) = match file {
                Ok(read) => read,
                Err(broken) => {
                    self.database.broken.push(broken);
                    continue;
                }
            };
            self.database.changelogs.extend(source);
            for record in records {
                self.database.records += 1;
                let changed = record
                    .modified
                    .as_deref()
                    .and_then(|text| Timestamp::parse_as_utc(text).ok());
                self.database.newest = self.database.newest.max(changed);
                self.database.withdrawn += usize::from(record.withdrawn);
                if let Some(why) = from_the_future(&record, self.now) {
                    self.database.future.push(Future {
                        id: record.id.clone(),
                        why,
                    });
                }
                if (self.keep)(&record) {
                    self.database.kept.push(record);
                }
            }
        }
    }
}

/// Whether a file of this name may hold records.
fn is_record(name: &str) -> bool {
    name.ends_with(".json") || name.ends_with(".changelog")
}

/// The records of a file; of a changelog also the source package that it is of.
fn records(file: &str, bytes: &[u8]) -> Result<(Option<String>, Vec<Record>), Broken> {
    if !file.ends_with(".changelog") {
        return Ok((None, vec![record(file, bytes)?]));
    }
    let broken = || Broken {
        file: file.to_owned(),
        problem: "it is not a Debian changelog (deb-changelog(5))".to_owned(),
    };
    let (source, records) =
        changelog::parse(file, &String::from_utf8_lossy(bytes)).ok_or_else(broken)?;
    Ok((Some(source), records))
}

/// A record of OSV's or CVE's format; `file` is what it is called.
///
/// # Errors
/// When it is neither: what the one that it seems to be lacks.
pub fn record(file: &str, bytes: &[u8]) -> Result<Record, Broken> {
    let read = |bytes: &[u8]| {
        // Which format it is, is seen in what it has; the names of files tell nothing of it.
        cve::parse(file, bytes).or_else(|_| osv::parse(file, bytes))
    };
    if let Ok(record) = read(bytes) {
        return Ok(record);
    }
    let broken = |problem: String| Broken {
        file: file.to_owned(),
        problem,
    };
    let mut value: Value = serde_json::from_slice(bytes)
        .map_err(|error| broken(format!("it is not JSON: {error}")))?;
    // Some write `null` for what is absent.
    without_nulls(&mut value);
    let bytes = serde_json::to_vec(&value).unwrap_or_default();
    let is_cve = value.get("cveMetadata").is_some() || value.get("dataType").is_some();
    let again = if is_cve {
        cve::parse(file, &bytes)
    } else {
        osv::parse(file, &bytes)
    };
    let format = if is_cve { "CVE" } else { "OSV" };
    again.map_err(|error| {
        broken(format!(
            "it is not a valid {format} record: {}",
            without_place(&error)
        ))
    })
}

/// What is wrong, without the place: that is of a text that was written anew.
fn without_place(error: &serde_json::Error) -> String {
    let text = error.to_string();
    text.rsplit_once(" at line ")
        .map_or(text.as_str(), |(text, _)| text)
        .to_owned()
}

fn without_nulls(value: &mut Value) {
    match value {
        Value::Object(object) => {
            object.retain(|_, value| !value.is_null());
            object.values_mut().for_each(without_nulls);
        }
        Value::Array(array) => {
            array.retain(|value| !value.is_null());
            array.iter_mut().for_each(without_nulls);
        }
        _ => {}
    }
}

fn from_the_future(record: &Record, now: Timestamp) -> Option<String> {
    if let Some(modified) = &record.modified {
        match Timestamp::parse_as_utc(modified) {
            Ok(at) if at > now => {
                return Some(format!(
                    "it was changed at {modified}, after {now}, the date of this audit"
                ));
            }
            Ok(_) => {}
            Err(_) => {
                return Some(format!(
                    "its date of change, `{modified}`, is not a point in time"
                ));
            }
        }
    }
    let schema = record.schema.as_deref()?;
    let known = if schema.starts_with("5.") {
        CVE_SCHEMA
    } else {
        OSV_SCHEMA
    };
    let series = |text: &str| Order::parse(&text.split('.').take(2).collect::<Vec<_>>().join("."));
    (series(schema)? > series(known)?)
        .then(|| format!("its format is {schema}; the newest that this program knows is {known}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_of_the_future_by_its_date_or_its_format() {
        let of = |schema: Option<&str>, modified: &str| {
            let record = Record {
                id: "X-1".into(),
                aliases: Vec::new(),
                summary: String::new(),
                withdrawn: false,
                affected: Vec::new(),
                schema: schema.map(Into::into),
                modified: Some(modified.into()),
                file: "x.json".into(),
            };
            from_the_future(&record, "2026-11-25T12:00:00Z".parse().expect("a time")).is_some()
        };
        let table = [
            (Some("1.7.5"), "2026-11-25T11:59:59.999Z", false),
            (Some("1.7.5"), "2026-11-25T12:00:00Z", false),
            (Some("1.7.5"), "2026-11-25T13:00:00+01:00", false),
            (Some("1.7.5"), "2026-11-25T11:30:00-01:00", true),
            (Some("1.7.5"), "2026-99-25T11:30:00Z", true),
            (Some("1.7.5"), "2026-11-25T12:00:01Z", true),
            (Some("1.8.0"), "2026-01-01T00:00:00Z", true),
            (Some("2.0"), "2026-01-01T00:00:00Z", true),
            (Some("5.2.0"), "2026-01-01T00:00:00.123", false),
            (Some("5.3"), "2026-01-01T00:00:00", true),
            (None, "2026-01-01T00:00:00Z", false),
        ];
        for (schema, modified, expected) in table {
            assert_eq!(of(schema, modified), expected, "{schema:?} {modified}");
        }
    }

    #[test]
    fn nulls_are_absent_and_what_is_neither_format_says_which_it_lacks() {
        let record = record("x.json", br#"{"id":"X-1","modified":null,"aliases":null,"affected":[{"package":null,"versions":null}]}"#);
        assert_eq!(record.expect("a record").affected.len(), 1);
        let problem = |text: &str| {
            super::record("x.json", text.as_bytes())
                .expect_err(text)
                .problem
        };
        assert!(
            problem("{\"id\": \"X-").starts_with("it is not JSON: "),
            "{}",
            problem("{\"id\": \"X-")
        );
        assert_eq!(
            problem("{}"),
            "it is not a valid OSV record: missing field `id`"
        );
        assert_eq!(
            problem(r#"{"dataType":"CVE_RECORD"}"#),
            "it is not a valid CVE record: missing field `cveMetadata`"
        );
        assert!(
            problem("[1]").starts_with("it is not a valid OSV record"),
            "{}",
            problem("[1]")
        );
    }
}
