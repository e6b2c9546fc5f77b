//! What to do about a failure. The layers below know what is wrong; only this module knows the
//! commands and options that help.

use std::io::{self, ErrorKind};

use super::error::CliError;
use crate::audit::AuditError;
use crate::audit::advisories::AdvisoryError;
use crate::audit::coverage::{AuditPart, Gap};
use crate::audit::database::DatabaseError;
use crate::audit::finding::Rule;
use crate::audit::prefix::PrefixError;
use crate::audit::vex::VexError;
use crate::build::BuildError;
use crate::check::CheckError;
use crate::consumer::sdk_overlay::SdkOverlayError;
use crate::fetch::{FetchError, SourceError};
use crate::model::{CatalogError, EdgeProblem, LockError, SelectionError, with_causes};
use crate::pack::PackError;
#[cfg(feature = "remote")]
use crate::remote::RemoteError;
use crate::session::SessionError;
use crate::store::{SlotError, StoreError, Unusable};
use crate::toolchain::{NamedBy, ToolchainError, debian};

const THREADS: &str =
    "`ulimit -u` shows how many processes and threads a user may have; it must allow a few more";
const UNTRACED: &str = "every file that clang opens must be traced: add this one to the inputs, or remove the include with a patch";
const NOTHING_CHANGED: &str = "what was there is unchanged";

/// What to do about `error`.
pub fn of(error: &CliError) -> Option<String> {
    let text = match error {
        CliError::Catalog(error) => return of_catalog(error),
        CliError::Exclusions(error) => return error.hint.clone(),
        CliError::Lock(error) => return of_lock(error),
        CliError::Selection(error) => return of_selection(error),
        CliError::Store(error) => return of_store(error),
        CliError::Source(error) => return of_source(error),
        CliError::Fetch(error) => return of_fetch(error),
        CliError::Toolchain(error) => return of_toolchain(error),
        CliError::Build(error) => return of_build(error),
        CliError::SdkOverlay(error) => return of_sdk_overlay(error),
        CliError::Pack(error) => return of_pack(error),
        CliError::Pin { .. } => {
            "`wasideps install INDEX --pin FILE` writes such a file if there is none"
        }
        CliError::NoIndex { .. } => "name the index: `wasideps install INDEX --pin FILE`",
        CliError::Check(error) => return of_check(error),
        CliError::Audit(error) => return of_audit(error),
        CliError::Session(error) => return of_session(error),
        CliError::Output { .. } => {
            "the output is incomplete; run the command again, with output to a place that has room"
        }
        CliError::Threads { .. } => THREADS,
        CliError::OriginsDiffer { .. } => {
            "the table above shows the differences; an origin that differs is not what was locked"
        }
        CliError::StaleSbom { command, .. } => return Some(format!("write it again: {command}")),
        CliError::MissingSbom { command, .. } => return Some(format!("write it: {command}")),
        CliError::OneOfFolder { .. } => "leave out `--format` and `--profile`, or name one file",
        CliError::TwoSdks => {
            "leave out `--wasi-sdk`, `--sdk` and `--python`, or `sdks=` of `--matrix`"
        }
        CliError::ProvenanceOfLock => "name it with `--prefix DIR`",
        CliError::NotAWheel { .. } => {
            "`--wheel` takes the `.dist-info` folder of an unpacked wheel: `wheel unpack FILE`"
        }
        CliError::UnusedInputs { .. } => {
            "narrow `[inputs] include`: a file that nothing uses should not be unpacked, nor be part of the inputs digest"
        }
        CliError::OtherPlan { .. } => "`wasideps build` with the same options builds it again",
        CliError::Violation(finding) => of_rule(finding.rule),
        CliError::NoSarif => "use `--message-format json` with other commands",
        CliError::NotUpdated { steps, .. } => return Some(steps.join("\n")),
        CliError::NeedsNetwork { .. } => {
            "leave out `--offline`; `wasideps list` shows what is locked"
        }
        CliError::NothingReached => "the table above says why for each",
        CliError::Outdated { .. } => {
            "`wasideps lock NAME --latest` moves a source, once its recipe is written for the version"
        }
        CliError::NoOffer { .. } => "`wasideps lock NAME VERSION` asks none",
        CliError::Differ { .. } => "the tables above say where",
        CliError::PrefixAndFile { .. } => {
            "name two folders that `wasideps build` made, or two files like `lockfile.json`"
        }
        CliError::AlreadyThere { .. } => "it is left as it is; move it away to begin anew",
        CliError::EmbeddedRecipes => {
            "name a folder with `--project DIR` (`wasideps init DIR` makes one) or `--recipes DIR`"
        }
        CliError::NoSuchTwin { known, .. } => {
            return Some(format!(
                "it has {}, and `debian` for all",
                known
                    .iter()
                    .map(|release| format!("`{}`", debian::name(release)))
                    .collect::<Vec<_>>()
                    .join(", ")
            ));
        }
        CliError::EmbeddedLock => {
            "name one with `--project DIR` (`wasideps init DIR` makes one) or `--lockfile FILE`"
        }
        CliError::NotInPrefix { known, .. } => {
            return Some(format!("it has: {}", known.join(", ")));
        }
        CliError::PassRecord { .. } => {
            "name a file that `check --record` wrote, or one that does not exist yet"
        }
        CliError::DamagedPrefix { .. } => "`wasideps build` makes it again",
        CliError::NotAsMade { remedy, .. } => {
            return Some(format!(
                "they are listed above; `{remedy}` rebuilds the prefix, once you have moved away files that are not its own"
            ));
        }
        CliError::Read { .. }
        | CliError::Write { .. }
        | CliError::TestsFailed { .. }
        | CliError::Junit { .. } => return None,
    };
    Some(text.to_owned())
}

