//! A server of the Remote Execution API's caches in memory, which behaves as badly as a test wants;
//! and a relay before a server, which cuts or delays what passes.

use std::collections::HashMap;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use bazel_remote_apis::build::bazel::remote::execution::v2 as api;
use bazel_remote_apis::google::{bytestream, rpc};
use futures_util::stream::{self, BoxStream};
use tonic::transport::server::TcpIncoming;
use tonic::{Request, Response, Status, Streaming};

/// How the server behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Manner {
    Honest,
    /// Other bytes for each blob.
    OtherBytes,
    /// The result of another action, for each that is asked for.
    OtherAction,
    /// Nothing can be written.
    Full,
    /// All requests fail.
    Fails,
    /// Nothing is answered once it has said what it can do.
    Silent,
}

/// A server; it goes with the process.
pub struct Reapi {
    pub address: SocketAddr,
    pub kept: Arc<Kept>,
}

/// What it keeps, and how it behaves.
pub struct Kept {
    state: Mutex<KeptState>,
    pub asked: AtomicUsize,
    pub streamed: AtomicUsize,
}

struct KeptState {
    manner: Manner,
    blobs: HashMap<String, Vec<u8>>,
    results: HashMap<String, api::ActionResult>,
}

impl Reapi {
    /// A server without anything in it.
    pub fn start(manner: Manner) -> Self {
        let kept = Arc::new(Kept {
            state: Mutex::new(KeptState {
                manner,
                blobs: HashMap::new(),
                results: HashMap::new(),
            }),
            asked: AtomicUsize::new(0),
            streamed: AtomicUsize::new(0),
        });
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime");
        let incoming = runtime
            .block_on(async { TcpIncoming::bind(([127, 0, 0, 1], 0).into()).expect("a port") });
        let address = incoming.local_addr().expect("an address");
        let served = Arc::clone(&kept);
        std::thread::spawn(move || {
            runtime.block_on(async {
                tonic::transport::Server::builder()
                    .add_service(api::capabilities_server::CapabilitiesServer::from_arc(
                        Arc::clone(&served),
                    ))
                    .add_service(api::action_cache_server::ActionCacheServer::from_arc(
                        Arc::clone(&served),
                    ))
                    .add_service(
                        api::content_addressable_storage_server::ContentAddressableStorageServer::from_arc(
                            Arc::clone(&served),
                        ),
                    )
                    .add_service(bytestream::byte_stream_server::ByteStreamServer::from_arc(
                        served,
                    ))
                    .serve_with_incoming(incoming)
                    .await
                    .expect("it serves");
            });
        });
        Self { address, kept }
    }

    pub fn url(&self) -> String {
        format!("grpc://{}", self.address)
    }

    /// From now on it behaves so.
    pub fn behave(&self, manner: Manner) {
        self.kept.state().manner = manner;
    }

    /// How many results and blobs it keeps.
    pub fn count(&self) -> (usize, usize) {
        let state = self.kept.state();
        (state.results.len(), state.blobs.len())
    }

    /// Changes the records that it keeps.
    pub fn edit_results(&self, mut edit: impl FnMut(&mut Vec<u8>)) {
        for result in self.kept.state().results.values_mut() {
            edit(&mut result.stdout_raw);
        }
    }
}

impl Kept {
    fn state(&self) -> MutexGuard<'_, KeptState> {
        self.state.lock().expect("no panic")
    }

    /// The manner, where it lets the server answer.
    async fn manner(&self) -> Result<Manner, Status> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        let manner = self.state().manner;
        match manner {
            Manner::Fails => Err(Status::internal("out of order")),
            Manner::Silent => std::future::pending().await,
            manner => Ok(manner),
        }
    }

    async fn write(&self) -> Result<(), Status> {
        match self.manner().await? {
            Manner::Full => Err(Status::resource_exhausted("no space left")),
            _ => Ok(()),
        }
    }

    fn keep(&self, digest: Option<api::Digest>, data: Vec<u8>) -> Result<(), Status> {
        let hash = digest.unwrap_or_default().hash;
        if hash != wasideps::model::Sha256::of(&data).to_string() {
            return Err(Status::invalid_argument("other bytes"));
        }
        self.state().blobs.insert(hash, data);
        Ok(())
    }

    fn blob(&self, hash: &str, manner: Manner) -> Option<Vec<u8>> {
        let mut data = self.state().blobs.get(hash)?.clone();
        if manner == Manner::OtherBytes {
            *data.last_mut()? ^= 1;
        }
        Some(data)
    }
}

