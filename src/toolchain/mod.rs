//! Finding, fetching, assembling, checking and identifying a WASI SDK.
//!
//! The steps, a module each: `wanted` (what a request comes down to), `locate` (finding it), `release` (upstream's archives), [`debian`]
//! (from Debian's packages), `layout` (where its parts are), `confine` (what its programs may
//! open), `probe` (does it work), `identity` (what is it).

mod confine;
pub mod debian;
mod error;
mod headers;
mod host;
mod identity;
mod layout;
mod locate;
mod probe;
mod release;
mod unpack;
mod version;
mod wanted;

use std::process::Command;
use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};

pub use confine::Reach;
pub use error::{NamedBy, ToolchainError};
pub use headers::SdkHeaders;
pub use host::{debian_architecture, host};
pub use layout::{SDK_OVERLAY_MARK, SdkOverlayMark};
pub use locate::SdkRequest;
pub use probe::TARGET_MACRO;
pub use version::SdkVersion;

use crate::fetch::Fetcher;
use crate::model::{BuildConfig, Identity, Sdks, Sha256};
use crate::process::ProgramOutput;
use crate::report::Reporter;
use crate::store::Store;
use identity::{SdkFiles, SdkRecord};
use layout::Layout;

/// Finds SDKs with what it needs for that: [`Locator::locate`].
#[derive(Clone, Copy)]
pub struct Locator<'a> {
    pub sdks: &'a Sdks,
    pub store: &'a Store,
    pub fetcher: &'a Fetcher<'a>,
    /// What an SDK of Debian's packages gets to link components with: they have nothing that does.
    pub component_linker: Option<&'a ComponentLinker>,
    pub reporter: &'a dyn Reporter,
}

/// A program that links components when it is started by the name `wasm-component-ld`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ComponentLinker {
    /// It is copied: absolute, a program of this machine.
    pub program: Utf8PathBuf,
    /// The version of what it does: part of the SDK's key in the store.
    pub version: &'static str,
}

/// An SDK that was tried and works for one build configuration.
#[derive(Debug, Clone)]
pub struct Toolchain {
    layout: Layout,
    base_args: Vec<String>,
    found: SdkRecord,
    headers: Arc<SdkHeaders>,
}

impl Toolchain {
    fn new(layout: Layout, found: SdkRecord, parts: &SdkFiles) -> Self {
        let config = found.identity.config;
        let headers = SdkHeaders::new(
            &layout.root,
            &layout.sysroot,
            config.target(),
            parts.headers(),
        );
        Self {
            base_args: base_args(&layout, config),
            layout,
            found,
            headers: Arc::new(headers),
        }
    }

    /// The headers that clang may find in it.
    #[must_use]
    pub fn headers(&self) -> &SdkHeaders {
        &self.headers
    }

    /// The digest of what clang defines before it reads a file, but for [`TARGET_MACRO`]s.
    #[must_use]
    pub fn macros(&self) -> Sha256 {
        self.found.macros
    }

    /// What it is, by content.
    #[must_use]
    pub fn identity(&self) -> &Identity {
        &self.found.identity
    }

    /// What it was tried for.
    #[must_use]
    pub fn config(&self) -> BuildConfig {
        self.found.identity.config
    }

    /// The folder of the SDK, absolute, with symbolic links resolved; never an overlay.
    #[must_use]
    pub fn root(&self) -> &Utf8Path {
        &self.layout.root
    }

    /// What its `VERSION` file says.
    #[must_use]
    pub fn version(&self) -> &SdkVersion {
        &self.layout.version
    }

    /// The folder of wasi-libc, for all targets.
    #[must_use]
    pub fn sysroot(&self) -> &Utf8Path {
        &self.layout.sysroot
    }

    /// The folder of clang's own headers and run-time library.
    #[must_use]
    pub fn resource_dir(&self) -> &Utf8Path {
        &self.layout.resource_dir
    }

    /// Whether it links programs. False for a target whose programs are components where the SDK
    /// has no `wasm-component-ld`: objects and archives can be made all the same.
    #[must_use]
    pub fn links(&self) -> bool {
        self.found.links
    }

    /// The compiler, absolute.
    #[must_use]
    pub fn clang(&self) -> &Utf8Path {
        &self.layout.clang
    }

    /// The arguments that every command of clang starts with.
    #[must_use]
    pub fn base_args(&self) -> &[String] {
        &self.base_args
    }

    /// Clang with its base arguments, in an empty environment but for what it needs to start.
    #[must_use]
    pub fn command(&self) -> Command {
        let mut command = self.layout.command(&self.layout.clang);
        command.args(&self.base_args);
        command
    }

    /// Runs `command`, one of [`Self::command`], to its end, confined to `reach` where the kernel
    /// can do that. Standard input is empty.
    ///
    /// # Errors
    /// When it can't be started or its output can't be read.
    pub fn run(&self, command: &mut Command, reach: &Reach<'_>) -> std::io::Result<ProgramOutput> {
        self.layout.run(command, reach)
    }

    /// The archiver, absolute. Started by hand it may need [`Self::ar_command`]'s environment.
    #[must_use]
    pub fn ar(&self) -> &Utf8Path {
        &self.layout.ar
    }

    /// `llvm-ar` without arguments, in an empty environment but for what it needs to start.
    #[must_use]
    pub fn ar_command(&self) -> Command {
        self.layout.command(&self.layout.ar)
    }

    /// A command of [`Self::command`] or [`Self::ar_command`] as a line for a POSIX shell that does
    /// the same, whatever is exported there.
    #[must_use]
    pub fn display(command: &Command) -> String {
        format!("env -i {}", display(command))
    }
}

/// `command` and the variables that it is given, as a line for a POSIX shell.
fn display(command: &Command) -> String {
    let variables = command.get_envs().filter_map(|(key, value)| {
        Some(format!(
            "{}={}",
            key.to_string_lossy(),
            quote(&value?.to_string_lossy())
        ))
    });
    let program = std::iter::once(command.get_program())
        .chain(command.get_args())
        .map(|word| quote(&word.to_string_lossy()));
    variables.chain(program).collect::<Vec<_>>().join(" ")
}

/// Everything is said, nothing left to what clang was built with, where its executable lies, or
/// configuration files of the machine.
fn base_args(layout: &Layout, config: BuildConfig) -> Vec<String> {
    let spec = config.target().spec();
    let mut arguments = vec![
        "--no-default-config".to_owned(),
        "-no-canonical-prefixes".to_owned(),
        format!("--target={}", spec.triple),
        "-resource-dir".to_owned(),
        layout.resource_dir.to_string(),
        format!("--sysroot={}", layout.sysroot),
    ];
    arguments.extend(spec.compile.iter().map(ToString::to_string));
    arguments
}

/// `text` as one word of a POSIX shell.
#[must_use]
pub fn quote(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-+=./:,@%".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}
