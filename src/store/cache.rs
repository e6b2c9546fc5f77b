//! Blobs and results of actions by digest: the interface of whatever keeps what was compiled, and
//! the store as its first implementation.

use std::io::{ErrorKind, Write as _};

use camino::{Utf8Path, Utf8PathBuf};

use super::{Kind, Store, StoreError, entry, is_shortage, is_taken};
use crate::model::Sha256;
use crate::report::Reporter;

/// What keeps blobs by their own digest, and results by the digest of the action that gave them.
/// All of it may be lost at any time: what is not there is made again. What is returned was
/// checked.
pub trait Cache: Sync {
    /// The bytes with this digest.
    ///
    /// # Errors
    /// When the cache can't be used at all; that it does not have them is none.
    fn get_blob(&self, digest: &Sha256) -> Result<Option<Vec<u8>>, StoreError>;

    /// Keeps `bytes`, and returns their digest.
    ///
    /// # Errors
    /// When they can't be kept.
    fn put_blob(&self, bytes: &[u8]) -> Result<Sha256, StoreError>;

    /// Whether there are bytes of this digest, without checking them.
    fn contains_blob(&self, digest: &Sha256) -> bool;

    /// What was kept last as the result of the action with this digest.
    ///
    /// # Errors
    /// When the cache can't be used at all; that it does not have it is none.
    fn get_result(&self, action: &Sha256) -> Result<Option<Vec<u8>>, StoreError>;

    /// Keeps the result of an action, in place of what is kept as that.
    ///
    /// # Errors
    /// When it can't be kept.
    fn put_result(&self, action: &Sha256, result: &[u8]) -> Result<(), StoreError>;

    /// Whether there is a result of the action, without checking it.
    fn contains_result(&self, action: &Sha256) -> bool;

    /// The list that is kept under `question`: lines of text, the last that was added first.
    ///
    /// # Errors
    /// As of [`Self::get_result`].
    fn get_list(&self, question: &Sha256) -> Result<Vec<Vec<u8>>, StoreError> {
        let text = self.get_result(question)?.unwrap_or_default();
        let lines = text.split(|byte| *byte == b'\n');
        let lines = lines.filter(|line| !line.is_empty());
        Ok(lines.map(<[u8]>::to_vec).collect())
    }

    /// Adds `entry`, a line of text, to the list under `question`. The `limit` that were added last
    /// stay.
    ///
    /// # Errors
    /// As of [`Self::put_result`].
    fn add_to_list(&self, question: &Sha256, entry: &[u8], limit: usize) -> Result<(), StoreError> {
        let mut lines = self.get_list(question)?;
        if lines.first().is_some_and(|first| first == entry) {
            return Ok(());
        }
        lines.retain(|line| line != entry);
        lines.insert(0, entry.to_vec());
        lines.truncate(limit);
        self.put_result(question, &lines.join(&b'\n'))
    }

    /// Gets ready for [`Self::expect`], in the background. Returns whether what is not here may be
    /// elsewhere; where not, `expect` brings nothing.
    fn looks_elsewhere(&self) -> bool {
        false
    }

    /// Brings what it can of `wanted` from elsewhere; afterwards the other functions have it. Once
    /// that takes longer than it is worth, `go_on` is called now and then: who waits goes on
    /// without, and says whether bringing more is still of use.
    fn expect(&self, _wanted: Wanted<'_>, _go_on: &dyn Fn() -> bool) {}

    /// Offers to others what was compiled here, in the background.
    fn share(&self, _compiled: &Shared<'_>) {}
}

/// What will soon be asked for.
#[derive(Debug, Clone, Copy)]
pub enum Wanted<'a> {
    /// The lists under these questions.
    Lists(&'a [Sha256]),
    /// The results of these actions, with the blobs that they name.
    Results(&'a [Sha256]),
}

/// A compile as others may use it.
#[derive(Debug)]
pub struct Shared<'a> {
    /// Under which the entry is in a list.
    pub question: Sha256,
    pub entry: &'a [u8],
    /// Under which the result is.
    pub action: Sha256,
    pub result: &'a [u8],
    /// What the result names.
    pub blob: Sha256,
    /// What it took of processors, in seconds.
    pub seconds: f64,
}

/// A store as a cache. It discards what is damaged, and reports that to `reporter`.
#[derive(Clone, Copy)]
pub struct LocalCache<'a> {
    store: &'a Store,
    reporter: &'a dyn Reporter,
}

impl Store {
    /// This store as a cache of what was compiled.
    #[must_use]
    pub fn cache<'a>(&'a self, reporter: &'a dyn Reporter) -> LocalCache<'a> {
        LocalCache {
            store: self,
            reporter,
        }
    }
}

impl LocalCache<'_> {
    fn path(&self, kind: Kind, key: &Sha256) -> Utf8PathBuf {
        self.store.entry_path(kind, key)
    }