fn of_session(error: &SessionError) -> Option<String> {
    match error {
        SessionError::Catalog(error) => of_catalog(error),
        SessionError::Exclusions(error) => error.hint.clone(),
        SessionError::Lock(error) => of_lock(error),
        SessionError::Store(error) => of_store(error),
        SessionError::Toolchain(error) => of_toolchain(error),
        SessionError::Build(error) => of_build(error),
        #[cfg(feature = "remote")]
        SessionError::Remote(error) => Some(of_remote(error).to_owned()),
        SessionError::NoLock { .. } => {
            Some("`wasideps init DIR` begins a project with one".to_owned())
        }
        SessionError::NoStore => Some("name one with `--store DIR`".to_owned()),
        SessionError::Variable { .. } => Some("unset it, or set it to a value that is".to_owned()),
        SessionError::Read { .. }
        | SessionError::RecipesPath { .. }
        | SessionError::SourceDateEpoch { .. } => None,
    }
}

#[cfg(feature = "remote")]
fn of_remote(error: &RemoteError) -> &'static str {
    match error {
        RemoteError::Address { .. } => {
            "`--remote-cache` or $WASIDEPS_REMOTE_CACHE names it; docs/fleet.md has an example of each form"
        }
        RemoteError::Open { .. } => {
            "use `grpcs` or `https`, or leave out what logs in ($WASIDEPS_REMOTE_CACHE_TOKEN, or name and password in the address)"
        }
        RemoteError::Read { .. } | RemoteError::PrivateKey { .. } => {
            "`ssh-keygen -t ed25519 -N '' -f FILE` makes a key for `--remote-cache-key`, and FILE.pub for `--remote-cache-trust`"
        }
        RemoteError::PublicKey { .. } => {
            "`--remote-cache-trust` takes FILE.pub of `ssh-keygen -t ed25519`, its line, or the second word of that line"
        }
        RemoteError::Mode { .. } => {
            "`--remote-cache-mode` or $WASIDEPS_REMOTE_CACHE_MODE says which"
        }
        RemoteError::UnusedKey => {
            "`--remote-cache-mode read-write` sends what is compiled; leave out `--remote-cache-key` to only read"
        }
    }
}

fn of_catalog(error: &CatalogError) -> Option<String> {
    match error {
        CatalogError::Recipe(error) | CatalogError::Suite(error) => error.hint.clone(),
        CatalogError::Misplaced { .. } => {
            Some("a recipe's folder must have the recipe's name".to_owned())
        }
        CatalogError::TwoForOneVersion { .. } => {
            Some("each version belongs to one recipe file".to_owned())
        }
        CatalogError::NotText { .. }
        | CatalogError::MissingFile { .. }
        | CatalogError::Excluded { .. } => None,
    }
}

