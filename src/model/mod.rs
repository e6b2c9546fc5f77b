//! What recipes, lock and names *are*: parsed once at the border, so that the other layers hold
//! only what is valid. No file, no process, no clock.

#[macro_use]
mod by_text;

mod address;
mod by_version;
mod catalog;
mod cmake;
mod condition;
mod condition_wire;
mod config;
mod content;
mod cpe;
mod dependency;
mod digest;
mod error;
mod exclusion;
mod flags;
mod globs;
mod graph;
mod identity;
mod inputs;
mod library;
mod license;
mod lock;
mod matrix;
mod module;
mod name;
mod number;
mod policy;
pub mod printable;
mod problems;
mod purl;
mod recipe;
mod recipe_draft;
mod recipe_file;
mod recipe_wire;
mod request;
mod selection;
mod step;
mod suite;
mod suite_wire;
mod swhid;
mod syntax;
mod time;
mod version_step;

pub use address::{check_url, shown_url};
pub use by_version::ByVersion;
pub use catalog::{Catalog, CatalogError, Files};
pub use cmake::{CMakeName, CMakeTarget, CMakeTargets};
pub use config::{
    BuildConfig, ConfigError, Feature, ProgramForm, SETJMP_LIBRARY, Target, TargetSpec, Variant,
};
pub use content::{Content, Sha1};
pub use cpe::{Cpe, CpeError, CpeProduct};
pub use dependency::Dependency;
pub use digest::{DigestError, Digesting, Sha256, Sha512};
pub use error::{Cause, ErrorClass, with_causes};
pub use exclusion::{Excluded, ExcludedFound, ExclusionStatement, Exclusions, Trace};
pub use flags::{CompileFlag, ConsumerFlag, FlagError, LinkFlag};
pub use globs::{Globs, GlobsError};
pub use graph::{EdgeError, EdgeProblem, Graph, link_order};
pub use identity::{Identity, SdkKind, llvm_major};
pub use inputs::{Inputs, InputsSize};
pub use library::{
    CompileOptions, Edge, Language, Library, LibraryId, LibraryKind, OptLevel, SourceFile,
    SourceFileError, Unit, Visibility,
};
pub use license::{Copyright, LicenseError, LicenseExpression, SingleLicense};
pub use lock::{
    Compared, DebianPackage, DebianSdk, Lock, LockError, LockedDifference, LockedSource,
    LockedTests, Origin, Place, PythonBranch, SdkDownload, SdkRelease, Sdks, lock_schema,
};
pub use matrix::{Matrix, MatrixCell, MatrixError};
pub use module::{Module, modules};
pub use name::{
    Description, Line, Macro, Name, NameError, RelPath, Template, TreeDir, Version,
    VulnerabilityId, is_literal_in_pc,
};
pub use number::{OutOfBounds, Within};
pub use policy::Policy;
pub use printable::is_plain;
pub use purl::{Purl, PurlError, PurlPackage};
pub use recipe::{
    ComparedTemplate, Extra, Identifiers, Justification, License, LicenseText, NotAffected,
    OriginTemplate, Overlay, Patch, PatchUpstream, PatchUpstreamError, PkgConfig, PlaceTemplate,
    Recipe, VersionIn,
};
pub use recipe_draft::{DraftOrigin, RecipeDraft, is_license};
pub use recipe_file::RecipeFile;
pub use recipe_wire::recipe_schema;
pub use request::Request;
pub use selection::{Selected, Selection, SelectionError};
pub use step::{Action, Answer, Questions, Step, StepProblem};
pub use suite::{
    EachDefine, MemoryLimit, NotApplicable, Program, ProgramSources, Run, Suite, TimeLimit,
};
pub use suite_wire::suite_schema;
pub use swhid::{Node as SwhNode, NotAFolder, SwhDir, SwhDirError, Tree as SwhTree};
pub use syntax::SyntaxError;
#[cfg(feature = "cli")]
pub(crate) use syntax::{LINE_LIMIT, floor};
pub use time::{Date, DateError, Timestamp, TimestampError};
pub use version_step::{OpenLine, SteppedText, VersionStep};
