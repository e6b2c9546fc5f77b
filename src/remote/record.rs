//! What a server keeps of a compile, beside the object: records. One says what clang opened, the
//! other what it made; each names the key that it is under, so that it can't be served for another,
//! and may be signed. A server keeps lines of JSON, compressed.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use super::keys::{PublicKey, SigningKey};
use crate::model::Sha256;

/// Bytes of what is kept under one key, unpacked.
const RECORD_LIMIT: usize = 4 << 20;
/// Records that are kept under one key.
const LINES_LIMIT: usize = 32;

/// Bytes of one blob.
pub const BLOB_LIMIT: usize = 256 << 20;

/// The bytes that came for a blob, unpacked and not checked yet; and how many came.
pub struct FetchedBlob {
    pub bytes: Vec<u8>,
    pub moved: u64,
}

/// What a record is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RecordKind {
    /// An entry of the list of what clang opened for a question.
    Opened,
    /// What an action made.
    Made,
}

/// A blob that a record names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BlobName {
    pub sha256: Sha256,
    /// In bytes.
    pub size: u64,
}

/// A record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RemoteRecord {
    version: u32,
    pub kind: RecordKind,
    /// The question or action that it is of.
    pub key: Sha256,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub blob: Option<BlobName>,
    /// What making it took of processors.
    pub milliseconds: u64,
    pub content: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    signed: Option<Signed>,
}

/// Who signed a record, and how.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Signed {
    by: String,
    signature: String,
}

/// What is to be believed of a record.
#[derive(Debug, PartialEq, Eq)]
pub enum Judged {
    Good,
    /// Nobody who is trusted signed it.
    Foreign,
    /// It says that somebody who is trusted signed it, who did not.
    Forged,
}

/// Bytes that a server should not have given as records.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum RecordFault {
    #[error("it is not a compressed text of at most {RECORD_LIMIT} bytes")]
    NotText,
    #[error("it is no record")]
    NotARecord,
    #[error("it is of another action, {0}")]
    OfAnother(Sha256),
}

impl RemoteRecord {
    /// A record, signed with `key` if there is one.
    pub fn new(
        kind: RecordKind,
        key: Sha256,
        blob: Option<BlobName>,
        seconds: f64,
        content: &[u8],
        sign_with: Option<&SigningKey>,
    ) -> Self {
        let mut record = Self {
            version: 1,
            kind,
            key,
            blob,
            milliseconds: std::time::Duration::try_from_secs_f64(seconds).map_or(0, |time| {
                u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
            }),
            content: String::from_utf8_lossy(content).into_owned(),
            signed: None,
        };
        record.signed = sign_with.map(|key| {
            let by = key.public();
            Signed {
                by: by.to_string(),
                signature: STANDARD.encode(key.sign(&record.digest(&by))),
            }
        });
        record
    }

    /// What is signed: all of the record, and by whom.
    fn digest(&self, by: &PublicKey) -> Sha256 {
        let kind = match self.kind {
            RecordKind::Opened => "opened",
            RecordKind::Made => "made",
        };
        let blob = self
            .blob
            .map(|blob| format!("{} {}", blob.sha256, blob.size));
        let time = self.milliseconds.to_le_bytes();
        let fields: [&[u8]; 6] = [
            kind.as_bytes(),
            self.key.as_bytes(),
            blob.as_deref().unwrap_or_default().as_bytes(),
            &time,
            self.content.as_bytes(),
            by.as_bytes(),
        ];
        Sha256::of_fields("wasideps remote record 1", fields)
    }

    /// Whether it is to be believed where these keys are trusted; none stands for all.
    pub fn judge(&self, trusted: &[PublicKey]) -> Judged {
        if trusted.is_empty() {
            return Judged::Good;
        }
        let Some(signed) = &self.signed else {
            return Judged::Foreign;
        };
        let by = PublicKey::parse(&signed.by).filter(|by| trusted.contains(by));
        let Some(by) = by else {
            return Judged::Foreign;
        };
        let signature = STANDARD.decode(&signed.signature).unwrap_or_default();
        if by.verifies(&self.digest(&by), &signature) {
            Judged::Good
        } else {
            Judged::Forged
        }
    }

    /// Whether both say the same, and the same one signed them.
    pub fn says_what(&self, other: &Self) -> bool {
        let by = |record: &Self| record.signed.as_ref().map(|signed| signed.by.clone());
        (self.kind, self.key, self.blob, &self.content, by(self))
            == (other.kind, other.key, other.blob, &other.content, by(other))
    }
}

/// The bytes that a server keeps under one key; the first records are the newest.
pub fn pack(records: &[RemoteRecord]) -> Vec<u8> {
    let lines = records
        .iter()
        .take(LINES_LIMIT)
        .map(|record| serde_json::to_vec(record).expect("a record has only string keys"));
    let text = lines.collect::<Vec<_>>().join(&b'\n');
    compressed(&text)
}