fn of_lock(error: &LockError) -> Option<String> {
    match error {
        LockError::Syntax(error) => error.hint.clone(),
        LockError::Version { .. } => Some(
            "use the wasideps that wrote it, or write it again with `wasideps lock`".to_owned(),
        ),
        LockError::Invalid { .. } => None,
    }
}

fn of_selection(error: &SelectionError) -> Option<String> {
    match error {
        SelectionError::Unknown { known, .. } => Some(format!("it has: {}", known.join(", "))),
        SelectionError::UnknownGroup { known, .. } if known.is_empty() => {
            Some("no recipe of the lock has `groups`".to_owned())
        }
        SelectionError::UnknownGroup { known, .. } => {
            Some(format!("its groups are: {}", known.join(", ")))
        }
        SelectionError::DoesNotReplace { known, name, .. } if known.is_empty() => {
            Some(format!("no recipe of the lock has `replaces = \"{name}\"`"))
        }
        SelectionError::DoesNotReplace { known, .. } => {
            Some(format!("what can is: {}", known.join(", ")))
        }
        SelectionError::NoRecipe { name, known, .. } => Some(format!(
            "recipes of {name} are written for: {}",
            known.join(", ")
        )),
        SelectionError::Edge {
            problem: EdgeProblem::NotLocked { recipe },
            ..
        } => Some(format!("`wasideps lock {recipe} VERSION` adds it")),
        SelectionError::Edge { place, .. } => place.hint.clone(),
        SelectionError::Changed { name, .. } => Some(format!(
            "if the change is intended, `wasideps lock {name} VERSION` writes it into the lock"
        )),
        SelectionError::TestsNotLocked { name, version } => Some(format!(
            "`wasideps lock {name} {version}` fetches what they need and writes it into the lock"
        )),
        SelectionError::Collision { .. } => {
            Some("rename one of the two, or build them into different prefixes".to_owned())
        }
        SelectionError::TestInputs { .. } | SelectionError::Excluded { .. } => None,
    }
}

fn of_store(error: &StoreError) -> Option<String> {
    let text = match error {
        StoreError::Open { .. } => {
            "it must be a folder; `--store DIR` or $WASIDEPS_HOME names another"
        }
        StoreError::Unmappable { .. } => {
            "clang can't keep such a path out of what it compiles, and the bytes would depend on it; name another with `--store DIR`"
        }
        StoreError::Format { .. } => {
            "remove it, or name another with `--store DIR` or $WASIDEPS_HOME"
        }
        StoreError::Foreign { .. } => {
            "a folder that is absent or empty becomes a store; name one with `--store DIR` or $WASIDEPS_HOME"
        }
        StoreError::Read { .. } => return None,
        StoreError::Changed { .. } => "run the command again: it replaces what is damaged",
        StoreError::Reserved { .. } => {
            "leave it out of `[inputs] include`, and give an overlay, a header or a file that a patch makes another name"
        }
        StoreError::Write { source, .. } => store_not_written(source),
        StoreError::Discard { .. } => {
            "it may be another user's: remove it by hand, or name another store with `--store DIR`"
        }
    };
    Some(text.to_owned())
}

fn store_not_written(source: &io::Error) -> &'static str {
    match source.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => {
            "nothing was changed; the store's disk is full: free some space there (`wasideps clean` shows what it contains), or name another with `--store DIR`"
        }
        ErrorKind::ReadOnlyFilesystem | ErrorKind::PermissionDenied => {
            "nothing was changed; the store can't be written: name another with `--store DIR` or $WASIDEPS_HOME"
        }
        _ => "nothing was changed",
    }
}

fn of_slot(error: &SlotError) -> Option<String> {
    let text = match error {
        SlotError::Unusable { source, .. } => match source {
            Unusable::MountPoint => {
                "name a folder in it, such as `/out/sysroot` for a volume at `/out`"
            }
            Unusable::Current => "run the command from another folder",
            Unusable::DanglingLink { .. } => {
                "mount or create the link's target, or remove the link"
            }
            Unusable::Empty
            | Unusable::NotUtf8
            | Unusable::NoName
            | Unusable::Root
            | Unusable::NotFolder
            | Unusable::Parent { .. } => "name a folder, or a path that does not exist yet",
        },
        SlotError::Foreign { .. } => {
            "the folder is replaced as a whole; move these files away, or name another folder"
        }
        SlotError::Changed { .. } => "run the command again; only wasideps writes there",
        SlotError::Read { .. } => return None,
        SlotError::Write { source, .. } if source.kind() == ErrorKind::CrossesDevices => {
            "what was there is unchanged; a folder of a container's image can't be replaced as a whole: remove it first, or name another"
        }
        SlotError::Write { .. } => NOTHING_CHANGED,
        SlotError::Cut { .. } => {
            "run the command again: it tries once more, and keeps everything that is not its own"
        }
    };
    Some(text.to_owned())
}

