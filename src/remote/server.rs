//! A server of either kind, and what both have in common.

use std::time::Duration;

use super::address::{RemoteAddress, ServerPlace};
use super::error::ServerError;
use super::grpc::GrpcServer;
use super::objects::ObjectServer;
use super::record::{BlobName, FetchedBlob};
use crate::model::Sha256;

pub enum Server {
    Grpc(GrpcServer),
    Objects(ObjectServer),
}

impl Server {
    pub async fn connect(
        address: &RemoteAddress,
        token: Option<&str>,
        limit: Duration,
    ) -> Result<Self, ServerError> {
        Ok(match &address.place {
            ServerPlace::Grpc { url, instance } => {
                Self::Grpc(GrpcServer::connect(url, instance, token, limit).await?)
            }
            ServerPlace::WebDav { url, login } => {
                Self::Objects(ObjectServer::webdav(url, login.as_ref(), token)?)
            }
        })
    }

    /// Whether it says that it takes results.
    pub fn takes_results(&self) -> bool {
        match self {
            Self::Grpc(server) => server.takes_results,
            Self::Objects(_) => true,
        }
    }

    pub async fn record(&self, key: &Sha256) -> Result<Option<Vec<u8>>, ServerError> {
        match self {
            Self::Grpc(server) => server.record(key).await,
            Self::Objects(server) => server.record(key).await,
        }
    }

    /// Keeps `record` under `key`, after the blob that it names. Returns how many bytes that moved.
    pub async fn put(
        &self,
        key: &Sha256,
        record: &[u8],
        blob: Option<(BlobName, &[u8])>,
    ) -> Result<u64, ServerError> {
        match self {
            Self::Grpc(server) => server.put(key, record, blob).await,
            Self::Objects(server) => server.put(key, record, blob).await,
        }
    }

    /// The blobs that there are of `names`, in any order.
    pub async fn blobs(
        &self,
        names: &[BlobName],
    ) -> Vec<(BlobName, Result<Option<FetchedBlob>, ServerError>)> {
        match self {
            Self::Grpc(server) => server.blobs(names).await,
            Self::Objects(server) => server.blobs(names).await,
        }
    }
}
