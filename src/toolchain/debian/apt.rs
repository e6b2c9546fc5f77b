//! apt with the machine's own configuration, but lists, caches and state of its own: the system is
//! neither changed nor asked what it has installed.

use std::ffi::OsString;
use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};
use std::time::Duration;

use camino::{Utf8Path, Utf8PathBuf};

use crate::apt::sources::EntryUse;
use crate::apt::{AptError, sources, sources_files};
use crate::model::{DebianPackage, Name};
use crate::process::{ProgramOutput, RunningProgram, output};
use crate::toolchain::{ToolchainError, display};

/// A private apt.
pub(super) struct Apt {
    dir: Utf8PathBuf,
    options: Vec<OsString>,
    suites: Vec<Name>,
}

impl Apt {
    /// One below `dir`, an empty folder, for a Debian architecture, `suites`, and binaries or
    /// sources.
    pub fn open(
        dir: &Utf8Path,
        architecture: &str,
        suites: &[Name],
        wanted: EntryUse,
    ) -> Result<Self, ToolchainError> {
        for folder in ["sources", "lists/partial", "cache/archives/partial", "debs"] {
            let folder = dir.join(folder);
            fs_err::create_dir_all(&folder).map_err(ToolchainError::io(&folder))?;
        }
        let status = dir.join("status");
        fs_err::write(&status, "").map_err(ToolchainError::io(&status))?;
        write_sources(dir, suites, wanted)?;
        // apt runs these commands after reading indices; those of images for containers empty the
        // system's own cache.
        let hooks = ["Pre-Invoke", "Post-Invoke", "Post-Invoke-Success"]
            .map(|hook| format!("#clear APT::Update::{hook};\n"))
            .concat();
        let clear = dir.join("clear.conf");
        fs_err::write(&clear, hooks).map_err(ToolchainError::io(&clear))?;
        let mut options: Vec<OsString> = vec!["-c".into(), clear.as_str().into()];
        for option in [
            format!("Dir::Etc::SourceParts={dir}/sources"),
            "Dir::Etc::SourceList=/dev/null".to_owned(),
            "Dir::Etc::Preferences=/dev/null".to_owned(),
            "Dir::Etc::PreferencesParts=/dev/null".to_owned(),
            format!("Dir::State={dir}"),
            format!("Dir::State::Lists={dir}/lists"),
            format!("Dir::State::status={status}"),
            format!("Dir::State::extended_states={dir}/extended_states"),
            format!("Dir::Cache={dir}/cache"),
            format!("Dir::Cache::archives={dir}/cache/archives"),
            // Images for containers switch these off; here the same index is read more than once.
            "Dir::Cache::pkgcache=pkgcache.bin".to_owned(),
            "Dir::Cache::srcpkgcache=srcpkgcache.bin".to_owned(),
            format!("APT::Architecture={architecture}"),
            format!("APT::Architectures::={architecture}"),
            // Started by root, apt would read our folders as another user.
            "APT::Sandbox::User=root".to_owned(),
            "Acquire::Languages=none".to_owned(),
            "Acquire::Retries=3".to_owned(),
            "Acquire::http::Timeout=30".to_owned(),
            "Acquire::https::Timeout=30".to_owned(),
            "Acquire::IndexTargets::deb::DEP-11::DefaultEnabled=false".to_owned(),
            "Acquire::IndexTargets::deb::CNF::DefaultEnabled=false".to_owned(),
        ] {
            options.extend(["-o".into(), option.into()]);
        }
        Ok(Self {
            dir: dir.to_owned(),
            options,
            suites: suites.to_vec(),
        })
    }

    /// Fetches the indices. A source that fails is no error yet: another may have what is wanted.
    /// What apt said of it comes back.
    pub fn update(&self) -> Result<String, ToolchainError> {
        let output = self.run("apt-get", "reading the indices", &["-q", "update"])?;
        Ok(if output.status.success() {
            String::new()
        } else {
            words(&output)
        })
    }

    /// Every version of `packages` that the indices have, the greatest first for each. The suite is
    /// the first one asked for: apt does not say.
    pub fn offers(&self, packages: &[&str]) -> Result<Vec<DebianPackage>, ToolchainError> {
        let Some(suite) = self.suites.first() else {
            return Ok(Vec::new());
        };
        let mut args = vec!["--quiet=2", "show"];
        args.extend(packages);
        // It fails when one of them is unknown, and lists the others all the same.
        let output = self.run("apt-cache", "looking for packages", &args)?;
        let text = String::from_utf8_lossy(&output.stdout);
        Ok(sources::stanzas(&text)
            .iter()
            .filter_map(|stanza| offer(stanza, suite))
            .collect())
    }

