//! Object stores: a file for each record and for each blob, side by side, so that no folder has to
//! be made. All are compressed.

use futures_util::stream::{self, StreamExt as _};
use opendal::{Builder, ErrorKind, Operator, services};
use url::Url;

use super::address::Login;
use super::error::ServerError;
use super::record::{BLOB_LIMIT, BlobName, FetchedBlob, compressed, decompressed};
use crate::model::{Sha256, with_causes};

/// Files that are read at once.
const FILES_AT_ONCE: usize = 32;
/// Bytes of a record's file.
const RECORD_FILE_LIMIT: usize = 4 << 20;

pub struct ObjectServer(Operator);

impl ObjectServer {
    pub fn webdav(
        url: &Url,
        login: Option<&Login>,
        token: Option<&str>,
    ) -> Result<Self, ServerError> {
        let mut to = services::Webdav::default()
            .endpoint(url.as_str().trim_end_matches('/'))
            .disable_create_dir(true);
        if let Some(Login { user, password }) = login {
            to = to.username(user).password(password);
        } else if let Some(token) = token {
            to = to.token(token);
        }
        Self::new(to)
    }

    fn new(to: impl Builder) -> Result<Self, ServerError> {
        // Fails only where one is installed already, which then serves as well.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let operator = Operator::new(to).map_err(|error| failed(&error))?;
        Ok(Self(operator.finish()))
    }

    pub async fn record(&self, key: &Sha256) -> Result<Option<Vec<u8>>, ServerError> {
        self.read(&record_file(key), RECORD_FILE_LIMIT).await
    }

    pub async fn put(
        &self,
        key: &Sha256,
        record: &[u8],
        blob: Option<(BlobName, &[u8])>,
    ) -> Result<u64, ServerError> {
        let mut sent = record.len() as u64;
        if let Some((name, bytes)) = blob {
            let bytes = compressed(bytes);
            sent += bytes.len() as u64;
            self.write(&blob_file(&name), bytes).await?;
        }
        self.write(&record_file(key), record.to_vec()).await?;
        Ok(sent)
    }

    pub async fn blobs(
        &self,
        names: &[BlobName],
    ) -> Vec<(BlobName, Result<Option<FetchedBlob>, ServerError>)> {
        let names = names.to_vec();
        let found = names.into_iter().map(|name| self.blob(name));
        stream::iter(found)
            .buffer_unordered(FILES_AT_ONCE)
            .collect()
            .await
    }

    async fn blob(&self, name: BlobName) -> (BlobName, Result<Option<FetchedBlob>, ServerError>) {
        let size = usize::try_from(name.size).unwrap_or(usize::MAX);
        let file = self
            .read(&blob_file(&name), size.saturating_add(1 << 20))
            .await;
        let found = file.map(|file| {
            file.map(|file| FetchedBlob {
                moved: file.len() as u64,
                bytes: decompressed(&file, size.min(BLOB_LIMIT)).unwrap_or_default(),
            })
        });
        (name, found)
    }

    async fn read(&self, path: &str, limit: usize) -> Result<Option<Vec<u8>>, ServerError> {
        let chunks = async {
            let reader = self.0.reader(path).await?;
            reader.into_stream(..).await
        };
        let mut chunks = match chunks.await {
            Ok(chunks) => chunks,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(failed(&error)),
        };
        let mut bytes = Vec::new();
        while let Some(chunk) = chunks.next().await {
            match chunk {
                Ok(chunk) => bytes.extend(chunk.to_vec()),
                Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
                Err(error) => return Err(failed(&error)),
            }
            if bytes.len() > limit {
                return Err(ServerError::Oversized { limit });
            }
        }
        Ok(Some(bytes))
    }

    async fn write(&self, path: &str, bytes: Vec<u8>) -> Result<(), ServerError> {
        let written = self.0.write(path, bytes).await;
        written.map(drop).map_err(|error| failed(&error))
    }
}

fn record_file(key: &Sha256) -> String {
    format!("{key}.record")
}

fn blob_file(name: &BlobName) -> String {
    format!("{}.zst", name.sha256)
}

/// What the user may see of an error. Its own text has the whole request and answer, and may so
/// hold a secret; its cause does not.
fn failed(error: &opendal::Error) -> ServerError {
    use std::error::Error as _;
    match error.kind() {
        ErrorKind::PermissionDenied => ServerError::Denied,
        kind => match error.source() {
            Some(cause) => ServerError::Failed(with_causes(cause)),
            None => ServerError::Failed(kind.to_string()),
        },
    }
}
