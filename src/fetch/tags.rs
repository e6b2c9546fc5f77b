//! The tags of a git repository, by one request: the list of references that every server of git's
//! protocol begins with. Sources: gitprotocol-http(5), "Smart Clients" and "Dumb Clients", and
//! gitprotocol-common(5), "pkt-line Format".

use std::collections::BTreeSet;

use url::Url;

use super::http::Ask;
use super::{FetchError, Fetcher};

/// A reference takes less than a hundred bytes; the largest repositories have some hundred
/// thousand.
const TAGS_LIMIT: u64 = 64 << 20;

impl Fetcher<'_> {
    /// The names of the tags of the repository at `url`, sorted.
    ///
    /// # Errors
    /// When it can't be asked, or answers otherwise.
    pub fn tags(&self, subject: &str, url: &Url) -> Result<BTreeSet<String>, FetchError> {
        if self.settings.offline {
            return Err(FetchError::Offline {
                subject: subject.to_owned(),
                origin: url.to_string(),
                sha256: None,
            });
        }
        let text = format!(
            "{}/info/refs?service=git-upload-pack",
            url.as_str().trim_end_matches('/')
        );
        let asked: Url = text
            .parse()
            .map_err(|error: url::ParseError| FetchError::BadPlace {
                origin: url.to_string(),
                source: error.into(),
            })?;
        let ask = Ask {
            subject,
            origin: url.as_str(),
            url: &asked,
            last: false,
        };
        let bytes = self.web.text(ask, TAGS_LIMIT, self.reporter)?;
        let bytes = bytes.ok_or_else(|| FetchError::Status {
            url: asked.to_string(),
            status: 404,
        })?;
        references(&bytes).ok_or_else(|| FetchError::Damaged {
            origin: asked.to_string(),
            source: "it is not a list of references: the server does not speak git's protocol"
                .into(),
        })
    }
}

/// The tags among the references of an answer, of the smart protocol or the dumb one.
fn references(bytes: &[u8]) -> Option<BTreeSet<String>> {
    let lines = if bytes
        .get(4..)
        .is_some_and(|rest| rest.starts_with(b"# service="))
    {
        packets(bytes)?
    } else {
        bytes
            .split(|byte| *byte == b'\n')
            .filter(|line| !line.is_empty())
            .collect()
    };
    let mut tags = BTreeSet::new();
    for line in lines {
        let line = std::str::from_utf8(line.split(|byte| *byte == 0).next()?)
            .ok()?
            .trim_end();
        if line.starts_with("# ") {
            continue;
        }
        let (object, name) = line.split_once([' ', '\t'])?;
        if object.len() < 40 || !object.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return None;
        }
        if let Some(tag) = name.strip_prefix("refs/tags/") {
            // An annotated tag is there twice, once with what it points at.
            tags.insert(tag.trim_end_matches("^{}").to_owned());
        }
    }
    Some(tags)
}

/// The packets of an answer: four hexadecimal digits of length, which count themselves; lengths
/// below four end a section.
fn packets(mut bytes: &[u8]) -> Option<Vec<&[u8]>> {
    let mut packets = Vec::new();
    while !bytes.is_empty() {
        let length = usize::from_str_radix(std::str::from_utf8(bytes.get(..4)?).ok()?, 16).ok()?;
        packets.extend(
            bytes
                .get(4..length.max(4))
                .filter(|packet| !packet.is_empty()),
        );
        bytes = bytes.get(length.max(4)..)?;
    }
    Some(packets)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn tags_are_read_of_both_protocols_and_pages_are_refused() {
        let object = "a".repeat(40);
        let packet = |text: &str| format!("{:04x}{text}", text.len() + 4);
        let smart = [
            packet("# service=git-upload-pack\n"),
            "0000".to_owned(),
            packet(&format!("{object} HEAD\0multi_ack agent=git/2.39\n")),
            packet(&format!("{object} refs/heads/main\n")),
            packet(&format!("{object} refs/tags/v1.3.2\n")),
            packet(&format!("{object} refs/tags/v1.3.2^{{}}\n")),
            "0000".to_owned(),
        ];
        let expected = BTreeSet::from(["v1.3.2".to_owned()]);
        assert_eq!(
            references(smart.concat().as_bytes()),
            Some(expected.clone())
        );
        assert_eq!(
            references(
                format!("{object}\trefs/heads/main\n{object}\trefs/tags/v1.3.2\n").as_bytes()
            ),
            Some(expected)
        );
        for text in [
            "<!DOCTYPE html>\n",
            "not found",
            "001e# service=git-upload-pack\nffff",
        ] {
            assert_eq!(references(text.as_bytes()), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_answer_can_be_tried(bytes: Vec<u8>) {
            let _ = references(&bytes);
            let _ = references(&[b"001e# service=".as_slice(), &bytes].concat());
        }
    }
}
