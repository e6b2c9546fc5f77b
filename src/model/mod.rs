//! What recipes, lock and names *are*: parsed once at the border, so that the other layers hold only what is valid. No file, no process, no clock.

mod catalog;
mod content;
mod cpe;
mod dependency;
mod digest;
mod exclusion;
mod flags;
mod globs;
mod lock;
mod name;
mod policy;
mod purl;
mod recipe;
mod recipe_wire;
mod suite;
mod swhid;
mod syntax;
mod time;

pub use catalog::{Catalog, CatalogError, Files, Selected, Selection, SelectionError};
pub use content::{Content, Sha1};
pub use cpe::{Cpe, CpeError, CpeProduct};
pub use dependency::Dependency;
pub use digest::{DigestError, Digesting, Sha256, Sha512};
pub use exclusion::{Excluded, ExcludedFound, ExclusionStatement, Exclusions, Trace};
pub use flags::{CompileFlag, ConsumerFlag, FlagError, LinkFlag};
pub use globs::{Globs, GlobsError, Inputs};
pub use lock::{
    Compared, DebianPackage, DebianSdk, Lock, LockError, LockedDifference, LockedSource, LockedTests, Origin, Place, PythonBranch,
    SdkDownload, SdkRelease, Sdks, lock_schema,
};
pub use name::{
    Description, Line, Macro, Name, NameError, RelPath, Target, Template, TreeDir, Version, VulnerabilityId, is_literal_in_pc, is_plain,
};
pub use policy::{LicenseProblem, Policy};
pub use purl::{Purl, PurlError, PurlPackage};
pub use recipe::{
    ComparedTemplate, CompileOptions, Extra, Identifiers, Justification, Library, License, LicenseText, NotAffected, OptLevel,
    OriginTemplate, Overlay, Patch, PkgConfig, PlaceTemplate, Recipe, RecipeError, recipe_schema,
};
pub use recipe_wire::check_url;
pub use suite::{EachDefine, NotApplicable, Program, ProgramSources, Run, Suite, SuiteError, suite_schema};
pub use swhid::{Node as SwhNode, NotAFolder, SwhDir, SwhDirError, Tree as SwhTree};
pub use syntax::SyntaxError;
pub use time::{Date, DateError, Timestamp, TimestampError};