/// The records in the bytes that a server gave for `key`.
///
/// # Errors
/// When they are none, or of another key.
pub fn unpack(
    kind: RecordKind,
    key: &Sha256,
    bytes: &[u8],
) -> Result<Vec<RemoteRecord>, RecordFault> {
    let text = decompressed(bytes, RECORD_LIMIT).ok_or(RecordFault::NotText)?;
    let mut records = Vec::new();
    for line in text.split(|byte| *byte == b'\n').take(LINES_LIMIT) {
        let record: RemoteRecord =
            serde_json::from_slice(line).map_err(|_| RecordFault::NotARecord)?;
        if record.key != *key {
            return Err(RecordFault::OfAnother(record.key));
        }
        if record.version != 1 || record.kind != kind || record.content.contains('\n') {
            return Err(RecordFault::NotARecord);
        }
        records.push(record);
    }
    Ok(records)
}

/// `bytes`, compressed by zstd.
pub fn compressed(bytes: &[u8]) -> Vec<u8> {
    // Objects are small, and links slower than this level.
    zstd::bulk::compress(bytes, 3).expect("memory is all that this needs")
}

/// What was compressed to `bytes`, if that is so and it has no more than `limit`.
pub fn decompressed(bytes: &[u8], limit: usize) -> Option<Vec<u8>> {
    use std::io::Read as _;
    let decoder = zstd::stream::read::Decoder::new(bytes).ok()?;
    let mut found = Vec::new();
    let more = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
    decoder.take(more).read_to_end(&mut found).ok()?;
    (found.len() <= limit).then_some(found)
}

#[cfg(test)]
mod tests {
    use super::super::keys::tests::key;
    use super::*;

    fn record(sign_with: Option<&SigningKey>) -> RemoteRecord {
        let blob = BlobName {
            sha256: Sha256::of(b"object"),
            size: 6,
        };
        let (action, content) = (Sha256::of(b"action"), br#"{"object":"x"}"#);
        RemoteRecord::new(
            RecordKind::Made,
            action,
            Some(blob),
            1.25,
            content,
            sign_with,
        )
    }

    #[test]
    fn only_what_a_trusted_key_signed_as_it_is_is_good() {
        let (signed, trusted) = (record(Some(&key())), [key().public()]);
        assert_eq!(signed.judge(&trusted), Judged::Good);
        assert_eq!(signed.judge(&[]), Judged::Good);
        assert_eq!(record(None).judge(&trusted), Judged::Foreign);
        assert_eq!(record(None).judge(&[]), Judged::Good);
        let changes: [fn(&mut RemoteRecord); 6] = [
            |record| record.kind = RecordKind::Opened,
            |record| record.key = Sha256::of(b"another"),
            |record| record.blob = None,
            |record| record.milliseconds += 1,
            |record| record.content.push(' '),
            |record| {
                let signed = record.signed.as_mut().expect("signed");
                signed.signature = STANDARD.encode([0; 64]);
            },
        ];
        for (number, change) in changes.into_iter().enumerate() {
            let mut changed = signed.clone();
            change(&mut changed);
            assert_eq!(changed.judge(&trusted), Judged::Forged, "{number}");
        }
        let mut foreign = signed;
        foreign.signed.as_mut().expect("signed").by = "nobody".to_owned();
        assert_eq!(foreign.judge(&trusted), Judged::Foreign);
    }

    #[test]
    fn what_is_packed_is_unpacked_and_a_record_of_another_key_or_kind_is_refused() {
        let record = record(Some(&key()));
        let packed = pack(std::slice::from_ref(&record));
        assert_eq!(
            unpack(RecordKind::Made, &record.key, &packed),
            Ok(vec![record.clone()])
        );
        assert_eq!(
            unpack(RecordKind::Made, &Sha256::of(b"another"), &packed),
            Err(RecordFault::OfAnother(record.key))
        );
        assert_eq!(
            unpack(RecordKind::Opened, &record.key, &packed),
            Err(RecordFault::NotARecord)
        );
        assert_eq!(
            unpack(RecordKind::Made, &record.key, b"x"),
            Err(RecordFault::NotText)
        );
        let bomb = compressed(&vec![b' '; RECORD_LIMIT + 1]);
        assert_eq!(
            unpack(RecordKind::Made, &record.key, &bomb),
            Err(RecordFault::NotText)
        );
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_are_records_or_refused(bytes in proptest::collection::vec(0_u8.., 0..200)) {
            let _ = unpack(RecordKind::Made, &Sha256::of(b""), &bytes);
            let _ = unpack(RecordKind::Made, &Sha256::of(b""), &compressed(&bytes));
        }
    }
}
