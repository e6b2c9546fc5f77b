//! Addresses of origins: which ones there may be, and how any is shown. Locks are committed,
//! documents are published, logs are read by many: a password or a token has no place in them.

use url::Url;

/// Parts of the names of queries' parameters that hold what opens something.
const SECRETS: [&str; 8] = [
    "token",
    "secret",
    "passw",
    "signature",
    "credential",
    "apikey",
    "accesskey",
    "auth",
];

/// Whether a parameter is called as those are that hold a credential.
fn is_secret(name: &str) -> bool {
    let name: String = name
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|c| c.to_ascii_lowercase())
        .collect();
    matches!(name.as_str(), "sig" | "key" | "pw" | "pwd")
        || SECRETS.iter().any(|secret| name.contains(secret))
}

/// An origin's URL is one of `https`, or of `http` on this machine: what is pinned by content may
/// come over a plain connection, but a plain one to elsewhere tells the world what is fetched. It
/// holds no credential.
///
/// # Errors
/// With what is wrong with it.
pub fn check_url(text: &str) -> Result<Url, String> {
    // What does not parse is not shown where it may hold a credential.
    let quoted = if text.contains(['@', '?']) {
        "a URL"
    } else {
        text
    };
    let url: Url = text
        .parse()
        .map_err(|error| format!("{error}: `{quoted}`"))?;
    check_no_credential(&url)?;
    let loopback = match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost",
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    };
    match url.scheme() {
        "https" => Ok(url),
        "http" if loopback => Ok(url),
        scheme => Err(format!(
            "expected `https` (or `http` to this machine), found `{scheme}` in `{text}`"
        )),
    }
}

/// Checks that `url` has no user, no password and no parameter that is called like a credential.
pub fn check_no_credential(url: &Url) -> Result<(), String> {
    if !url.username().is_empty() || url.password().is_some() {
        return Err(format!(
            "a URL may have no user and no password, as `{}` has: it is in the lock, in documents and in logs",
            shown_url(url)
        ));
    }
    match url.query_pairs().find(|(name, _)| is_secret(name)) {
        Some((name, _)) => Err(format!(
            "`{name}` of `{}` looks like a credential: it would be in the lock, in documents and in logs",
            shown_url(url)
        )),
        None => Ok(()),
    }
}

/// `url` as it is shown, with `***` in place of what opens something.
#[must_use]
pub fn shown_url(url: &Url) -> String {
    let mut shown = url.clone();
    if !url.username().is_empty() || url.password().is_some() {
        // Only a URL without a host can have none, and then it has no user either.
        let _ = shown.set_password(None);
        let _ = shown.set_username("***");
    }
    if url.query_pairs().any(|(name, _)| is_secret(&name)) {
        let pairs = url.query_pairs().map(|(name, value)| {
            let value = if is_secret(&name) {
                "***".into()
            } else {
                value
            };
            (name, value)
        });
        shown.query_pairs_mut().clear().extend_pairs(pairs);
    }
    shown.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_with_a_credential_is_refused_and_never_shown_whole() {
        for text in [
            "https://user:hunter2@example.org/e.tar.gz",
            "https://hunter2@example.org/",
            "https://example.org/e?token=hunter2",
            "https://example.org/e?x=1&X-Amz-Signature=hunter2",
            "https://example.org/e?Api-Key=hunter2",
            "https://example.org/e?sig=hunter2&v=2",
            "https://example.org/e?private%5Ftoken=hunter2",
        ] {
            let error = check_url(text).expect_err(text);
            assert!(
                !error.contains("hunter2") && error.contains("***"),
                "{error}"
            );
        }
        assert!(
            !check_url("https://hunter2@/")
                .expect_err("no host")
                .contains("hunter2")
        );
        for text in [
            "https://example.org/a?v=1",
            "https://example.org/monkey?keyboard=x",
            "http://127.0.0.1:8/x",
            "http://localhost/",
        ] {
            assert_eq!(
                check_url(text).map(|url| shown_url(&url)),
                Ok(text.to_owned())
            );
        }
        for text in [
            "http://example.org/",
            "ftp://example.org/",
            "file:///etc/passwd",
            "javascript:alert(1)",
            "http://127.0.0.1@evil.example/",
        ] {
            assert!(check_url(text).is_err(), "{text}");
        }
    }
}
