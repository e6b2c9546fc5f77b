//! An apt that knows only what a test gives it.

use std::path::Path;

use wasideps::model::Sha256;

use crate::support::Place;

/// Where a suite has its index of binary packages, and that of source packages.
pub const BINARIES: &str = "main/binary-amd64/Packages";
pub const SOURCES: &str = "main/source/Sources";

/// An apt repository in `place` whose `suite` has an index, and apt's configuration that knows no
/// other.
pub fn apt_suite(place: &Place, suite: &str, path: &str, index: &str) -> std::path::PathBuf {
    let folder = format!("repository/dists/{suite}");
    place.write(&format!("{folder}/{path}"), index);
    let digest = Sha256::of(index.as_bytes());
    let release = format!(
        "Origin: Tests\nSuite: {suite}\nCodename: {suite}\nArchitectures: amd64\nComponents: main\nDate: Thu, 01 Jan 2026 00:00:00 UTC\n\
         SHA256:\n {digest} {} {path}\n",
        index.len()
    );
    place.write(&format!("{folder}/Release"), release);
    let uri = place.path("repository");
    let sources = format!(
        "Types: deb\nURIs: file:{}\nSuites: bookworm\nComponents: main\nTrusted: yes\n",
        uri.display()
    );
    place.write("apt/sources.d/tests.sources", sources);
    apt_configuration(place, "apt/sources.d")
}

/// A configuration of apt's whose sources are in `folder` alone.
pub fn apt_configuration(place: &Place, folder: &str) -> std::path::PathBuf {
    let text = |key: &str, path: &Path| format!("Dir::Etc::{key} \"{}\";\n", path.display());
    let lines = [
        text("SourceParts", &place.path(folder)),
        text("SourceList", &place.path("apt/none")),
    ];
    place.write("apt/apt.conf", lines.concat())
}