    /// The versions of `packages`, source packages, in the order of the indices.
    pub fn source_versions(
        &self,
        packages: &[&str],
    ) -> Result<Vec<(String, String)>, ToolchainError> {
        let args = [&["--quiet=2", "--only-source", "showsrc"], packages].concat();
        let output = self.run("apt-cache", "looking for source packages", &args)?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let value = |stanza: &[(String, String)], key: &str| {
            stanza
                .iter()
                .find(|(name, _)| name == key)
                .map(|(_, value)| value.trim().to_owned())
        };
        Ok(sources::stanzas(&text)
            .iter()
            .filter_map(|stanza| Some((value(stanza, "Package")?, value(stanza, "Version")?)))
            .collect())
    }

    /// The binary packages of `sources`, source packages, that the indices have.
    pub fn binaries_of(&self, sources: &[&str]) -> Result<Vec<Binary>, ToolchainError> {
        let Some(suite) = self.suites.first() else {
            return Ok(Vec::new());
        };
        let step = "looking for packages";
        let mut command = self.command("apt-cache");
        command
            .args(["--quiet=2", "dumpavail"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        let mut program = RunningProgram::start(&mut command)
            .map_err(|error| not_started("apt-cache", &command, &error))?;
        let failed = |words: String| ToolchainError::Apt {
            step,
            command: display(&command),
            words,
        };
        let mut found = Vec::new();
        // All of a suite are 60 MB: a stanza at a time.
        if let Some(output) = program.stdout() {
            let mut stanza = String::new();
            let mut lines = BufReader::new(output);
            let mut line = Vec::new();
            loop {
                line.clear();
                let read = lines
                    .read_until(b'\n', &mut line)
                    .map_err(|error| failed(error.to_string()))?;
                let text = String::from_utf8_lossy(&line);
                if read > 0 && !text.trim().is_empty() {
                    stanza.push_str(&text);
                    continue;
                }
                let of = sources::stanzas(&stanza);
                found.extend(
                    of.iter()
                        .filter_map(|stanza| Binary::read(stanza, suite))
                        .filter(|one| sources.contains(&one.source.as_str())),
                );
                stanza.clear();
                if read == 0 {
                    break;
                }
            }
        }
        let status = program
            .wait()
            .map_err(|error| failed(error.to_string()))?
            .status;
        if status.success() {
            Ok(found)
        } else {
            Err(failed(status.to_string()))
        }
    }

    /// Downloads `packages` in their pinned versions; gives the paths. `progress` gets the number
    /// of bytes so far.
    pub fn download(
        &self,
        packages: &[&DebianPackage],
        progress: &dyn Fn(u64),
    ) -> Result<Vec<Utf8PathBuf>, ToolchainError> {
        let step = "downloading packages";
        let debs = self.dir.join("debs");
        let mut command = self.command("apt-get");
        command.args(["-q", "download"]).args(
            packages
                .iter()
                .map(|package| format!("{}={}", package.package, package.version)),
        );
        let log = self.dir.join("download.log");
        let file = fs_err::File::create(&log).map_err(ToolchainError::io(&log))?;
        let errors = file.try_clone().map_err(ToolchainError::io(&log))?;
        command
            .current_dir(&debs)
            .stdout(file.into_file())
            .stderr(errors.into_file());
        let mut program = RunningProgram::start(&mut command)
            .map_err(|error| not_started("apt-get", &command, &error))?;
        let failed = |words| ToolchainError::Apt {
            step,
            command: display(&command),
            words,
        };
        let status = loop {
            match program.try_wait() {
                Ok(Some(status)) => break status,
                Ok(None) => {}
                Err(error) => return Err(failed(error.to_string())),
            }
            progress(sizes(&debs));
            std::thread::sleep(Duration::from_millis(50));
        };
        if !status.success() {
            return Err(failed(
                fs_err::read_to_string(&log)
                    .unwrap_or_default()
                    .trim()
                    .to_owned(),
            ));
        }
        let entries = debs.read_dir_utf8().map_err(ToolchainError::io(&debs))?;
        Ok(entries
            .flatten()
            .map(camino::Utf8DirEntry::into_path)
            .filter(|path| path.extension() == Some("deb"))
            .collect())
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        // The machine's proxies are in the environment, so it stays; the messages are to be read by
        // us.
        command
            .args(&self.options)
            .env("LC_ALL", "C.UTF-8")
            .env("DEBIAN_FRONTEND", "noninteractive")
            .stdin(Stdio::null());
        command
    }

    fn run(
        &self,
        program: &'static str,
        step: &'static str,
        args: &[&str],
    ) -> Result<ProgramOutput, ToolchainError> {
        let mut command = self.command(program);
        command.args(args);
        match output(&mut command) {
            Ok(output) if output.status.code().is_some() => Ok(output),
            Ok(output) => Err(ToolchainError::Apt {
                step,
                command: display(&command),
                words: output.status.to_string(),
            }),
            Err(error) => Err(not_started(program, &command, &error)),
        }
    }
}

fn not_started(program: &'static str, command: &Command, error: &std::io::Error) -> ToolchainError {
    if error.kind() == std::io::ErrorKind::NotFound {
        ToolchainError::NoApt { program }
    } else {
        ToolchainError::Apt {
            step: "starting apt",
            command: display(command),
            words: error.to_string(),
        }
    }
}

/// Copies the machine's entries for Debian's archive, with `suites` in place of theirs.
fn write_sources(dir: &Utf8Path, suites: &[Name], wanted: EntryUse) -> Result<(), ToolchainError> {
    let files = sources_files().map_err(|error| match error {
        AptError::NotThere { program } => ToolchainError::NoApt { program },
        AptError::Start { program, source } => ToolchainError::Apt {
            step: "starting apt",
            command: program.to_owned(),
            words: source.to_string(),
        },
    })?;
    let names: Vec<_> = suites.iter().map(Name::as_str).collect();
    let mut any = false;
    for (number, file) in files.iter().enumerate() {
        let (text, form) = if file.is_deb822() {
            (sources::deb822(&file.text, &names, wanted), "sources")
        } else {
            (sources::one_line(&file.text, &names, wanted), "list")
        };
        if !text.is_empty() {
            any = true;
            let to = dir.join(format!("sources/{number}.{form}"));
            fs_err::write(&to, text).map_err(ToolchainError::io(&to))?;
        }
    }
    if any {
        return Ok(());
    }
    Err(ToolchainError::NoSources {
        suites: names.iter().map(|&name| name.to_owned()).collect(),
        looked_in: files.iter().map(|file| file.path.to_string()).collect(),
    })
}

/// A binary package, and the source package that it was made from.
pub(super) struct Binary {
    pub package: DebianPackage,
    pub source: String,
    pub source_version: String,
    /// Whether it is of the section of shared libraries.
    pub is_library: bool,
}

impl Binary {
    /// Of a stanza of apt's. The source is only named where its name or version is another:
    /// `Source: expat (2.9.0-1)`.
    fn read(stanza: &[(String, String)], suite: &Name) -> Option<Self> {
        let value = |key: &str| {
            stanza
                .iter()
                .find(|(name, _)| name == key)
                .map(|(_, value)| value.trim())
        };
        let package = offer(stanza, suite)?;
        let source = value("Source").unwrap_or(package.package.as_str());
        let (source, version) = source
            .split_once(" (")
            .map_or((source, None), |(source, rest)| {
                (source, rest.strip_suffix(')'))
            });
        Some(Self {
            source: source.to_owned(),
            source_version: version.unwrap_or(&package.version).to_owned(),
            is_library: value("Section") == Some("libs"),
            package,
        })
    }
}

fn offer(stanza: &[(String, String)], suite: &Name) -> Option<DebianPackage> {
    let value = |key: &str| {
        stanza
            .iter()
            .find(|(name, _)| name == key)
            .map(|(_, value)| value.trim())
    };
    Some(DebianPackage {
        package: value("Package")?.parse().ok()?,
        version: value("Version")?.parse().ok()?,
        suite: suite.clone(),
        sha256: value("SHA256")?.parse().ok()?,
        size: value("Size")?.parse().ok()?,
    })
}

fn words(output: &ProgramOutput) -> String {
    let text = format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    let lines: Vec<_> = text
        .lines()
        .filter(|line| {
            ["E:", "W:", "Err:"]
                .iter()
                .any(|start| line.starts_with(start))
        })
        .collect();
    lines.join("\n")
}

fn sizes(dir: &Utf8Path) -> u64 {
    let Ok(entries) = dir.read_dir_utf8() else {
        return 0;
    };
    entries
        .flatten()
        .filter_map(|entry| entry.metadata().ok())
        .map(|meta| meta.len())
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_of_apt_becomes_a_pin_and_a_stanza_without_a_digest_none() {
        let digest = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        let text = format!(
            "Package: wasi-libc\nVersion: 0.0~git20241209.574b88d-2\nDepends: a,\n b\nSize: 1050864\nSHA256: {digest}\n\nPackage: virtual\n"
        );
        let suite: Name = "trixie".parse().expect("valid");
        let offers: Vec<_> = sources::stanzas(&text)
            .iter()
            .filter_map(|stanza| offer(stanza, &suite))
            .collect();
        assert_eq!(offers.len(), 1);
        assert_eq!(
            (offers[0].version.as_str(), offers[0].size),
            ("0.0~git20241209.574b88d-2", 1_050_864)
        );
        assert_eq!(offers[0].sha256.to_string(), digest);
    }
}
