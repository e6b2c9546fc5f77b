//! A server of the Bazel Remote Execution API, version 2:
//! <https://github.com/bazelbuild/remote-apis>. Objects are in its content-addressable storage,
//! records in its action cache: each as the standard output of an action of its own, whose salt is
//! the record's key.

use std::time::Duration;

use bazel_remote_apis::build::bazel::remote::execution::v2 as api;
use bazel_remote_apis::google::bytestream;
use futures_util::stream::{self, StreamExt as _};
use prost::Message as _;
use tonic::metadata::{Ascii, MetadataValue};
use tonic::transport::{Channel, ClientTlsConfig, Endpoint};
use tonic::{Code, Request, Status};
use url::Url;

use super::error::ServerError;
use super::record::{BLOB_LIMIT, BlobName, FetchedBlob, compressed, decompressed};
use crate::model::{Sha256, with_causes};

/// Bytes of blobs in one message: what all servers take, less room for the rest of it.
const BATCH: usize = (4 << 20) - (64 << 10);
/// Bytes of a message that is read.
const MESSAGE_LIMIT: usize = 8 << 20;
/// Bytes of a message of a stream.
const CHUNK: usize = 1 << 20;
/// Batches that are asked for at once.
const BATCHES_AT_ONCE: usize = 4;
const ZSTD: i32 = api::compressor::Value::Zstd as i32;
const SHA256: i32 = api::digest_function::Value::Sha256 as i32;

pub struct GrpcServer {
    channel: Channel,
    instance: String,
    authorization: Option<MetadataValue<Ascii>>,
    batch: usize,
    /// Whether blobs may be compressed in streams; and in batches that are sent.
    stream_zstd: bool,
    batch_zstd: bool,
    pub takes_results: bool,
}

impl GrpcServer {
    pub async fn connect(
        url: &Url,
        instance: &str,
        token: Option<&str>,
        limit: Duration,
    ) -> Result<Self, ServerError> {
        let unreachable = |error| ServerError::Unreachable(causes(&error));
        let mut endpoint = Endpoint::from_shared(url.to_string())
            .and_then(|to| to.user_agent(concat!("wasideps/", env!("CARGO_PKG_VERSION"))))
            .map_err(unreachable)?
            .connect_timeout(limit)
            .http2_adaptive_window(true)
            .tcp_nodelay(true);
        if url.scheme() == "https" {
            let tls = ClientTlsConfig::new().with_native_roots();
            endpoint = endpoint.tls_config(tls).map_err(unreachable)?;
        }
        let authorization = token.map(|token| format!("Bearer {token}").parse());
        let authorization = authorization.transpose().map_err(|_| ServerError::Denied)?;
        let mut server = Self {
            channel: endpoint.connect().await.map_err(unreachable)?,
            instance: instance.to_owned(),
            authorization: authorization.map(|mut value: MetadataValue<Ascii>| {
                value.set_sensitive(true);
                value
            }),
            batch: BATCH,
            stream_zstd: false,
            batch_zstd: false,
            takes_results: true,
        };
        server.read_capabilities().await?;
        Ok(server)
    }

    async fn read_capabilities(&mut self) -> Result<(), ServerError> {
        let mut client = api::capabilities_client::CapabilitiesClient::new(self.channel.clone());
        let request = api::GetCapabilitiesRequest {
            instance_name: self.instance.clone(),
        };
        let answer = client.get_capabilities(self.request(request)).await;
        let cache = answer.map_err(failed)?.into_inner().cache_capabilities;
        let cache = cache.ok_or(ServerError::NoSha256)?;
        if !cache.digest_functions.contains(&SHA256) {
            return Err(ServerError::NoSha256);
        }
        if let Ok(limit @ 1..) = usize::try_from(cache.max_batch_total_size_bytes) {
            self.batch = limit.saturating_sub(64 << 10).clamp(1, BATCH);
        }
        self.stream_zstd = cache.supported_compressors.contains(&ZSTD);
        self.batch_zstd = cache.supported_batch_update_compressors.contains(&ZSTD);
        let updates = cache.action_cache_update_capabilities;
        self.takes_results = updates.is_some_and(|updates| updates.update_enabled);
        Ok(())
    }

    fn request<T>(&self, message: T) -> Request<T> {
        let mut request = Request::new(message);
        if let Some(value) = &self.authorization {
            request
                .metadata_mut()
                .insert("authorization", value.clone());
        }
        request
    }