/// What to do about a source. Where several origins failed, each has its own advice.
fn of_source(error: &SourceError) -> Option<String> {
    match &error.errors[..] {
        [error] => of_fetch(error),
        _ => None,
    }
}

/// What to do about an archive.
pub fn of_fetch(error: &FetchError) -> Option<String> {
    let text = match error {
        FetchError::Offline { .. } => {
            "run `wasideps fetch` with a network, or put the archive into a folder and name it with `--from DIR`"
        }
        FetchError::Client { .. } => {
            "TLS trusts the platform's certificates; $SSL_CERT_FILE names others"
        }
        FetchError::Unreachable { .. } => {
            "behind a proxy, set $HTTPS_PROXY, and $SSL_CERT_FILE if it has certificates of its own; `--from DIR` names a folder with archives that you downloaded by hand"
        }
        FetchError::Oversized { exact: true, .. } => {
            "the lock knows this archive's size: what is there now is another file"
        }
        FetchError::Oversized { .. } => {
            "the lock does not know this archive's size, so it is capped"
        }
        FetchError::Digest { .. } => {
            "nothing of it was kept; if upstream replaced the archive, find out why before trusting it"
        }
        FetchError::IndexChecksum { .. } => {
            "a registry never changes a release: the lock or the registry is not what it seems"
        }
        FetchError::Name { .. } => {
            "the lock was edited by hand: `wasideps lock` writes what the archive gives"
        }
        FetchError::Registry { .. } => {
            "use a sparse index (`sparse+https://…`), a local registry, other origins, or `--from DIR`"
        }
        FetchError::Apt { .. } => {
            "use another origin, or put the archive into a folder and name it with `--from DIR`"
        }
        FetchError::Entry { .. } => "nothing was unpacked",
        FetchError::Excessive { .. } => {
            "sources come nowhere near the limits, which docs/limits.md lists: it may have been made to fill memory or disk"
        }
        FetchError::NoRoot { .. } => {
            "the recipe's `root` names the folder that the inputs are below"
        }
        FetchError::Inputs { .. } => {
            "if the recipe has changed, `wasideps lock NAME VERSION` finds its inputs anew; else `wasideps fetch --all-origins` shows in which files the origins differ"
        }
        FetchError::Patch { .. } => {
            "patches apply exactly, at the lines that they state, or not at all: make the patch again for this version"
        }
        FetchError::Step { .. } => {
            "each question of a template has an answer in the recipe, and each answer a question; a file that is there is changed by a patch"
        }
        FetchError::Overlay { .. } => "an overlay adds a file; to change one, write a patch",
        FetchError::Tree { .. } => {
            "files of other archives, patches and overlays must differ from upstream's files on every system"
        }
        FetchError::NoRecipe {
            name,
            version,
            known,
        } => {
            let known = if known.is_empty() {
                "nothing".to_owned()
            } else {
                known.join(", ")
            };
            return Some(format!(
                "recipes of {name} are written for: {known}; add {version} to `versions` of its recipe (in a folder of your own: `--recipes DIR`), then look at the addresses, roots and file names of its origins for parts of the old version, at `releases` of crates, at `published-sha256` and at the `versions` of tests.toml"
            ));
        }
        FetchError::Disagree { .. } => {
            "narrow `inputs.include` to what they share if that is enough to build, or drop the origin that is not upstream's"
        }
        FetchError::NotInSource { .. } => "correct the recipe, or add an origin that has it",
        FetchError::NoTests { .. } => {
            "add an origin that does (upstream's archive, Debian's), or narrow `[inputs]` of the tests"
        }
        FetchError::Store(error) => return of_store(error),
        FetchError::Status { .. }
        | FetchError::Busy { .. }
        | FetchError::Broken { .. }
        | FetchError::Truncated { .. }
        | FetchError::CargoConfig { .. }
        | FetchError::NoRelease { .. }
        | FetchError::NoMirror { .. }
        | FetchError::NotInFolder { .. }
        | FetchError::Folder { .. }
        | FetchError::From { .. }
        | FetchError::Format { .. }
        | FetchError::Damaged { .. }
        | FetchError::NothingSelected { .. }
        | FetchError::BadPlace { .. }
        | FetchError::TestInputs { .. }
        | FetchError::NoneReached { .. } => return None,
    };
    Some(text.to_owned())
}

