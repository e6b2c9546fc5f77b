//! The machine that clang runs on, as the SDK's releases and as Debian call it.

/// The name of this machine in the names of the SDK's archives (`x86_64-linux`).
#[must_use]
pub fn host() -> String {
    release_host(std::env::consts::ARCH, std::env::consts::OS)
}

/// Debian's name of this machine's architecture (`amd64`), where Debian's programs run on it.
#[must_use]
pub fn debian_architecture() -> Option<&'static str> {
    architecture(std::env::consts::ARCH, std::env::consts::OS)
}

fn release_host(arch: &str, os: &str) -> String {
    format!("{}-{os}", if arch == "aarch64" { "arm64" } else { arch })
}

fn architecture(arch: &str, os: &str) -> Option<&'static str> {
    match (arch, os) {
        ("x86_64", "linux") => Some("amd64"),
        ("aarch64", "linux") => Some("arm64"),
        _ => None,
    }
}

/// The multiarch folder of a Debian architecture (`x86_64-linux-gnu`).
pub(super) fn multiarch(architecture: &str) -> String {
    let cpu = match architecture {
        "amd64" => "x86_64",
        "arm64" => "aarch64",
        other => other,
    };
    format!("{cpu}-linux-gnu")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_have_the_names_of_the_releases_archives() {
        for (arch, os, expected) in [
            ("x86_64", "linux", "x86_64-linux"),
            ("aarch64", "macos", "arm64-macos"),
            ("aarch64", "windows", "arm64-windows"),
        ] {
            assert_eq!(release_host(arch, os), expected);
        }
    }

    #[test]
    fn only_linux_runs_debians_programs() {
        assert_eq!(architecture("aarch64", "linux"), Some("arm64"));
        assert_eq!(architecture("aarch64", "macos"), None);
        assert_eq!(multiarch("arm64"), "aarch64-linux-gnu");
    }
}
