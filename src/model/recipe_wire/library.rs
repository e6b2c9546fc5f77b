//! `[library.…]` and `[pkg-config.…]` as they are written.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use schemars::JsonSchema;
use serde::Deserialize;
use toml::Spanned;

use super::braces::{self, Braced};
use super::members::MembersWire;
use crate::model::library::LibraryRef;
use crate::model::problems::Problems;
use crate::model::{
    CompileFlag, CompileOptions, ConsumerFlag, Description, Edge, Library, LibraryKind, Line,
    LinkFlag, Macro, Name, OptLevel, PkgConfig, RelPath, SourceFile, TreeDir, Unit, Visibility,
};

#[derive(Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct LibraryWire {
    #[serde(default)]
    kind: KindWire,
    /// Files to compile, in the order of the archive's members.
    #[serde(default, deserialize_with = "braces::files")]
    #[schemars(with = "Vec<Braced<SourceFile>>")]
    pub(super) sources: Vec<Spanned<SourceFile>>,
    /// Those of the sources, also of groups, that have inline assembly: clang refuses it everywhere
    /// else.
    #[serde(default, deserialize_with = "braces::files")]
    #[schemars(with = "Vec<Braced<SourceFile>>")]
    pub(super) inline_assembly: Vec<Spanned<SourceFile>>,
    #[serde(default)]
    pub(super) defines: BTreeMap<Macro, Line>,
    #[serde(default)]
    pub(super) include_dirs: Vec<TreeDir>,
    #[serde(default)]
    pub(super) flags: Vec<CompileFlag>,
    /// Whether its files call `setjmp` or `longjmp`: programs with it then need a runtime with
    /// WebAssembly's exceptions.
    #[serde(default)]
    setjmp: bool,
    /// Files that are compiled once more, in another way: by the name that their members get.
    #[serde(default)]
    #[schemars(with = "BTreeMap<Name, GroupWire>")]
    pub(super) group: BTreeMap<Spanned<Name>, GroupWire>,
    /// Files that are compiled many times: the name of each member says how.
    members: Option<MembersWire>,
    /// Path in the source tree to path below `include/`.
    #[serde(default, deserialize_with = "braces::headers")]
    #[schemars(with = "BTreeMap<String, String>")]
    pub(super) headers: BTreeMap<RelPath, Spanned<RelPath>>,
    /// Libraries whose headers this one's headers include.
    #[serde(default)]
    #[schemars(with = "Vec<LibraryRef>")]
    requires: Vec<Spanned<LibraryRef>>,
    /// Libraries whose headers its sources alone include.
    #[serde(default)]
    #[schemars(with = "Vec<LibraryRef>")]
    requires_private: Vec<Spanned<LibraryRef>>,
}

/// What a library is to those who link it.
#[derive(Deserialize, JsonSchema, Clone, Copy, PartialEq, Eq, Default)]
#[serde(rename_all = "kebab-case")]
enum KindWire {
    /// An archive of objects.
    #[default]
    Static,
    /// Headers, and nothing to link.
    HeaderOnly,
}

/// Files of a library that are compiled in another way than its `sources`.
#[derive(Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct GroupWire {
    #[serde(deserialize_with = "braces::files")]
    #[schemars(with = "Vec<Braced<SourceFile>>")]
    pub(super) sources: Vec<Spanned<SourceFile>>,
    /// Beside those of the library; of a macro that both define, this value counts.
    #[serde(default)]
    pub(super) defines: BTreeMap<Macro, Line>,
    /// After those of the library.
    #[serde(default)]
    pub(super) include_dirs: Vec<TreeDir>,
    /// After those of the library.
    #[serde(default)]
    pub(super) flags: Vec<CompileFlag>,
}

impl LibraryWire {
    pub fn headers(&self) -> impl Iterator<Item = (&RelPath, &Spanned<RelPath>)> {
        self.headers.iter()
    }