    fn action_cache(&self) -> api::action_cache_client::ActionCacheClient<Channel> {
        api::action_cache_client::ActionCacheClient::new(self.channel.clone())
            .max_decoding_message_size(MESSAGE_LIMIT)
    }

    fn storage(
        &self,
    ) -> api::content_addressable_storage_client::ContentAddressableStorageClient<Channel> {
        api::content_addressable_storage_client::ContentAddressableStorageClient::new(
            self.channel.clone(),
        )
        .max_decoding_message_size(MESSAGE_LIMIT)
    }

    fn streams(&self) -> bytestream::byte_stream_client::ByteStreamClient<Channel> {
        bytestream::byte_stream_client::ByteStreamClient::new(self.channel.clone())
            .max_decoding_message_size(MESSAGE_LIMIT)
    }

    /// What is kept under `key`.
    pub async fn record(&self, key: &Sha256) -> Result<Option<Vec<u8>>, ServerError> {
        let request = api::GetActionResultRequest {
            instance_name: self.instance.clone(),
            action_digest: Some(action_of(key).0),
            inline_stdout: true,
            digest_function: SHA256,
            ..Default::default()
        };
        let answer = self
            .action_cache()
            .get_action_result(self.request(request))
            .await;
        let result = match answer {
            Ok(answer) => answer.into_inner(),
            Err(status) if status.code() == Code::NotFound => return Ok(None),
            Err(status) => return Err(failed(status)),
        };
        if !result.stdout_raw.is_empty() {
            return Ok(Some(result.stdout_raw));
        }
        // A server may move it into its storage.
        let Some(name) = result.stdout_digest.and_then(|digest| name_of(&digest)) else {
            return Ok(Some(Vec::new()));
        };
        let mut found = self.blobs(&[name]).await;
        let found = found.pop().map(|(_, found)| found).transpose()?.flatten();
        Ok(found.map(|blob| blob.bytes))
    }

    /// Keeps `record` under `key`, after the blob that it names.
    pub async fn put(
        &self,
        key: &Sha256,
        record: &[u8],
        blob: Option<(BlobName, &[u8])>,
    ) -> Result<u64, ServerError> {
        let (action_digest, action, command) = action_of(key);
        let mut blobs = vec![(name(&action), &*action), (name(&command), &*command)];
        blobs.extend(blob);
        let request = api::FindMissingBlobsRequest {
            instance_name: self.instance.clone(),
            blob_digests: blobs.iter().map(|(name, _)| digest(name)).collect(),
            digest_function: SHA256,
        };
        let missing = self
            .storage()
            .find_missing_blobs(self.request(request))
            .await;
        let missing = missing.map_err(failed)?.into_inner().missing_blob_digests;
        let missing: Vec<_> = missing.iter().filter_map(name_of).collect();
        blobs.retain(|(name, _)| missing.contains(name));
        let mut sent = self.put_blobs(&blobs).await?;
        let result = api::ActionResult {
            stdout_raw: record.to_vec(),
            output_files: blob
                .iter()
                .map(|(name, _)| api::OutputFile {
                    path: "object.o".to_owned(),
                    digest: Some(digest(name)),
                    ..Default::default()
                })
                .collect(),
            ..Default::default()
        };
        sent += record.len() as u64;
        let request = api::UpdateActionResultRequest {
            instance_name: self.instance.clone(),
            action_digest: Some(action_digest),
            action_result: Some(result),
            digest_function: SHA256,
            ..Default::default()
        };
        self.action_cache()
            .update_action_result(self.request(request))
            .await
            .map_err(failed)?;
        Ok(sent)
    }

    async fn put_blobs(&self, blobs: &[(BlobName, &[u8])]) -> Result<u64, ServerError> {
        let (mut requests, mut large, mut sent, mut size) = (Vec::new(), Vec::new(), 0, 0);
        for (name, bytes) in blobs {
            let data = if self.batch_zstd {
                compressed(bytes)
            } else {
                bytes.to_vec()
            };
            if size + data.len() > self.batch {
                large.push((*name, *bytes));
                continue;
            }
            size += data.len();
            requests.push(api::batch_update_blobs_request::Request {
                digest: Some(digest(name)),
                data,
                compressor: if self.batch_zstd { ZSTD } else { 0 },
            });
        }
        if !requests.is_empty() {
            sent += size as u64;
            let request = api::BatchUpdateBlobsRequest {
                instance_name: self.instance.clone(),
                requests,
                digest_function: SHA256,
            };
            let answer = self
                .storage()
                .batch_update_blobs(self.request(request))
                .await;
            for answer in answer.map_err(failed)?.into_inner().responses {
                let status = answer.status.unwrap_or_default();
                if status.code != 0 {
                    return Err(failed(Status::new(Code::from(status.code), status.message)));
                }
            }
        }
        for (name, bytes) in large {
            sent += self.put_stream(&name, bytes).await?;
        }
        Ok(sent)
    }