/// Which releases of the lock have a target.
fn who_has(having: &[String]) -> String {
    if having.is_empty() {
        return "none of the lock's has it".to_owned();
    }
    format!(
        "of the lock's, WASI SDK {} has it: ask for it with `--sdk`, or name one with `--wasi-sdk DIR`",
        having.join(", ")
    )
}

fn of_toolchain(error: &ToolchainError) -> Option<String> {
    let text = match error {
        ToolchainError::NotAnSdk { named_by, .. } => {
            let named_by = match named_by {
                NamedBy::Request => "--wasi-sdk",
                NamedBy::Environment => "$WASI_SDK_PATH",
            };
            return Some(format!(
                "an SDK has bin/clang, lib/clang and share/wasi-sysroot; without {named_by} one is found or fetched"
            ));
        }
        ToolchainError::WrongRelease { wanted, .. } => {
            return Some(format!("leave out the folder or `--sdk {wanted}`"));
        }
        ToolchainError::NoTarget { having, .. }
        | ToolchainError::ReleaseHasNoTarget { having, .. } => {
            return Some(who_has(having));
        }
        ToolchainError::NoTwinBuilds { .. } => {
            "docs/targets.md has what each SDK builds; name one that does with `--wasi-sdk DIR`"
        }
        ToolchainError::NotOfBranch { wanted, .. } => {
            return Some(format!(
                "leave out `--python`, or name WASI SDK {wanted} or its twin"
            ));
        }
        ToolchainError::Broken { .. } => {
            "name another SDK with `--wasi-sdk DIR`, or fetch one by leaving that out"
        }
        ToolchainError::Part { .. } => {
            "put back what is missing, or name another SDK with `--wasi-sdk DIR`"
        }
        ToolchainError::UnknownRelease { known, .. } => {
            return Some(format!("it has {}, and `debian`", known.join(", ")));
        }
        ToolchainError::NoTwin { known, .. } => {
            return Some(format!(
                "`sdks.debian` of the lock names it; this program makes one for {}",
                known.join(", ")
            ));
        }
        ToolchainError::UnknownPython { known, .. } => {
            return Some(format!("it has one for {}", known.join(", ")));
        }
        ToolchainError::NoHost { known, .. } if known.is_empty() => {
            "`--wasi-sdk DIR` names an installed one"
        }
        ToolchainError::NoHost { known, .. } => {
            return Some(format!(
                "it has that for {}; `--wasi-sdk DIR` names an installed one",
                known.join(", ")
            ));
        }
        ToolchainError::Offline { .. } => {
            "run `wasideps fetch` with the network, or name a folder that contains it with `--from DIR`"
        }
        ToolchainError::Unreachable {
            debian: Some(error),
            ..
        } => {
            return Some(format!(
                "Debian's packages can't be used either: {}",
                with_causes(&**error)
            ));
        }
        ToolchainError::Unreachable { exact: true, .. } => {
            "`--sdk` asks for this one, which nothing here can replace; without it, an SDK from Debian's packages can"
        }
        ToolchainError::Unreachable { .. } => {
            "name an SDK with `--wasi-sdk DIR` or $WASI_SDK_PATH, or a folder with its archive with `--from DIR`"
        }
        ToolchainError::NoApt { .. } => {
            "name an installed SDK with `--wasi-sdk DIR` or $WASI_SDK_PATH"
        }
        ToolchainError::NoSources { looked_in, .. } => {
            return Some(format!(
                "looked for an entry whose suite is a release of Debian, in {}",
                looked_in.join(", ")
            ));
        }
        ToolchainError::PackageGone { release, .. } => {
            return Some(format!(
                "`wasideps lock --sdk {}` pins what is offered now; or put the pinned .deb into a folder and name it with `--from DIR`",
                debian::name(release)
            ));
        }
        ToolchainError::PackageDigest { .. } => "it was not used, and nothing was kept of it",
        ToolchainError::Incomplete { .. } => "the lock's list of packages is incomplete",
        ToolchainError::Store(error) => return of_store(error),
        ToolchainError::Refused { .. }
        | ToolchainError::Unpack { .. }
        | ToolchainError::Apt { .. }
        | ToolchainError::Io { .. } => return None,
    };
    Some(text.to_owned())
}