    /// The library `name` of a recipe called `own`, which makes `known`.
    pub fn check(
        self,
        own: &Name,
        name: &Spanned<Name>,
        known: &BTreeSet<Name>,
        problems: &mut Problems<'_>,
    ) -> Library {
        let requires = self.edges(own, name.get_ref(), known, problems);
        let kind = match self.kind {
            KindWire::Static => {
                let table = self.members.as_ref();
                let compiled = !self.sources.is_empty()
                    || !self.group.is_empty()
                    || table.is_some_and(|table| !table.is_empty());
                if !compiled {
                    problems
                        .at(name, format!("`[library.{}]` has no `sources`; headers alone are `kind = \"header-only\"`", name.get_ref()));
                }
                LibraryKind::Static(self.units(name.get_ref(), problems))
            }
            KindWire::HeaderOnly => {
                let options = !self.defines.is_empty()
                    || !self.include_dirs.is_empty()
                    || !self.flags.is_empty()
                    || self.setjmp;
                if options
                    || !self.sources.is_empty()
                    || !self.group.is_empty()
                    || self.members.is_some()
                    || !self.inline_assembly.is_empty()
                {
                    problems.at(
                        name,
                        format!(
                            "`[library.{}]` is header-only, and says how something is compiled",
                            name.get_ref()
                        ),
                    );
                }
                if self.headers.is_empty() {
                    problems.at(
                        name,
                        format!(
                            "`[library.{}]` is header-only, and has no `headers`",
                            name.get_ref()
                        ),
                    );
                }
                LibraryKind::HeaderOnly
            }
        };
        let headers = self
            .headers
            .into_iter()
            .map(|(from, to)| (from, to.into_inner()))
            .collect();
        Library {
            name: name.get_ref().clone(),
            kind,
            headers,
            requires,
        }
    }

    fn edges(
        &self,
        own: &Name,
        name: &Name,
        known: &BTreeSet<Name>,
        problems: &mut Problems<'_>,
    ) -> Vec<Edge> {
        let public = self
            .requires
            .iter()
            .map(|place| (place, Visibility::Public));
        let private = self
            .requires_private
            .iter()
            .map(|place| (place, Visibility::Private));
        let mut edges: Vec<Edge> = Vec::new();
        for (place, visibility) in public.chain(private) {
            let to = place.get_ref().clone().in_recipe(own);
            if to.recipe == *own && to.library == *name {
                problems.at(place, format!("`[library.{name}]` requires itself"));
            } else if to.recipe == *own && !known.contains(&to.library) {
                problems.at(
                    place,
                    format!(
                        "`[library.{name}]` requires `{}`, which the recipe does not make",
                        to.library
                    ),
                );
            } else if edges.iter().any(|edge| edge.to == to) {
                problems.at(place, format!("`[library.{name}]` requires `{to}` twice"));
            } else {
                edges.push(Edge {
                    to,
                    visibility,
                    span: place.span(),
                });
            }
        }
        edges
    }

    /// What is compiled: the sources, then the groups by name, then the table of members.
    fn units(&self, library: &Name, problems: &mut Problems<'_>) -> Vec<Unit> {
        let base = CompileOptions {
            opt_level: OptLevel::default(),
            defines: self.defines.clone(),
            include_dirs: self.include_dirs.clone(),
            flags: self.flags.clone(),
            setjmp: self.setjmp,
        };
        let base = Arc::new(base);
        let mut units = Units {
            library,
            inline_assembly: self.inline_assembly.iter().map(Spanned::get_ref).collect(),
            names: BTreeSet::new(),
            units: Vec::new(),
        };
        units.add_files(&self.sources, "", &base, problems);
        for (name, group) in &self.group {
            let called = name.get_ref();
            if group.sources.is_empty() {
                problems.at(
                    name,
                    format!("`[library.{library}.group.{called}]` has no `sources`"),
                );
            }
            let mut options = CompileOptions::clone(&base);
            options.defines.extend(group.defines.clone());
            options
                .include_dirs
                .extend(group.include_dirs.iter().cloned());
            options.flags.extend(group.flags.iter().cloned());
            let suffix = format!("-{called}");
            units.add_files(&group.sources, &suffix, &Arc::new(options), problems);
        }
        if let Some(table) = &self.members {
            for member in table.check(library, problems) {
                let place = Spanned::new(member.span(), ());
                let member = member.into_inner();
                let mut options = CompileOptions::clone(&base);
                options.defines.extend(member.defines);
                let name = format!("{}.o", member.name);
                units.add(&place, member.source, name, Arc::new(options), problems);
            }
        }
        let Units { units, .. } = units;
        for place in self
            .inline_assembly
            .iter()
            .filter(|place| units.iter().all(|unit| unit.source != *place.get_ref()))
        {
            let source = place.get_ref();
            problems.at(place, format!("`[library.{library}]` has `{source}` in `inline-assembly`, which is not among its `sources`"));
        }
        units
    }
}