    /// Sends a blob that is too large for a batch.
    async fn put_stream(&self, name: &BlobName, bytes: &[u8]) -> Result<u64, ServerError> {
        let (kind, data) = if self.stream_zstd {
            ("compressed-blobs/zstd", compressed(bytes))
        } else {
            ("blobs", bytes.to_vec())
        };
        let resource = self.resource(&format!(
            "uploads/{}/{kind}/{}/{}",
            upload_id(),
            name.sha256,
            name.size
        ));
        let sent = data.len();
        let chunks: Vec<_> = data
            .chunks(CHUNK)
            .scan(0, |offset, chunk| {
                let at = *offset;
                *offset += chunk.len();
                Some(bytestream::WriteRequest {
                    resource_name: resource.clone(),
                    write_offset: i64::try_from(at).unwrap_or(i64::MAX),
                    finish_write: *offset == sent,
                    data: chunk.to_vec(),
                })
            })
            .collect();
        let request = self.request(stream::iter(chunks));
        self.streams().write(request).await.map_err(failed)?;
        Ok(sent as u64)
    }

    /// The blobs that there are of `names`, in any order.
    pub async fn blobs(
        &self,
        names: &[BlobName],
    ) -> Vec<(BlobName, Result<Option<FetchedBlob>, ServerError>)> {
        let (mut batches, mut large): (Vec<Vec<BlobName>>, Vec<BlobName>) =
            (Vec::new(), Vec::new());
        let mut room = 0;
        for name in names {
            let size = usize::try_from(name.size).unwrap_or(usize::MAX);
            if size > self.batch {
                large.push(*name);
                continue;
            }
            match batches.last_mut() {
                Some(batch) if size <= room => batch.push(*name),
                _ => {
                    room = self.batch;
                    batches.push(vec![*name]);
                }
            }
            room -= size;
        }
        let batches = batches.into_iter().map(|batch| self.batch_of_blobs(batch));
        let mut found: Vec<_> = stream::iter(batches)
            .buffer_unordered(BATCHES_AT_ONCE)
            .concat()
            .await;
        let streams = large
            .into_iter()
            .map(|name| async move { (name, self.stream_of(&name).await) });
        let streams: Vec<_> = stream::iter(streams)
            .buffer_unordered(BATCHES_AT_ONCE)
            .collect()
            .await;
        found.extend(streams);
        found
    }

    async fn batch_of_blobs(
        &self,
        names: Vec<BlobName>,
    ) -> Vec<(BlobName, Result<Option<FetchedBlob>, ServerError>)> {
        let request = api::BatchReadBlobsRequest {
            instance_name: self.instance.clone(),
            digests: names.iter().map(digest).collect(),
            acceptable_compressors: vec![0, ZSTD],
            digest_function: SHA256,
        };
        let answer = self.storage().batch_read_blobs(self.request(request)).await;
        let answers = match answer {
            Ok(answer) => answer.into_inner().responses,
            Err(status) => {
                // One failure, for all of them.
                let failure = failed(status);
                return names
                    .first()
                    .map(|name| (*name, Err(failure)))
                    .into_iter()
                    .collect();
            }
        };
        let judged = |answer: api::batch_read_blobs_response::Response| {
            let name = name_of(answer.digest.as_ref()?)?;
            names.contains(&name).then_some(())?;
            let status = answer.status.unwrap_or_default();
            let found = match Code::from(status.code) {
                Code::Ok => Ok(fetched(&name, answer.data, answer.compressor == ZSTD)),
                Code::NotFound => Ok(None),
                code => Err(failed(Status::new(code, status.message))),
            };
            Some((name, found))
        };
        answers.into_iter().filter_map(judged).collect()
    }