fn of_build(error: &BuildError) -> Option<String> {
    let text = match error {
        BuildError::Store(error) => return of_store(error),
        BuildError::Slot(error) => return of_slot(error),
        BuildError::Source(error) => return of_source(error),
        BuildError::MissingInput { .. } => {
            "compare the recipe's lists with `[inputs] include`, and both with the source"
        }
        BuildError::ForeignDependency { .. } | BuildError::Denied { .. } => UNTRACED,
        BuildError::Gone { .. } => "run the command again: it is compiled again",
        BuildError::Unverified { .. } => {
            "run the command again: it discards whatever is not as it was verified, and makes it again"
        }
        BuildError::Full { .. } => {
            "free some space there (`wasideps clean` shows what the store contains), or name another with `--store DIR`"
        }
        BuildError::Write { .. } => "the prefix is unchanged",
        BuildError::Manifest { .. } => {
            "`wasideps build --replace` replaces the prefix if every file in it is proved to be its own; otherwise move the folder away"
        }
        BuildError::OtherToolchain { .. } => {
            "wasi-libc promises no ABI between SDKs: choose another `--prefix`, the same SDK, or `--replace` to build the whole prefix again"
        }
        BuildError::NoPrefix { .. } => {
            "run `wasideps build` first, or name the prefix with `--prefix`"
        }
        BuildError::Damaged { .. } => {
            "`wasideps verify` lists all differences; `wasideps build` rebuilds the prefix"
        }
        BuildError::Pool(_) => THREADS,
        BuildError::Compile { .. }
        | BuildError::NoObject { .. }
        | BuildError::NotAnObject { .. }
        | BuildError::Start { .. }
        | BuildError::Archive { .. }
        | BuildError::NoLicenceComment { .. }
        | BuildError::Read { .. } => return None,
    };
    Some(text.to_owned())
}

fn of_pack(error: &PackError) -> Option<String> {
    let text = match error {
        PackError::Build(error) => return of_build(error),
        PackError::Fetch(error) => return of_fetch(error),
        PackError::Manifest { .. } => {
            "`wasideps verify` lists all differences; `wasideps build` rebuilds the prefix"
        }
        PackError::OtherIndex { .. } => {
            "if the publisher says that this index is right, pin its digest; otherwise somebody changed it"
        }
        PackError::Archive { .. } => "bring the archive again, from where the index is",
        PackError::Index { .. } => {
            "name the `index.json` that `wasideps pack` wrote, its folder, or its URL"
        }
        PackError::IndexVersion { .. } => "use the wasideps that wrote it",
        PackError::Unpack { .. }
        | PackError::PackedManifest { .. }
        | PackError::NotThePrefix { .. } => {
            "nothing was installed: ask the publisher, or build it yourself with `wasideps build`"
        }
        PackError::NoPrefix { .. } | PackError::Read { .. } | PackError::Write { .. } => {
            return None;
        }
    };
    Some(text.to_owned())
}

fn of_sdk_overlay(error: &SdkOverlayError) -> Option<String> {
    let text = match error {
        SdkOverlayError::Name { .. } => "use another name, such as `sdk-overlay`",
        SdkOverlayError::Unsupported => {
            "`wasideps env` prints the variables that consumers understand"
        }
        SdkOverlayError::Prefix(error) => return of_build(error),
        SdkOverlayError::Slot(error) => return of_slot(error),
        SdkOverlayError::Collision { .. } | SdkOverlayError::Io { .. } => return None,
    };
    Some(text.to_owned())
}

