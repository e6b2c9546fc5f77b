//! In which of Debian's versions a vulnerability is fixed. Versions are ordered as in
//! deb-version(7).

use debversion::Version as DebianVersion;

/// A version of a package in which Debian says that a vulnerability is fixed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Downstream {
    /// Debian's: `1:1.3.dfsg+really1.3.2-4`.
    pub version: String,
    /// Upstream's in it: `1.3.2`.
    pub upstream: String,
    /// The suite that it was uploaded to.
    pub suite: String,
    /// The day of the entry, as it is written there.
    pub date: String,
    /// Whether upstream's release itself has the fix, as far as the entry says: it is the
    /// release's first entry, and the item speaks of no patch.
    pub in_release: bool,
}

impl Downstream {
    /// Whether `ours`, an upstream version, is older than the fix.
    #[must_use]
    pub fn is_after(&self, ours: &str) -> bool {
        match compare(&self.upstream, ours) {
            std::cmp::Ordering::Greater => true,
            std::cmp::Ordering::Equal => !self.in_release,
            std::cmp::Ordering::Less => false,
        }
    }
}

/// Two upstream versions by Debian's rules.
fn compare(one: &str, other: &str) -> std::cmp::Ordering {
    let version = |text: &str| DebianVersion {
        epoch: None,
        upstream_version: text.to_owned(),
        debian_revision: None,
    };
    version(one).cmp(&version(other))
}