    /// A blob that is too large for a batch.
    async fn stream_of(&self, name: &BlobName) -> Result<Option<FetchedBlob>, ServerError> {
        let kind = if self.stream_zstd {
            "compressed-blobs/zstd"
        } else {
            "blobs"
        };
        let request = bytestream::ReadRequest {
            resource_name: self.resource(&format!("{kind}/{}/{}", name.sha256, name.size)),
            ..Default::default()
        };
        let mut chunks = match self.streams().read(self.request(request)).await {
            Ok(answer) => answer.into_inner(),
            Err(status) if status.code() == Code::NotFound => return Ok(None),
            Err(status) => return Err(failed(status)),
        };
        let mut bytes = Vec::new();
        loop {
            match chunks.message().await {
                Ok(Some(chunk)) => bytes.extend(chunk.data),
                Ok(None) => break,
                Err(status) if status.code() == Code::NotFound => return Ok(None),
                Err(status) => return Err(failed(status)),
            }
            // Compression adds next to nothing to what can't be compressed.
            if bytes.len() as u64 > name.size + (1 << 20) {
                return Err(ServerError::Oversized { limit: BLOB_LIMIT });
            }
        }
        Ok(fetched(name, bytes, self.stream_zstd))
    }

    fn resource(&self, rest: &str) -> String {
        if self.instance.is_empty() {
            rest.to_owned()
        } else {
            format!("{}/{rest}", self.instance)
        }
    }
}

/// What came for a blob. What can't be decompressed is as wrong as other bytes are.
fn fetched(name: &BlobName, data: Vec<u8>, is_compressed: bool) -> Option<FetchedBlob> {
    let moved = data.len() as u64;
    let size = usize::try_from(name.size).unwrap_or(usize::MAX);
    let bytes = if is_compressed {
        decompressed(&data, size.min(BLOB_LIMIT)).unwrap_or_default()
    } else {
        data
    };
    Some(FetchedBlob { bytes, moved })
}

/// The action whose result is the record under `key`: its digest, and it and its command as
/// messages.
fn action_of(key: &Sha256) -> (api::Digest, Vec<u8>, Vec<u8>) {
    let command = api::Command {
        arguments: vec!["wasideps".to_owned(), "record".to_owned()],
        ..Default::default()
    };
    let command = command.encode_to_vec();
    let action = api::Action {
        command_digest: Some(digest(&name(&command))),
        // A folder without files is an empty message.
        input_root_digest: Some(digest(&name(&[]))),
        salt: key.as_bytes().to_vec(),
        ..Default::default()
    };
    let action = action.encode_to_vec();
    (digest(&name(&action)), action, command)
}

fn name(bytes: &[u8]) -> BlobName {
    BlobName {
        sha256: Sha256::of(bytes),
        size: bytes.len() as u64,
    }
}

fn digest(name: &BlobName) -> api::Digest {
    api::Digest {
        hash: name.sha256.to_string(),
        size_bytes: i64::try_from(name.size).unwrap_or(i64::MAX),
    }
}

fn name_of(digest: &api::Digest) -> Option<BlobName> {
    Some(BlobName {
        sha256: digest.hash.parse().ok()?,
        size: digest.size_bytes.try_into().ok()?,
    })
}

/// A random UUID (RFC 9562, version 4).
fn upload_id() -> String {
    use ring::rand::SecureRandom as _;
    let mut bytes = [0_u8; 16];
    // A name that is taken fails the upload, and nothing else.
    let _ = ring::rand::SystemRandom::new().fill(&mut bytes);
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let hex = format!("{:032x}", u128::from_be_bytes(bytes));
    let parts = [
        &hex[..8],
        &hex[8..12],
        &hex[12..16],
        &hex[16..20],
        &hex[20..],
    ];
    parts.join("-")
}

fn causes(error: &(dyn std::error::Error + 'static)) -> String {
    with_causes(error)
}

#[allow(clippy::needless_pass_by_value)] // As `map_err` gives it.
fn failed(status: Status) -> ServerError {
    const SHOWN: usize = 200;
    let message: String = status.message().chars().take(SHOWN).collect();
    match status.code() {
        Code::Unauthenticated | Code::PermissionDenied => ServerError::Denied,
        Code::ResourceExhausted => ServerError::Full(message),
        Code::Unavailable => ServerError::Unreachable(message),
        code => ServerError::Failed(format!("{code:?}: {message}")),
    }
}