#[tonic::async_trait]
impl api::capabilities_server::Capabilities for Kept {
    async fn get_capabilities(
        &self,
        _: Request<api::GetCapabilitiesRequest>,
    ) -> Result<Response<api::ServerCapabilities>, Status> {
        Ok(Response::new(api::ServerCapabilities {
            cache_capabilities: Some(api::CacheCapabilities {
                digest_functions: vec![api::digest_function::Value::Sha256 as i32],
                action_cache_update_capabilities: Some(api::ActionCacheUpdateCapabilities {
                    update_enabled: true,
                }),
                // So small that larger objects are streamed.
                max_batch_total_size_bytes: 72 << 10,
                ..Default::default()
            }),
            ..Default::default()
        }))
    }
}

#[tonic::async_trait]
impl api::action_cache_server::ActionCache for Kept {
    async fn get_action_result(
        &self,
        request: Request<api::GetActionResultRequest>,
    ) -> Result<Response<api::ActionResult>, Status> {
        let manner = self.manner().await?;
        let hash = request.into_inner().action_digest.unwrap_or_default().hash;
        let state = self.state();
        let found = if manner == Manner::OtherAction {
            let mut others = state.results.iter();
            others
                .find(|(other, _)| **other != hash)
                .map(|(_, result)| result)
        } else {
            state.results.get(&hash)
        };
        found
            .cloned()
            .map(Response::new)
            .ok_or_else(|| Status::not_found("nothing"))
    }

    async fn update_action_result(
        &self,
        request: Request<api::UpdateActionResultRequest>,
    ) -> Result<Response<api::ActionResult>, Status> {
        self.write().await?;
        let request = request.into_inner();
        let hash = request.action_digest.unwrap_or_default().hash;
        let result = request.action_result.unwrap_or_default();
        self.state().results.insert(hash, result.clone());
        Ok(Response::new(result))
    }
}

type Many<T> = BoxStream<'static, Result<T, Status>>;

#[tonic::async_trait]
impl api::content_addressable_storage_server::ContentAddressableStorage for Kept {
    type GetTreeStream = Many<api::GetTreeResponse>;
    type GetChunkMappingStream = Many<api::GetChunkMappingResponse>;

    async fn find_missing_blobs(
        &self,
        request: Request<api::FindMissingBlobsRequest>,
    ) -> Result<Response<api::FindMissingBlobsResponse>, Status> {
        self.manner().await?;
        let mut digests = request.into_inner().blob_digests;
        digests.retain(|digest| !self.state().blobs.contains_key(&digest.hash));
        Ok(Response::new(api::FindMissingBlobsResponse {
            missing_blob_digests: digests,
        }))
    }

    async fn batch_update_blobs(
        &self,
        request: Request<api::BatchUpdateBlobsRequest>,
    ) -> Result<Response<api::BatchUpdateBlobsResponse>, Status> {
        self.write().await?;
        let mut responses = Vec::new();
        for request in request.into_inner().requests {
            self.keep(request.digest.clone(), request.data)?;
            responses.push(api::batch_update_blobs_response::Response {
                digest: request.digest,
                status: Some(rpc::Status::default()),
            });
        }
        Ok(Response::new(api::BatchUpdateBlobsResponse { responses }))
    }

    async fn batch_read_blobs(
        &self,
        request: Request<api::BatchReadBlobsRequest>,
    ) -> Result<Response<api::BatchReadBlobsResponse>, Status> {
        let manner = self.manner().await?;
        let responses = request.into_inner().digests.into_iter().map(|digest| {
            let found = self.blob(&digest.hash, manner);
            let code = if found.is_some() {
                0
            } else {
                tonic::Code::NotFound as i32
            };
            api::batch_read_blobs_response::Response {
                digest: Some(digest),
                data: found.unwrap_or_default(),
                status: Some(rpc::Status {
                    code,
                    ..Default::default()
                }),
                ..Default::default()
            }
        });
        Ok(Response::new(api::BatchReadBlobsResponse {
            responses: responses.collect(),
        }))
    }

    async fn get_tree(
        &self,
        _: Request<api::GetTreeRequest>,
    ) -> Result<Response<Self::GetTreeStream>, Status> {
        Err(Status::unimplemented(""))
    }

    async fn split_blob(
        &self,
        _: Request<api::SplitBlobRequest>,
    ) -> Result<Response<api::SplitBlobResponse>, Status> {
        Err(Status::unimplemented(""))
    }

