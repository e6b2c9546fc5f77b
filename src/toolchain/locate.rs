//! Which SDK is used: named, installed, in the store, downloaded, or put together from Debian's
//! packages, in this order.

use camino::{Utf8Path, Utf8PathBuf};
use tracing::debug;

use super::identity::{SdkFiles, SdkRecord, SdkWatch};
use super::layout::Layout;
use super::probe::probe;
use super::{
    Locator, NamedBy, Toolchain, ToolchainError, debian, debian_architecture, host, release, unpack,
};
use crate::model::{BuildConfig, ErrorClass, Identity, RelPath, SdkKind, Sha256, with_causes};
use crate::report::Event;
use crate::store::Kind;

/// What the user asked for.
#[derive(Debug, Clone, Default)]
pub struct SdkRequest {
    /// `--wasi-sdk`: this one, and no other.
    pub wasi_sdk: Option<Utf8PathBuf>,
    /// `$WASI_SDK_PATH`, the same with less weight than `--sdk debian`.
    pub env_sdk: Option<Utf8PathBuf>,
    /// `--sdk`: the number of a release, just this one, or `debian`.
    pub release: Option<String>,
    /// `--python`: a branch of CPython; its release is preferred.
    pub python: Option<String>,
    pub config: BuildConfig,
    /// Folders in which installed SDKs are looked for: `/opt`.
    pub search: Vec<Utf8PathBuf>,
    /// Never start a program that uses the network.
    pub offline: bool,
}

/// What a request comes down to.
enum WantedSdk {
    /// Whatever is installed; else the lock's own.
    Any {
        default: String,
    },
    /// This release; `exact` where nothing may stand in for it.
    Release {
        number: String,
        exact: bool,
    },
    Debian,
}

impl WantedSdk {
    fn takes(&self, layout: &Layout) -> bool {
        match self {
            Self::Any { .. } => true,
            Self::Release { number, .. } => layout.version.release() == Some(number),
            Self::Debian => layout.version.debian().is_some(),
        }
    }
}

