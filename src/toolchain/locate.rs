//! Which SDK is used: named, installed, in the store, downloaded, or put together from Debian's
//! packages, in this order.

use camino::{Utf8Path, Utf8PathBuf};
use tracing::debug;

use super::debian::Twin;
use super::identity::{SdkFiles, SdkRecord, SdkWatch};
use super::layout::Layout;
use super::probe::probe;
use super::wanted::{WantedSdk, having};
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
    /// `--sdk`: the number of a release, this one or its twin; `debian` for an SDK of Debian's
    /// packages, `debian-25` for just this one.
    pub release: Option<String>,
    /// `--python`: a branch of CPython; its release is preferred.
    pub python: Option<String>,
    pub config: BuildConfig,
    /// Folders in which installed SDKs are looked for: `/opt`.
    pub search: Vec<Utf8PathBuf>,
    /// Never start a program that uses the network.
    pub offline: bool,
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
        let wanted = WantedSdk::of(request, self.sdks)?;
        if let Some(toolchain) = self.of_the_machine(request, &wanted)? {
            return Ok(toolchain);
        }
        if let WantedSdk::Twin { .. } = wanted {
            return self.twin_of(&wanted, request);
        }
        self.release(request, &wanted)
    }

    /// The SDK that is named or installed, where that is the one to take.
    fn of_the_machine(
        &self,
        request: &SdkRequest,
        wanted: &WantedSdk,
    ) -> Result<Option<Toolchain>, ToolchainError> {
        let config = request.config;
        if let Some(path) = &request.wasi_sdk {
            return self
                .named(path, NamedBy::Request, wanted, request)
                .map(Some);
        }
        if let WantedSdk::Twin { .. } = wanted {
            return Ok(None);
        }
        if let Some(path) = &request.env_sdk {
            return self
                .named(path, NamedBy::Environment, wanted, request)
                .map(Some);
        }
        self.installed(&request.search, wanted, config)
            .map(|layout| self.open(layout, config, SdkWatch::Parts, |_| None))
            .transpose()
    }

    /// A digest of the SDK that [`Self::locate`] takes, by content, without fetching one and
    /// without a look at what the store has: of one that is named or installed its own; else of all
    /// that the lock pins for this host, any of which the network may leave to be taken.
    ///
    /// # Errors
    /// When what is named does not work, or the lock has none for the target.
    pub fn pinned(&self, request: &SdkRequest) -> Result<Sha256, ToolchainError> {
        let (wanted, config) = (WantedSdk::of(request, self.sdks)?, request.config);
        if let Some(toolchain) = self.of_the_machine(request, &wanted)? {
            return Ok(toolchain.identity().digest);
        }
        let download = match wanted {
            WantedSdk::Twin { .. } => None,
            WantedSdk::Any { .. } | WantedSdk::Release { .. } => {
                let release = self
                    .sdks
                    .releases
                    .get(wanted.serving(self.sdks, config.target())?);
                release.and_then(|release| release.hosts.get(&host()))
            }
        };
        let twins = wanted.twins(self.sdks, config)?;
        let twins = twins
            .iter()
            .filter_map(|twin| twin.key(debian_architecture()?, self.component_linker));
        let pinned: Vec<Sha256> = download
            .map(|download| download.sha256)
            .into_iter()
            .chain(twins)
            .collect();
        Ok(Sha256::of_fields(
            "wasideps pinned sdks 1",
            std::iter::once(host().as_bytes())
                .chain(pinned.iter().map(|digest| digest.as_bytes().as_slice())),
        ))
    }

    /// One that the user named: what else is asked for must be true of it. What
    /// `$WASI_SDK_PATH` names a request may not know of, so that `--python` is answered by a
    /// warning there.
    fn named(
        &self,
        path: &Utf8Path,
        named_by: NamedBy,
        wanted: &WantedSdk,
        request: &SdkRequest,
    ) -> Result<Toolchain, ToolchainError> {
        debug!(%path, ?named_by, "looks at the WASI SDK that was named");
        let layout = Layout::open(path).map_err(|missing| ToolchainError::NotAnSdk {
            path: path.to_owned(),
            named_by,
            missing,
        })?;
        if let Some(wanted_release) = wanted.exact()
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
                wanted: wanted_release,
            });
        }
        let toolchain = self.open(layout, request.config, SdkWatch::Parts, |_| None)?;
        if named_by == NamedBy::Request
            && let Some((branch, wanted)) = self.other_branch(request, toolchain.identity())
        {
            return Err(ToolchainError::NotOfBranch {
                path: path.to_owned(),
                found: toolchain.identity().to_string(),
                branch,
                wanted,
            });
        }
        Ok(toolchain)
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

    /// A release: of the store, or downloaded; or a twin where it can't be fetched.
    fn release(
        &self,
        request: &SdkRequest,
        wanted: &WantedSdk,
    ) -> Result<Toolchain, ToolchainError> {
        let config = request.config;
        let number = wanted.serving(self.sdks, config.target())?;
        if number != wanted.number() {
            self.note(format!(
                "WASI SDK {} has no {}; {number} is the nearest that has",
                wanted.number(),
                config.target()
            ));
        }
        let download = self
            .sdks
            .releases
            .get(number)
            .and_then(|release| release.hosts.get(&host()));
        debug!(
            release = number,
            host = host(),
            "no WASI SDK is named or installed"
        );
        if let Some(download) = download
            && let Some(toolchain) = self.in_store(&download.sha256, config)?
        {
            return Ok(toolchain);
        }
        let twins = wanted.twins(self.sdks, config)?;
        if let Some(twin) = twins.first()
            && let Some(toolchain) = self.twin_in_store(twin, config)?
        {
            return Ok(toolchain);
        }
        let failed = match download {
            Some(download) => match release::fetch(self, number, download) {
                Ok(key) => return self.stored(&key, config),
                Err(ToolchainError::Unreachable {
                    release, download, ..
                }) => ToolchainError::Unreachable {
                    release,
                    exact: wanted.exact().is_some(),
                    download,
                    debian: None,
                },
                Err(error) => return Err(error),
            },
            None => ToolchainError::NoHost {
                what: format!("WASI SDK {number}"),
                host: host(),
                known: self
                    .sdks
                    .releases
                    .get(number)
                    .map(|release| release.hosts.keys().cloned().collect())
                    .unwrap_or_default(),
            },
        };
        if debian_architecture().is_none() {
            return Err(failed);
        }
        match self.first_twin(&twins, request) {
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
                    class,
                ) if class == ErrorClass::Network
                    || matches!(error, ToolchainError::NoTwinBuilds { .. }) =>
                {
                    ToolchainError::Unreachable {
                        release,
                        exact,
                        download,
                        debian: Some(Box::new(error)),
                    }
                }
                _ => error,
            }),
        }
    }

    fn twin_of(
        &self,
        wanted: &WantedSdk,
        request: &SdkRequest,
    ) -> Result<Toolchain, ToolchainError> {
        self.first_twin(&wanted.twins(self.sdks, request.config)?, request)
    }

    /// The first of `twins` whose packages are available. A warning says so if an earlier one's are not.
    fn first_twin(
        &self,
        twins: &[Twin<'_>],
        request: &SdkRequest,
    ) -> Result<Toolchain, ToolchainError> {
        let mut failed: Option<(&Twin<'_>, ToolchainError)> = None;
        for twin in twins {
            let error = match self.twin(twin, request) {
                Ok(toolchain) => {
                    if let Some((first, error)) = failed {
                        self.warn_of_next(first, &error, twin);
                    }
                    return Ok(toolchain);
                }
                Err(error) => error,
            };
            // What the store has of the next needs no apt.
            if error.class() != ErrorClass::Network
                && !matches!(
                    error,
                    ToolchainError::NoApt { .. }
                        | ToolchainError::NoSources { .. }
                        | ToolchainError::NoHost { .. }
                )
            {
                return Err(error);
            }
            failed.get_or_insert((twin, error));
        }
        Err(match failed {
            Some((_, error)) => error,
            None => ToolchainError::NoTwinBuilds {
                config: request.config,
            },
        })
    }

    fn warn_of_next(&self, first: &Twin<'_>, error: &ToolchainError, next: &Twin<'_>) {
        let lost = next.lacks_beside(first);
        self.reporter.event(Event::Warning {
            text: format!(
                "the packages that stand in for WASI SDK {} can't be had: {}; those for WASI SDK {} are used, {}",
                first.release,
                with_causes(error),
                next.release,
                if lost.is_empty() {
                    "with which nothing is lost".to_owned()
                } else {
                    format!("without {}", lost.join(", "))
                }
            ),
        });
    }

    fn twin_in_store(
        &self,
        twin: &Twin<'_>,
        config: BuildConfig,
    ) -> Result<Option<Toolchain>, ToolchainError> {
        match debian_architecture()
            .and_then(|architecture| twin.key(architecture, self.component_linker))
        {
            Some(key) => self.in_store(&key, config),
            None => Ok(None),
        }
    }

    fn twin(&self, twin: &Twin<'_>, request: &SdkRequest) -> Result<Toolchain, ToolchainError> {
        if let Some(toolchain) = self.twin_in_store(twin, request.config)? {
            return Ok(toolchain);
        }
        let Some(architecture) = debian_architecture() else {
            return Err(ToolchainError::NoHost {
                what: "SDK of Debian's packages".to_owned(),
                host: host(),
                known: Vec::new(),
            });
        };
        let key = debian::assemble(self, twin, architecture, request.offline)?;
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
                having: having(self.sdks, config.target())
                    .into_iter()
                    .map(str::to_owned)
                    .collect(),
            });
        }
        let parts = SdkFiles::list(&layout, config.target(), watch)?;
        if let Some(record) =
            SdkRecord::load(self.store, &layout.root, config, &parts, self.reporter)?
        {
            return Ok(Toolchain::new(layout, record, &parts));
        }
        let subject = format!("WASI SDK in {}", layout.root);
        let step = |started| self.step(&subject, "checking", started);
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
        if let Some((branch, wanted)) = self.other_branch(request, identity) {
            self.reporter.event(Event::Warning {
                text: format!(
                    "CPython {branch} is built with WASI SDK {wanted}, but this is {identity}: wasi-libc promises no ABI between releases, so build \
                     CPython with the same SDK, or ask for just this one"
                ),
            });
        }
    }

    /// The branch of CPython that is asked for, and the SDK that it is built with, where
    /// `identity` is neither that release nor its twin.
    fn other_branch(&self, request: &SdkRequest, identity: &Identity) -> Option<(String, String)> {
        let branch = request.python.as_ref()?;
        let (_, python) = self.sdks.branch(branch)?;
        let fits = identity.kind != SdkKind::Custom && identity.version == python.sdk.as_str();
        (!fits).then(|| (branch.clone(), python.sdk.to_string()))
    }

    /// Reports that a step with `subject` begins, or is done.
    pub(super) fn step(&self, subject: &str, step: &str, started: bool) {
        let (subject, step) = (subject.to_owned(), step.to_owned());
        self.reporter.event(if started {
            Event::StepStarted { subject, step }
        } else {
            Event::StepFinished { subject, step }
        });
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
            r#"{{"default":"25","releases":{{"25":{{"llvm":"19.1.5","wasi-libc":"574b88da4815","targets":["wasm32-wasip1"],"hosts":{{
                "{}":{{"url":"https://example.org/sdk.tar.gz","sha256":"{digest}"}}}}}}}},"python":{{"3.14":{{"sdk":"25"}}}},
                "debian":{{"25":{{"llvm":"19.1.7","wasi-libc":"574b88da4815","hosts":{{"amd64":[{package}],"arm64":[{package}]}}}}}}}}"#,
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
            component_linker: None,
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
            matches!(&error, ToolchainError::UnknownRelease { known, .. } if known == &["25", "debian-25"]),
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