    async fn get_chunk_mapping(
        &self,
        _: Request<api::GetChunkMappingRequest>,
    ) -> Result<Response<Self::GetChunkMappingStream>, Status> {
        Err(Status::unimplemented(""))
    }

    async fn splice_blob(
        &self,
        _: Request<api::SpliceBlobRequest>,
    ) -> Result<Response<api::SpliceBlobResponse>, Status> {
        Err(Status::unimplemented(""))
    }

    async fn register_chunk_mapping(
        &self,
        _: Request<Streaming<api::RegisterChunkMappingRequest>>,
    ) -> Result<Response<api::RegisterChunkMappingResponse>, Status> {
        Err(Status::unimplemented(""))
    }
}

#[tonic::async_trait]
impl bytestream::byte_stream_server::ByteStream for Kept {
    type ReadStream = Many<bytestream::ReadResponse>;

    async fn read(
        &self,
        request: Request<bytestream::ReadRequest>,
    ) -> Result<Response<Self::ReadStream>, Status> {
        let manner = self.manner().await?;
        self.streamed.fetch_add(1, Ordering::SeqCst);
        let name = request.into_inner().resource_name;
        let hash = name.split('/').nth(1).unwrap_or_default();
        let data = self
            .blob(hash, manner)
            .ok_or_else(|| Status::not_found("nothing"))?;
        let chunks: Vec<_> = data
            .chunks(10_000)
            .map(|chunk| {
                Ok(bytestream::ReadResponse {
                    data: chunk.to_vec(),
                })
            })
            .collect();
        Ok(Response::new(Box::pin(stream::iter(chunks))))
    }

    async fn write(
        &self,
        request: Request<Streaming<bytestream::WriteRequest>>,
    ) -> Result<Response<bytestream::WriteResponse>, Status> {
        Kept::write(self).await?;
        let mut chunks = request.into_inner();
        let (mut name, mut data) = (String::new(), Vec::new());
        while let Some(chunk) = chunks.message().await? {
            if name.is_empty() {
                name = chunk.resource_name;
            }
            data.extend(chunk.data);
        }
        let hash = name.split('/').nth(3).unwrap_or_default().to_owned();
        let committed_size = i64::try_from(data.len()).expect("small");
        let digest = api::Digest {
            hash,
            size_bytes: committed_size,
        };
        self.keep(Some(digest), data)?;
        Ok(Response::new(bytestream::WriteResponse { committed_size }))
    }

    async fn query_write_status(
        &self,
        _: Request<bytestream::QueryWriteStatusRequest>,
    ) -> Result<Response<bytestream::QueryWriteStatusResponse>, Status> {
        Err(Status::unimplemented(""))
    }
}

/// What a relay does with each connection.
#[derive(Debug, Clone, Copy)]
pub enum Relayed {
    /// Each piece is passed on after so long, in both directions.
    Late(Duration),
    /// The connection ends after so many bytes of answers.
    Cut(usize),
}

/// An address whose connections go on to `to`.
pub fn relay(to: SocketAddr, how: Relayed) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    std::thread::spawn(move || {
        for from in listener.incoming().flatten() {
            let Ok(on) = TcpStream::connect(to) else {
                continue;
            };
            let (back_from, back_to) = (on.try_clone().expect("it"), from.try_clone().expect("it"));
            std::thread::spawn(move || pass(from, on, how, None));
            let left = match how {
                Relayed::Cut(bytes) => Some(bytes),
                Relayed::Late(_) => None,
            };
            std::thread::spawn(move || pass(back_from, back_to, how, left));
        }
    });
    address
}

/// Passes on what comes; it is over when either side is, or when nothing is `left`.
fn pass(mut from: TcpStream, mut to: TcpStream, how: Relayed, mut left: Option<usize>) {
    let mut buffer = [0; 1 << 14];
    while let Ok(count @ 1..) = from.read(&mut buffer) {
        if let Relayed::Late(delay) = how {
            std::thread::sleep(delay);
        }
        let count = left.map_or(count, |left| count.min(left));
        if to.write_all(&buffer[..count]).is_err() {
            break;
        }
        if let Some(left) = &mut left {
            *left -= count;
            if *left == 0 {
                break;
            }
        }
    }
    for stream in [from, to] {
        // The other side may have gone before.
        let _ = stream.shutdown(std::net::Shutdown::Both);
    }
}

/// An address where connections are taken, and nothing is ever said.
pub fn silence() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    std::thread::spawn(move || {
        let mut held = Vec::new();
        for stream in listener.incoming().flatten() {
            held.push(stream);
        }
    });
    address
}
