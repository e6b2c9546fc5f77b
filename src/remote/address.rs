//! Where a remote cache is, and which kind of server is there.

use std::fmt;

use url::{Host, Url};

use super::RemoteError;
use crate::model::shown_url;

/// The forms of an address, for messages.
const FORMS: &str = "grpc://HOST:PORT[/INSTANCE], grpcs://HOST:PORT[/INSTANCE], http://HOST/PATH or https://HOST/PATH";

/// The address of a remote cache.
#[derive(Clone)]
pub struct RemoteAddress {
    pub(super) place: ServerPlace,
    shown: String,
}

/// What is at an address.
#[derive(Clone)]
pub(super) enum ServerPlace {
    /// A server of the Remote Execution API: `http` or `https`, host and port; and its instance.
    Grpc { url: Url, instance: String },
    /// A folder of a WebDAV server, without what logs in.
    WebDav { url: Url, login: Option<Login> },
}

/// A user's name and password, from the address.
#[derive(Clone)]
pub(super) struct Login {
    pub user: String,
    pub password: String,
}

impl RemoteAddress {
    /// Reads an address.
    ///
    /// # Errors
    /// When it has none of the forms.
    pub fn parse(text: &str) -> Result<Self, RemoteError> {
        let invalid = |shown: String| RemoteError::Address {
            found: shown,
            forms: FORMS,
        };
        // What can't be read may still have a password in it.
        let url = Url::parse(text).map_err(|_| {
            let scheme = text.split_once("://").map_or("", |(scheme, _)| scheme);
            invalid(format!("{scheme}://…"))
        })?;
        let shown = shown_url(&url);
        let host = url.host_str().filter(|host| !host.is_empty());
        let host = host.ok_or_else(|| invalid(shown.clone()))?;
        let plain = url.query().is_none() && url.fragment().is_none();
        let has_login = !url.username().is_empty() || url.password().is_some();
        let path = url.path().trim_matches('/');
        let place = match url.scheme() {
            scheme @ ("grpc" | "grpcs") if plain && !has_login => {
                let scheme = if scheme == "grpc" { "http" } else { "https" };
                let port = url
                    .port()
                    .map(|port| format!(":{port}"))
                    .unwrap_or_default();
                let url = format!("{scheme}://{host}{port}");
                ServerPlace::Grpc {
                    url: Url::parse(&url).map_err(|_| invalid(shown.clone()))?,
                    instance: path.to_owned(),
                }
            }
            "http" | "https" if plain => ServerPlace::WebDav {
                login: has_login.then(|| Login {
                    user: decoded(url.username()),
                    password: decoded(url.password().unwrap_or_default()),
                }),
                url: without_login(&url),
            },
            _ => return Err(invalid(shown)),
        };
        Ok(Self { place, shown })
    }

    /// Whether what is sent there can be read on the way.
    pub(super) fn is_open(&self) -> bool {
        let (ServerPlace::Grpc { url, .. } | ServerPlace::WebDav { url, .. }) = &self.place;
        let is_here = match url.host() {
            Some(Host::Domain(name)) => name == "localhost",
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(address)) => address.is_loopback(),
            None => false,
        };
        url.scheme() == "http" && !is_here
    }

    pub(super) fn has_login(&self) -> bool {
        matches!(&self.place, ServerPlace::WebDav { login: Some(_), .. })
    }
}

fn decoded(text: &str) -> String {
    percent_encoding::percent_decode_str(text)
        .decode_utf8_lossy()
        .into_owned()
}

fn without_login(url: &Url) -> Url {
    let mut url = url.clone();
    // Only a URL without a host can have none.
    let _ = url.set_password(None);
    let _ = url.set_username("");
    url
}

/// As it is shown: without what logs in.
impl fmt::Display for RemoteAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
    }
}

impl fmt::Debug for RemoteAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_form_is_read_and_none_shows_a_password() {
        for (text, shown) in [
            ("grpc://cache:9092", "grpc://cache:9092"),
            ("grpcs://cache.example/main", "grpcs://cache.example/main"),
            ("https://u:secret@host/dav", "https://***@host/dav"),
        ] {
            let address = RemoteAddress::parse(text).expect(text);
            assert_eq!(address.to_string(), shown);
            assert!(!format!("{address:?}").contains("secret"));
        }
        for text in [
            "",
            "cache:9092",
            "/a/folder",
            "grpc://",
            "grpc://u:secret@host:1",
            "ftp://u:secret@host/",
            "https://u:secret@[::/",
            "s3://bucket/prefix",
            "https://host/?token=secret",
        ] {
            let error = RemoteAddress::parse(text).expect_err(text).to_string();
            assert!(!error.contains("secret"), "{error}");
        }
    }

    #[test]
    fn only_tls_and_this_machine_are_closed_to_others() {
        for (text, open) in [
            ("grpc://cache:9092", true),
            ("grpc://127.0.0.1:9092", false),
            ("http://[::1]/dav", false),
            ("http://localhost.example/dav", true),
            ("https://host/dav", false),
        ] {
            assert_eq!(RemoteAddress::parse(text).expect(text).is_open(), open);
        }
    }
}