fn of_check(error: &CheckError) -> Option<String> {
    let text = match error {
        CheckError::Source(error) => return of_source(error),
        CheckError::Store(error) => return of_store(error),
        CheckError::Pool(_) => THREADS,
        CheckError::NotInTree { .. } => {
            "compare it with the source, and with `[inputs] include` of the tests"
        }
        CheckError::TooMany { .. } => "narrow `each`, `each-define` or `opt-levels`",
        CheckError::NotUtf8 => return None,
        CheckError::NoRunner { .. } => {
            "name a wasmtime with `--runner` or $HOSTRUNNER, or put one on the PATH"
        }
        CheckError::BadRunner { .. } => {
            "tests run under wasmtime, with the flags of version 14 or later; name one with `--runner`"
        }
    };
    Some(text.to_owned())
}

fn of_audit(error: &AuditError) -> Option<String> {
    let text = match error {
        AuditError::Advisory(AdvisoryError::Damaged { .. }) => {
            "`wasideps audit --update` downloads them again"
        }
        AuditError::Advisory(AdvisoryError::Store(error)) => return of_store(error),
        AuditError::Advisory(
            AdvisoryError::Write { .. }
            | AdvisoryError::Fetch { .. }
            | AdvisoryError::Apt { .. }
            | AdvisoryError::NoDatabase { .. }
            | AdvisoryError::NoChangelogs { .. },
        ) => return None,
        AuditError::Database(DatabaseError::Empty { .. }) => {
            "accepted are an OSV export or the CVE list as published (a zip, a folder of JSON files, or one JSON file), and Debian's changelogs (`NAME.changelog`)"
        }
        AuditError::Database(DatabaseError::Read { .. } | DatabaseError::Zip { .. })
        | AuditError::Vex(VexError::Read { .. }) => return None,
        AuditError::Vex(VexError::Format { .. }) => {
            "expected JSON with `@context` https://openvex.dev/ns/… and `statements`; CSAF and CycloneDX are not supported"
        }
        AuditError::Vex(VexError::NoReason { .. }) => {
            "OpenVEX requires one of them; without a reason nothing is suppressed"
        }
        AuditError::Prefix(PrefixError::Build(error)) => return of_build(error),
        AuditError::Prefix(PrefixError::Read { .. } | PrefixError::Archive { .. }) => return None,
    };
    Some(text.to_owned())
}

/// What to do where a rule of the audit is broken.
pub fn of_rule(rule: Rule) -> &'static str {
    match rule {
        Rule::Excluded => "remove it; wasideps does not build it",
        Rule::LicenseNotAllowed => {
            "add the licence to `licenses.allow` of the policy if you accept it, or drop the source"
        }
        Rule::LicenseMissing => "build the prefix again; the recipe's `license` names the text",
        Rule::PatchReason => "write the patch's `reason` into the recipe",
        Rule::PatchResolves => {
            "remove the identifier from the patch's `resolves`, or the patch from the recipe if the version has the fix"
        }
        Rule::DigestAlgorithm => {
            "allow it in `digests.allow` of the policy, or do not use this lock"
        }
        Rule::PrefixDiffers => {
            "`wasideps build` rebuilds the prefix; `--lockfile` names the lock that it was built from"
        }
        Rule::OriginDiffers => {
            "find out why before trusting it; `[[compared]]` in the recipe lists a difference that is known and harmless"
        }
        Rule::OriginRefused => {
            "find out why before trusting it: what is there now is not what was locked"
        }
        Rule::OriginAlone => {
            "add an independent origin to the recipe, or audit where more of them can be reached"
        }
        Rule::OriginNotReached => "audit where it can be reached",
        Rule::Vulnerability => {
            "move the source with `wasideps lock NAME VERSION`, or state with `--vex FILE` why it does not matter"
        }
        Rule::VulnerabilityUndetermined => {
            "read the record, and state the result with `--vex FILE`"
        }
        Rule::DatabaseBroken => "download the database again",
        Rule::NotLookedAt => {
            "`--update` downloads databases of vulnerabilities, `--database PATH` names one; `--origins` compares origins"
        }
        Rule::DatabaseFuture => {
            "check the clock or $SOURCE_DATE_EPOCH, and use a newer wasideps for a newer format"
        }
    }
}

/// How an audit looks at what it did not look at, as it follows [`Gap::message`].
pub fn of_gap(gap: &Gap) -> &'static str {
    match (gap.part, gap.whole) {
        (AuditPart::Vulnerabilities, true) => {
            "; `--update` downloads one, `--database PATH` names one"
        }
        (AuditPart::Origins, true) => "; `--origins` downloads and compares all of them",
        (_, false) => "",
    }
}