impl Locator<'_> {
    /// An SDK that meets `request` and works. One that is named but is none, or does not work, is
    /// an error: it is never passed over.
    ///
    /// # Errors
    /// When there is none, it can't be fetched, or it does not work.
    pub fn locate(&self, request: &SdkRequest) -> Result<Toolchain, ToolchainError> {
        let toolchain = self.find(request)?;
        debug!(root = %toolchain.root(), identity = %toolchain.identity(), "found a WASI SDK");
        self.compare_with_python(request, toolchain.identity());
        Ok(toolchain)
    }

    fn find(&self, request: &SdkRequest) -> Result<Toolchain, ToolchainError> {
        let wanted = self.wanted(request)?;
        let config = request.config;
        if let Some(path) = &request.wasi_sdk {
            return self.named(path, NamedBy::Request, &wanted, config);
        }
        let (number, exact) = match &wanted {
            WantedSdk::Debian => return self.debian(request),
            WantedSdk::Release { number, exact } => (number, *exact),
            WantedSdk::Any { default } => (default, false),
        };
        if let Some(path) = &request.env_sdk {
            return self.named(path, NamedBy::Environment, &wanted, config);
        }
        if let Some(layout) = self.installed(&request.search, &wanted, config) {
            return self.open(layout, config, SdkWatch::Parts, |_| None);
        }
        self.release(request, number, exact)
    }

    fn wanted(&self, request: &SdkRequest) -> Result<WantedSdk, ToolchainError> {
        let releases = &self.sdks.releases;
        match (request.release.as_deref(), request.python.as_deref()) {
            (Some("debian"), _) => Ok(WantedSdk::Debian),
            (Some(number), _) if releases.contains_key(number) => Ok(WantedSdk::Release {
                number: number.to_owned(),
                exact: true,
            }),
            (Some(number), _) => Err(ToolchainError::UnknownRelease {
                found: number.to_owned(),
                known: releases.keys().cloned().collect(),
            }),
            (None, Some(branch)) => match self.sdks.python.get(branch) {
                Some(python) => Ok(WantedSdk::Release {
                    number: python.sdk.to_string(),
                    exact: false,
                }),
                None => {
                    let known = self.sdks.python.keys().cloned().collect();
                    Err(ToolchainError::UnknownPython {
                        found: branch.to_owned(),
                        known,
                    })
                }
            },
            (None, None) => Ok(WantedSdk::Any {
                default: self.sdks.default.to_string(),
            }),
        }
    }

    /// One that the user named. Only `--sdk` contradicts it; for `--python` a warning does.
    fn named(
        &self,
        path: &Utf8Path,
        named_by: NamedBy,
        wanted: &WantedSdk,
        config: BuildConfig,
    ) -> Result<Toolchain, ToolchainError> {
        debug!(%path, ?named_by, "looks at the WASI SDK that was named");
        let layout = Layout::open(path).map_err(|missing| ToolchainError::NotAnSdk {
            path: path.to_owned(),
            named_by,
            missing,
        })?;
        let exact = match wanted {
            WantedSdk::Release {
                number,
                exact: true,
            } => Some(number.as_str()),
            WantedSdk::Debian => Some("debian"),
            _ => None,
        };
        if let Some(wanted_release) = exact
            && !wanted.takes(&layout)
        {
            let found = if layout.version.text.is_empty() {
                "without a version".to_owned()
            } else {
                layout.version.text.clone()
            };
            return Err(ToolchainError::WrongRelease {
                path: path.to_owned(),
                named_by,
                found,
                wanted: wanted_release.to_owned(),
            });
        }
        self.open(layout, config, SdkWatch::Parts, |_| None)
    }

    /// The latest of those in `search` that serve.
    fn installed(
        &self,
        search: &[Utf8PathBuf],
        wanted: &WantedSdk,
        config: BuildConfig,
    ) -> Option<Layout> {
        let entries = search
            .iter()
            .filter_map(|dir| dir.read_dir_utf8().ok())
            .flatten()
            .flatten();
        let mut found = Vec::new();
        for entry in entries.filter(|entry| entry.file_name().starts_with("wasi-sdk")) {
            match Layout::open(entry.path()) {
                Ok(layout) if wanted.takes(&layout) => found.push(layout),
                Ok(layout) => {
                    debug!(root = %layout.root, version = layout.version.text, "skips a WASI SDK of another release");
                }
                Err(missing) => {
                    debug!(root = %entry.path(), %missing, "skips a folder that is not a WASI SDK");
                }
            }
        }
        found.sort_by_key(|layout| (layout.version.order(), layout.root.clone()));
        found.retain(|layout| {
            let has = layout.has_target(config.target());
            if !has {
                self.note(format!(
                    "the WASI SDK in {} is skipped: it has no {}",
                    layout.root,
                    config.target()
                ));
            }
            has
        });
        found.pop()
    }

    /// A release: of the store, or downloaded; unless `exact`, the one of Debian's packages where
    /// it can't be fetched.
    fn release(
        &self,
        request: &SdkRequest,
        number: &str,
        exact: bool,
    ) -> Result<Toolchain, ToolchainError> {
        // The lock was checked: what it names, it has.
        let Some(release) = self.sdks.releases.get(number) else {
            let known = self.sdks.releases.keys().cloned().collect();
            return Err(ToolchainError::UnknownRelease {
                found: number.to_owned(),
                known,
            });
        };
        debug!(
            release = number,
            host = host(),
            "no WASI SDK is named or installed"
        );
        let download = release.hosts.get(&host());
        if let Some(download) = download
            && let Some(toolchain) = self.in_store(&download.sha256, request.config)?
        {
            return Ok(toolchain);
        }
        let architecture = debian_architecture().filter(|_| !exact);
        if let Some(architecture) = architecture
            && let Some(key) = debian::key(&self.sdks.debian, architecture)
            && let Some(toolchain) = self.in_store(&key, request.config)?
        {
            return Ok(toolchain);
        }
        let failed = match download {
            Some(download) => match release::fetch(self, number, download) {
                Ok(key) => return self.stored(&key, request.config),
                Err(ToolchainError::Unreachable {
                    release, download, ..
                }) => ToolchainError::Unreachable {
                    release,
                    exact,
                    download,
                    debian: None,
                },
                Err(error) => return Err(error),
            },
            None => ToolchainError::NoHost {
                what: format!("WASI SDK {number}"),
                host: host(),
                known: release.hosts.keys().cloned().collect(),
            },
        };
        if architecture.is_none() {
            return Err(failed);
        }
        match self.debian(request) {
            Ok(toolchain) => {
                self.reporter.event(Event::Warning {
                    text: format!(
                        "{}; using {} instead, assembled from Debian's packages",
                        with_causes(&failed),
                        toolchain.identity()
                    ),
                });
                Ok(toolchain)
            }
            Err(error) => Err(match (failed, error.class()) {
                (failed, _)
                    if matches!(
                        error,
                        ToolchainError::NoApt { .. } | ToolchainError::NoHost { .. }
                    ) =>
                {
                    failed
                }
                // Neither way leads to one: both are reported. An assembled one that is wrong is a
                // failure of its own.
                (
                    ToolchainError::Unreachable {
                        release,
                        exact,
                        download,
                        ..
                    },
                    ErrorClass::Network,
                ) => ToolchainError::Unreachable {
                    release,
                    exact,
                    download,
                    debian: Some(Box::new(error)),
                },
                _ => error,
            }),
        }
    }

    fn debian(&self, request: &SdkRequest) -> Result<Toolchain, ToolchainError> {
        let sdk = &self.sdks.debian;
        let no_host = || ToolchainError::NoHost {
            what: "SDK of Debian's packages".to_owned(),
            host: host(),
            known: sdk.hosts.keys().cloned().collect(),
        };
        let architecture = debian_architecture().ok_or_else(no_host)?;
        debian::Assembly::of(&sdk.matches)?;
        let key = debian::key(sdk, architecture).ok_or_else(no_host)?;
        if let Some(toolchain) = self.in_store(&key, request.config)? {
            return Ok(toolchain);
        }
        debian::assemble(self, architecture, request.offline)?;
        self.stored(&key, request.config)
    }

    /// The SDK with this key, where the store has it whole.
    fn in_store(
        &self,
        key: &Sha256,
        config: BuildConfig,
    ) -> Result<Option<Toolchain>, ToolchainError> {
        let path = self.store.entry_path(Kind::Sdk, key);
        // While its fingerprint stays, it is as it was when every file was checked.
        let is_folder = fs_err::symlink_metadata(&path).is_ok_and(|meta| meta.is_dir());
        if is_folder
            && let Ok(layout) = Layout::open(&path)
            && let Ok(parts) = SdkFiles::list(&layout, config.target(), SdkWatch::All)
            && let Some(record) =
                SdkRecord::load(self.store, &layout.root, config, &parts, self.reporter)?
        {
            debug!(root = %path, "the WASI SDK in the store is as it was when it was checked");
            return Ok(Some(Toolchain::new(layout, record, &parts)));
        }
        let Some(entry) = self.store.entry(Kind::Sdk, key, self.reporter)? else {
            return Ok(None);
        };
        let layout = Layout::open(&path).map_err(|missing| ToolchainError::Unpack {
            archive: path.to_string(),
            source: format!("{missing} is missing").into(),
        })?;
        let root = layout.root.clone();
        let known = |path: &Utf8Path| {
            Some(
                entry
                    .file(&RelPath::from_native(path.strip_prefix(&root).ok()?).ok()?)?
                    .sha256,
            )
        };
        self.open(layout, config, SdkWatch::All, known).map(Some)
    }

    fn stored(&self, key: &Sha256, config: BuildConfig) -> Result<Toolchain, ToolchainError> {
        self.in_store(key, config)?
            .ok_or_else(|| ToolchainError::Unpack {
                archive: self.store.entry_path(Kind::Sdk, key).to_string(),
                source: "it was damaged right after it was written".into(),
            })
    }

    /// Identifies and tries the SDK, unless the store remembers it. `known` gives digests of files
    /// that were just computed.
    fn open(
        &self,
        layout: Layout,
        config: BuildConfig,
        watch: SdkWatch,
        known: impl Fn(&Utf8Path) -> Option<Sha256> + Sync,
    ) -> Result<Toolchain, ToolchainError> {
        if !layout.has_target(config.target()) {
            return Err(ToolchainError::NoTarget {
                found: layout.targets(),
                root: layout.root,
                target: config.target(),
            });
        }
        let parts = SdkFiles::list(&layout, config.target(), watch)?;
        if let Some(record) =
            SdkRecord::load(self.store, &layout.root, config, &parts, self.reporter)?
        {
            return Ok(Toolchain::new(layout, record, &parts));
        }
        let step = |started: bool| {
            let (subject, step) = (
                format!("WASI SDK in {}", layout.root),
                "checking".to_owned(),
            );
            self.reporter.event(if started {
                Event::StepStarted { subject, step }
            } else {
                Event::StepFinished { subject, step }
            });
        };
        step(true);
        let scratch = self.store.scratch_dir()?;
        let folder = unpack::utf8(&scratch)?;
        let args = super::base_args(&layout, config);
        let (digests, probed) = rayon::join(
            || parts.digest(&known),
            || probe(&layout, &args, config, &folder),
        );
        let (digests, probed) = (digests?, probed?);
        if !probed.links {
            self.note(format!(
                "the WASI SDK in {} has no wasm-component-ld: it compiles for {}, but links no programs",
                layout.root,
                config.target()
            ));
        }
        let version = &layout.version;
        let (kind, number) = match (version.release(), version.debian()) {
            (Some(number), _) => (SdkKind::Release, number.to_owned()),
            (_, Some(number)) => (SdkKind::Debian, number.to_owned()),
            _ => (SdkKind::Custom, version.text.clone()),
        };
        let identity = Identity {
            kind,
            version: number,
            clang: probed.clang,
            llvm: probed.llvm,
            wasi_libc: version.wasi_libc.clone(),
            config,
            digest: digests.all,
            compiler: digests.compiler,
            libc: digests.libc,
        };
        let record = SdkRecord {
            identity,
            links: probed.links,
            macros: probed.macros,
        };
        record.save(self.store, &layout.root, &parts, self.reporter)?;
        step(false);
        Ok(Toolchain::new(layout, record, &parts))
    }

    /// wasi-libc promises no ABI between releases: says so where CPython will use another.
    fn compare_with_python(&self, request: &SdkRequest, identity: &Identity) {
        let Some(branch) = &request.python else {
            return;
        };
        let Some(wanted) = self.sdks.python.get(branch).map(|python| &python.sdk) else {
            return;
        };
        if identity.kind == SdkKind::Custom || identity.version != wanted.as_str() {
            self.reporter.event(Event::Warning {
                text: format!(
                    "CPython {branch} is built with WASI SDK {wanted}, but this is {identity}: wasi-libc promises no ABI between releases, so build \
                     CPython with the same SDK, or ask for just this one"
                ),
            });
        }
    }

    fn note(&self, text: String) {
        self.reporter.event(Event::Note { text });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fetch::{Fetcher, Settings};
    use crate::report::Silent;
    use crate::store::Store;

    /// Locates with a lock of one release, one branch and one package, in an empty store.
    fn locate(request: impl FnOnce(&Utf8Path) -> SdkRequest) -> Result<Toolchain, ToolchainError> {
        let dir = tempfile::tempdir().expect("a folder");
        let root = Utf8Path::from_path(dir.path()).expect("UTF-8");
        let digest = Sha256::of(b"");
        let package = format!(
            r#"{{"package":"clang-19","version":"1","suite":"bookworm","sha256":"{digest}","size":1}}"#
        );
        let sdks = format!(
            r#"{{"default":"25","releases":{{"25":{{"llvm":"19.1.5","wasi-libc":"574b88da4815","hosts":{{
                "{}":{{"url":"https://example.org/sdk.tar.gz","sha256":"{digest}"}}}}}}}},"python":{{"3.14":{{"sdk":"25"}}}},
                "debian":{{"llvm":"19.1.7","wasi-libc":"574b88da4815","matches":"25","hosts":{{"amd64":[{package}],"arm64":[{package}]}}}}}}"#,
            host()
        );
        let sdks = serde_json::from_str(&sdks).expect("valid");
        let store = Store::open(&root.join("store")).expect("opened");
        let fetcher = Fetcher::new(
            Settings {
                offline: true,
                ..Settings::default()
            },
            &store,
            &Silent,
        );
        Locator {
            sdks: &sdks,
            store: &store,
            fetcher: &fetcher,
            reporter: &Silent,
        }
        .locate(&request(root))
    }

    fn sdk(root: &Utf8Path, name: &str, version: &str) -> Utf8PathBuf {
        let sdk = root.join(name);
        for file in [
            "bin/clang",
            "bin/wasm-ld",
            "bin/llvm-ar",
            "lib/clang/19/include/stddef.h",
            "share/wasi-sysroot/lib/wasm32-wasi/libc.a",
        ] {
            let path = sdk.join(file);
            unpack::parents(&path).expect("made");
            fs_err::write(
                if file.starts_with("bin/") {
                    format!("{path}{}", std::env::consts::EXE_SUFFIX)
                } else {
                    path.into()
                },
                "",
            )
            .expect("written");
        }
        fs_err::write(sdk.join("VERSION"), version).expect("written");
        sdk
    }

    #[test]
    fn what_the_lock_does_not_know_is_a_usage_error_that_lists_what_it_knows() {
        let error = locate(|_| SdkRequest {
            release: Some("99".into()),
            ..SdkRequest::default()
        })
        .expect_err("unknown");
        assert!(
            matches!(&error, ToolchainError::UnknownRelease { known, .. } if known == &["25"]),
            "{error}"
        );
        let error = locate(|_| SdkRequest {
            python: Some("2.7".into()),
            ..SdkRequest::default()
        })
        .expect_err("unknown");
        assert_eq!(error.class(), ErrorClass::Usage);
    }

    #[test]
    fn a_named_folder_that_is_no_sdk_is_never_passed_over() {
        for named in [false, true] {
            let error = locate(|root| {
                let path = Some(root.to_owned());
                if named {
                    SdkRequest {
                        wasi_sdk: path,
                        ..SdkRequest::default()
                    }
                } else {
                    SdkRequest {
                        env_sdk: path,
                        ..SdkRequest::default()
                    }
                }
            })
            .expect_err("no SDK");
            assert!(matches!(error, ToolchainError::NotAnSdk { .. }), "{error}");
        }
    }

    #[test]
    fn a_named_sdk_of_another_release_or_without_the_target_is_refused() {
        let named = |release: Option<&str>| {
            let release = release.map(str::to_owned);
            locate(|root| SdkRequest {
                wasi_sdk: Some(sdk(root, "sdk", "20.0\n")),
                release,
                ..SdkRequest::default()
            })
            .expect_err("refused")
        };
        assert!(matches!(
            named(Some("25")),
            ToolchainError::WrongRelease { .. }
        ));
        assert!(
            matches!(named(None), ToolchainError::NoTarget { found, .. } if found == ["wasm32-wasi"])
        );
    }

    #[test]
    fn an_installed_sdk_without_the_target_is_passed_over_and_offline_says_what_is_missing() {
        let error = locate(|root| {
            sdk(root, "wasi-sdk-20.0", "20.0\n");
            SdkRequest {
                search: vec![root.to_owned()],
                offline: true,
                ..SdkRequest::default()
            }
        })
        .expect_err("nothing there");
        let ToolchainError::Unreachable {
            release,
            exact: false,
            debian,
            ..
        } = &error
        else {
            panic!("{error}")
        };
        assert_eq!(
            (release.as_str(), error.class()),
            ("25", ErrorClass::Network)
        );
        if debian_architecture().is_some() {
            assert!(
                matches!(debian.as_deref(), Some(ToolchainError::Offline { missing, .. }) if missing == &["clang-19 1"])
            );
        }
    }
}