    /// The file at `path`, where `checked` finds nothing wrong with it; else what is wrong.
    fn get<T>(
        &self,
        path: &Utf8Path,
        checked: impl FnOnce(Vec<u8>) -> Result<T, String>,
    ) -> Result<Option<T>, StoreError> {
        let problem = match entry::regular(path).and_then(|()| fs_err::read(path)) {
            Ok(bytes) => match checked(bytes) {
                Ok(found) => return Ok(Some(found)),
                Err(problem) => problem,
            },
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(source) if is_shortage(&source) => {
                return Err(StoreError::Read {
                    path: path.to_owned(),
                    source,
                });
            }
            Err(error) => error.to_string(),
        };
        self.store.discard(path, &problem, self.reporter)?;
        Ok(None)
    }

    /// Puts a file with these parts at `path`, in one step.
    fn put(&self, path: &Utf8Path, parts: &[&[u8]]) -> Result<(), StoreError> {
        let write = |source| StoreError::Write {
            path: path.to_owned(),
            source,
        };
        let mut file = self.store.scratch_file()?;
        for part in parts {
            file.write_all(part).map_err(write)?;
        }
        if let Err(tempfile::PersistError { error, file }) = file.persist(path) {
            if !is_taken(&error) {
                return Err(write(error));
            }
            self.store
                .discard(path, "it is not a file", self.reporter)?;
            file.persist(path).map_err(|error| write(error.error))?;
        }
        Ok(())
    }
}

/// A blob is a file that its digest names; a result is one of which the first line is the digest of
/// the rest. So no bit of them changes unseen, nor does one that a power cut left half written.
impl Cache for LocalCache<'_> {
    fn get_blob(&self, digest: &Sha256) -> Result<Option<Vec<u8>>, StoreError> {
        self.get(&self.path(Kind::Object, digest), |bytes| {
            let found = Sha256::of(&bytes);
            if found == *digest {
                Ok(bytes)
            } else {
                Err(format!("its SHA-256 is {found}"))
            }
        })
    }

    fn put_blob(&self, bytes: &[u8]) -> Result<Sha256, StoreError> {
        let digest = Sha256::of(bytes);
        self.put(&self.path(Kind::Object, &digest), &[bytes])?;
        Ok(digest)
    }

    fn contains_blob(&self, digest: &Sha256) -> bool {
        self.path(Kind::Object, digest).is_file()
    }

    fn get_result(&self, action: &Sha256) -> Result<Option<Vec<u8>>, StoreError> {
        self.get(&self.path(Kind::Action, action), |mut bytes| {
            let line = bytes
                .iter()
                .position(|byte| *byte == b'\n')
                .ok_or("it has no line with its digest")?;
            let rest = bytes.split_off(line + 1);
            let found = Sha256::of(&rest);
            if bytes[..line] == *found.to_string().as_bytes() {
                Ok(rest)
            } else {
                Err(format!("its content has SHA-256 {found}"))
            }
        })
    }

    fn put_result(&self, action: &Sha256, result: &[u8]) -> Result<(), StoreError> {
        let line = format!("{}\n", Sha256::of(result));
        self.put(&self.path(Kind::Action, action), &[line.as_bytes(), result])
    }

    fn contains_result(&self, action: &Sha256) -> bool {
        self.path(Kind::Action, action).is_file()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::Silent;

    #[test]
    fn no_bit_of_a_blob_or_a_result_changes_unseen_and_what_is_put_last_counts() {
        let dir = tempfile::tempdir().expect("a folder");
        let store = Store::open(
            &Utf8Path::from_path(dir.path())
                .expect("UTF-8")
                .join("store"),
        )
        .expect("opened");
        let cache = store.cache(&Silent);
        let action = Sha256::of(b"action");
        assert_eq!(
            (
                cache.get_result(&action).expect("read"),
                cache.get_blob(&action).expect("read")
            ),
            (None, None)
        );
        cache.put_result(&action, b"first").expect("kept");
        cache.put_result(&action, b"second\nline").expect("kept");
        let digest = cache.put_blob(b"object").expect("kept");
        assert_eq!(
            cache.get_result(&action).expect("read").as_deref(),
            Some(&b"second\nline"[..])
        );
        assert_eq!(
            cache.get_blob(&digest).expect("read").as_deref(),
            Some(&b"object"[..])
        );
        for (path, get) in [
            (
                store.entry_path(Kind::Object, &digest),
                &(|| cache.get_blob(&digest)) as &dyn Fn() -> _,
            ),
            (store.entry_path(Kind::Action, &action), &|| {
                cache.get_result(&action)
            }),
        ] {
            let whole = fs_err::read(&path).expect("there");
            for bit in 0..whole.len() * 8 {
                let mut bytes = whole.clone();
                bytes[bit / 8] ^= 1 << (bit % 8);
                fs_err::write(&path, bytes).expect("written");
                assert_eq!(get().expect("thrown away"), None, "bit {bit} of {path}");
                assert!(!path.exists());
            }
            fs_err::create_dir(&path).expect("a folder in its place");
        }
        cache.put_result(&action, b"third").expect("kept");
        let question = Sha256::of(b"question");
        for entry in [&b"a"[..], b"b", b"c", b"a"] {
            cache.add_to_list(&question, entry, 2).expect("kept");
        }
        assert_eq!(cache.get_list(&question).expect("read"), [b"a", b"c"]);
        assert_eq!(cache.put_blob(b"object").expect("kept"), digest);
        assert!(cache.contains_result(&action) && cache.contains_blob(&digest));
    }
}
