//! A prefix as a wheel of Python: data below a small package that says where it is. Format:
//! <https://packaging.python.org/en/latest/specifications/binary-distribution-format/>; the SBOMs
//! are where PEP 770 has them, <https://peps.python.org/pep-0770/>.

use std::fmt::Write as _;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use camino::{Utf8Path, Utf8PathBuf};
use sha2::Digest as _;

use super::{PackError, Packed, archive, contents};
use crate::build::Installed;
use crate::store::write_atomically;

/// The version of a wheel, in the normal form of the versions of Python's packages: `2026.11.27`,
/// `1.0rc1`, `1.0.post2`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WheelVersion(String);

/// A text that is not such a version.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "expected numbers with dots between them, then at most one of `a1`, `b1`, `rc1`, `.post1`, `.dev1`: `2026.11.27`"
)]
pub struct WheelVersionError;

impl FromStr for WheelVersion {
    type Err = WheelVersionError;

    fn from_str(text: &str) -> Result<Self, WheelVersionError> {
        let number = |text: &str| {
            !text.is_empty()
                && text.bytes().all(|byte| byte.is_ascii_digit())
                && (text == "0" || !text.starts_with('0'))
        };
        let release_end = text
            .find(|c: char| c.is_ascii_alphabetic())
            .unwrap_or(text.len());
        let (release, suffix) = text.split_at(release_end);
        let (release, suffix) = match release.strip_suffix('.') {
            Some(release) if suffix.starts_with("post") || suffix.starts_with("dev") => {
                (release, suffix)
            }
            Some(_) => return Err(WheelVersionError),
            None if suffix.starts_with("post") || suffix.starts_with("dev") => {
                return Err(WheelVersionError);
            }
            None => (release, suffix),
        };
        let suffix_is_known = suffix.is_empty()
            || ["post", "dev", "rc", "a", "b"]
                .iter()
                .any(|kind| suffix.strip_prefix(kind).is_some_and(number));
        if release.split('.').all(number) && suffix_is_known {
            Ok(Self(text.to_owned()))
        } else {
            Err(WheelVersionError)
        }
    }
}

/// Writes a wheel of `prefix` into the folder `dir`, and gives its path.
///
/// # Errors
/// When a file of the prefix is not as it was installed, or something can't be written.
pub fn write_wheel(
    prefix: &Installed,
    version: &WheelVersion,
    dir: &Utf8Path,
) -> Result<Utf8PathBuf, PackError> {
    let config = prefix.manifest().toolchain.config;
    let module = format!("wasideps_sysroot_{config}").replace(['-', '+'], "_");
    let info = format!("{module}-{}.dist-info", version.0);
    let mut files = Vec::new();
    for (_, Packed { path, bytes }) in contents(prefix)? {
        // Beside the prefix, where tools that know only wheels look for them.
        let copy = match path.strip_prefix("share/") {
            Some(rest) if rest.starts_with("licenses/") => Some(rest.to_owned()),
            Some("wasideps/sbom.cdx.json") => Some("sboms/wasideps.cdx.json".to_owned()),
            Some("wasideps/sbom.spdx.json") => Some("sboms/wasideps.spdx.json".to_owned()),
            _ => None,
        };
        if let Some(copy) = copy {
            files.push((format!("{info}/{copy}"), bytes.clone()));
        }
        files.push((format!("{module}/prefix/{path}"), bytes));
    }
    let mut license_files = String::new();
    for (path, _) in &files {
        if let Some(license) = path.strip_prefix(&format!("{info}/licenses/")) {
            writeln!(license_files, "License-File: {license}").expect("a string takes all text");
        }
    }
    let title = prefix.manifest().toolchain.stamp();
    let python = format!(
        "\"\"\"Libraries for {config}, built by wasideps with {title}.\"\"\"\n\n\
         from pathlib import Path\n\n\n\
         def prefix() -> Path:\n\
         \x20   \"\"\"The prefix: headers, static libraries, pkg-config modules, CMake packages, licences, SBOMs.\"\"\"\n\
         \x20   return Path(__file__).resolve().parent / \"prefix\"\n"
    );
    let main = format!("from {module} import prefix\n\nprint(prefix())\n");
    let metadata = format!(
        "Metadata-Version: 2.4\nName: {}\nVersion: {}\nSummary: Libraries for {config}, built by wasideps\n{license_files}\n\
         Objects are for {title}: wasi-libc promises no ABI between SDKs.\n",
        module.replace('_', "-"),
        version.0
    );
    let wheel = format!(
        "Wheel-Version: 1.0\nGenerator: wasideps {}\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        env!("CARGO_PKG_VERSION")
    );
    for (path, text) in [
        (format!("{module}/__init__.py"), python),
        (format!("{module}/__main__.py"), main),
        (format!("{info}/METADATA"), metadata),
        (format!("{info}/WHEEL"), wheel),
    ] {
        files.push((path, text.into_bytes()));
    }
    // The metadata last, as the format recommends.
    files.sort_by_key(|(path, _)| (path.starts_with(&info), path.clone()));
    let mut record = String::new();
    for (path, bytes) in &files {
        let digest = URL_SAFE_NO_PAD.encode(sha2::Sha256::digest(bytes));
        writeln!(record, "{path},sha256={digest},{}", bytes.len())
            .expect("a string takes all text");
    }
    let path = format!("{info}/RECORD");
    writeln!(record, "{path},,").expect("a string takes all text");
    files.push((path, record.into_bytes()));
    let path = dir.join(format!("{module}-{}-py3-none-any.whl", version.0));
    let entries = files
        .iter()
        .map(|(path, bytes)| (path.clone(), bytes.as_slice()));
    let bytes = archive::zip(entries).map_err(PackError::write(&path))?;
    fs_err::create_dir_all(dir).map_err(PackError::write(dir))?;
    write_atomically(&path, &bytes).map_err(PackError::write(&path))?;
    Ok(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_those_of_pythons_packages_in_normal_form() {
        for text in [
            "1",
            "2026.11.27",
            "1.0rc1",
            "1.0a0",
            "1.0b2",
            "1.0.post2",
            "1.0.dev3",
        ] {
            assert!(text.parse::<WheelVersion>().is_ok(), "{text}");
        }
        for text in [
            "",
            ".",
            "1.",
            "01",
            "2026.01.02",
            "v1",
            "1-1",
            "1.0rc",
            "1.0.rc1",
            "1.0post1",
            "1.0dev1",
            "1.0+x",
            "1 0",
            "1/0",
            "1.0-x",
        ] {
            assert!(text.parse::<WheelVersion>().is_err(), "{text}");
        }
    }
}