/// The units of a library, as they are found.
struct Units<'a> {
    library: &'a Name,
    inline_assembly: BTreeSet<&'a SourceFile>,
    /// Of the members.
    names: BTreeSet<String>,
    units: Vec<Unit>,
}

impl Units<'_> {
    /// Adds files whose members end with `suffix`.
    fn add_files(
        &mut self,
        sources: &[Spanned<SourceFile>],
        suffix: &str,
        options: &Arc<CompileOptions>,
        problems: &mut Problems<'_>,
    ) {
        let mut written = BTreeSet::new();
        for (place, stem) in sources.iter().zip(member_stems(sources)) {
            let source = place.get_ref().clone();
            if written.insert(place.get_ref()) {
                let member = format!("{stem}{suffix}.o");
                self.add(place, source, member, options.clone(), problems);
            } else {
                problems.at(
                    place,
                    format!("`[library.{}]` names `{source}` twice", self.library),
                );
            }
        }
    }

    fn add<T>(
        &mut self,
        place: &Spanned<T>,
        source: SourceFile,
        member: String,
        options: Arc<CompileOptions>,
        problems: &mut Problems<'_>,
    ) {
        if !self.names.insert(member.clone()) {
            problems.at(
                place,
                format!(
                    "`[library.{}]` has two members called `{member}`",
                    self.library
                ),
            );
        }
        let inline_assembly = self.inline_assembly.contains(&source);
        self.units.push(Unit {
            source,
            member,
            options,
            inline_assembly,
        });
    }
}

/// `adler32` for `adler32.c`; where two sources have the same name but for its end, their whole
/// paths with `_` for `/`, so that each member can be told by its name.
fn member_stems(sources: &[Spanned<SourceFile>]) -> Vec<String> {
    let mut count: BTreeMap<&str, usize> = BTreeMap::new();
    for source in sources {
        *count.entry(source.get_ref().stem()).or_default() += 1;
    }
    let stems = sources.iter().map(Spanned::get_ref).map(|source| {
        if count[source.stem()] == 1 {
            return source.stem().to_owned();
        }
        let path = source.path().as_str().replace('/', "_");
        path.rsplit_once('.')
            .map_or(path.clone(), |(stem, _)| stem.to_owned())
    });
    stems.collect()
}

#[derive(Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[schemars(rename = "PkgConfig")]
pub struct PkgConfigWire {
    /// What it is, in a line.
    description: Description,
    /// Libraries of this recipe to link.
    #[schemars(with = "Vec<Name>")]
    libraries: Vec<Spanned<Name>>,
    /// Further linker arguments that every program needs.
    #[serde(default)]
    libs: Vec<LinkFlag>,
    /// Those that a static link needs.
    #[serde(default)]
    libs_private: Vec<LinkFlag>,
    /// Further compiler arguments beside the include folder.
    #[serde(default)]
    cflags: Vec<ConsumerFlag>,
    /// Those for a static link.
    #[serde(default)]
    cflags_private: Vec<ConsumerFlag>,
}

impl PkgConfigWire {
    /// The module `name` of a recipe that makes `known`.
    pub fn check(
        self,
        name: &Name,
        known: &BTreeSet<Name>,
        problems: &mut Problems<'_>,
    ) -> PkgConfig {
        for library in self
            .libraries
            .iter()
            .filter(|library| !known.contains(library.get_ref()))
        {
            problems.at(
                library,
                format!(
                    "`[pkg-config.{name}]` names the library `{}`, which the recipe does not make",
                    library.get_ref()
                ),
            );
        }
        PkgConfig {
            description: self.description,
            libraries: self
                .libraries
                .into_iter()
                .map(Spanned::into_inner)
                .collect(),
            libs: self.libs,
            libs_private: self.libs_private,
            cflags: self.cflags,
            cflags_private: self.cflags_private,
        }
    }
}
