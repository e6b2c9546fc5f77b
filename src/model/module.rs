//! pkg-config modules: what a recipe says of one, and what its `.pc` file says, of which the rest
//! follows from the graph of the libraries.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::config::SETJMP_LIBRARY;
use super::graph::Graph;
use super::library::{Edge, LibraryId, Visibility};
use super::{ConsumerFlag, Description, Language, LinkFlag, Name, Recipe};

/// What a `.pc` file says, but for name, version, URL and the prefix's folders.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Module {
    pub description: Description,
    /// Modules of libraries that its own require publicly.
    pub requires: Vec<Name>,
    /// Modules of libraries that its own require privately.
    pub requires_private: Vec<Name>,
    /// The linker's arguments for every program, its libraries first.
    pub libs: Vec<LinkFlag>,
    /// Those that a static link needs beside them.
    pub libs_private: Vec<LinkFlag>,
    pub cflags: Vec<ConsumerFlag>,
    pub cflags_private: Vec<ConsumerFlag>,
}

/// The modules of `recipes`, whose libraries are those of `graph`, by name.
///
/// A module requires the modules of the libraries that its own libraries require. A library that is
/// in several modules is linked through the first of them by name; one that is in none is linked by
/// the module itself, with what it requires in turn.
#[must_use]
pub fn modules<'a>(
    graph: &'a Graph,
    recipes: impl IntoIterator<Item = &'a Recipe>,
) -> BTreeMap<Name, Module> {
    let recipes: Vec<&Recipe> = recipes.into_iter().collect();
    let mut owners: BTreeMap<LibraryId, &Name> = BTreeMap::new();
    let mut archives: BTreeSet<LibraryId> = BTreeSet::new();
    let mut with_cxx: BTreeSet<LibraryId> = BTreeSet::new();
    let mut with_setjmp: BTreeSet<LibraryId> = BTreeSet::new();
    for recipe in &recipes {
        for (name, module) in &recipe.pkg_configs {
            for library in &module.libraries {
                owners.entry(recipe.library_id(library)).or_insert(name);
            }
        }
        for library in &recipe.libraries {
            let id = recipe.library_id(&library.name);
            let units = library.units();
            if units
                .iter()
                .any(|unit| unit.source.language() == Language::Cxx)
            {
                with_cxx.insert(id.clone());
            }
            if units.iter().any(|unit| unit.options.setjmp) {
                with_setjmp.insert(id.clone());
            }
            if library.archive().is_some() {
                archives.insert(id);
            }
        }
    }
    let known = KnownModules {
        graph,
        owners,
        archives,
        runtimes: [(with_cxx, CXX_RUNTIME), (with_setjmp, SETJMP_RUNTIME)],
    };
    let all = recipes.iter().flat_map(|recipe| {
        recipe
            .pkg_configs
            .iter()
            .map(move |(name, module)| (recipe, name, module))
    });
    let derived = all.map(|(recipe, name, module)| {
        let own: Vec<LibraryId> = module
            .libraries
            .iter()
            .map(|library| recipe.library_id(library))
            .collect();
        let mut derived = Module {
            description: module.description.clone(),
            requires: Vec::new(),
            requires_private: Vec::new(),
            libs: own
                .iter()
                .filter_map(|library| known.link(library))
                .collect(),
            libs_private: Vec::new(),
            cflags: module.cflags.clone(),
            cflags_private: module.cflags_private.clone(),
        };
        known.follow(name, &own, &mut derived);
        derived.libs.extend(module.libs.iter().cloned());
        derived
            .libs_private
            .extend(module.libs_private.iter().cloned());
        (name.clone(), derived)
    });
    derived.collect()
}

/// The C++ standard library, which clang does not link by itself when it is called as a C compiler.
/// It is in `Libs` and not in `Libs.private`: all libraries here are static, and many consumers ask
/// pkg-config without `--static`.
const CXX_RUNTIME: &[&str] = &["-lc++", "-lc++abi"];

/// What `setjmp` and `longjmp` call; in `Libs` for the same reason.
const SETJMP_RUNTIME: &[&str] = &[SETJMP_LIBRARY];

struct KnownModules<'a> {
    graph: &'a Graph,
    /// The module of each library that is in one.
    owners: BTreeMap<LibraryId, &'a Name>,
    /// The libraries that there is something to link of.
    archives: BTreeSet<LibraryId>,
    /// Libraries that have a member made from C++, or one that calls `setjmp`, with what of the SDK
    /// they need beside its C library.
    runtimes: [(BTreeSet<LibraryId>, &'static [&'static str]); 2],
}

impl KnownModules<'_> {
    /// The linker's argument for a library; none for headers alone.
    fn link(&self, id: &LibraryId) -> Option<LinkFlag> {
        self.archives.contains(id).then(|| {
            format!("-l{}", id.library)
                .parse()
                .expect("a library's name is one for the linker")
        })
    }

    /// Adds what the libraries `own` of the module `name` require, and what of the SDK those need
    /// that the module links itself.
    fn follow(&self, name: &Name, own: &[LibraryId], module: &mut Module) {
        let mut seen: BTreeSet<&LibraryId> = own.iter().collect();
        // What is linked by this module itself. Public edges are followed first, so that what is
        // required both ways is public; of a library that is linked privately, everything is.
        let mut linked: Vec<&LibraryId> = own.iter().collect();
        for visibility in [Visibility::Public, Visibility::Private] {
            let (requires, libs) = match visibility {
                Visibility::Public => (&mut module.requires, &mut module.libs),
                Visibility::Private => (&mut module.requires_private, &mut module.libs_private),
            };
            let mut next = 0;
            while let Some(from) = linked.get(next) {
                next += 1;
                for Edge { to, .. } in self
                    .graph
                    .requires(from)
                    .iter()
                    .filter(|edge| edge.visibility <= visibility)
                {
                    if !seen.insert(to) {
                        continue;
                    }
                    match self.owners.get(to) {
                        Some(owner) if *owner == name || requires.contains(owner) => {}
                        Some(owner) => requires.push((*owner).clone()),
                        None => {
                            libs.extend(self.link(to));
                            linked.push(to);
                        }
                    }
                }
            }
        }
        let public = module.requires.clone();
        module
            .requires_private
            .retain(|name| !public.contains(name));
        for (libraries, flags) in &self.runtimes {
            if linked.iter().any(|library| libraries.contains(*library)) {
                let flags = flags
                    .iter()
                    .map(|flag| flag.parse().expect("a flag for the linker"));
                module.libs.extend(flags);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A recipe `name` with libraries and modules as they are written.
    fn recipe(name: &str, tables: &str) -> Recipe {
        let text = format!(
            "name = '{name}'\nversions = ['1']\nsummary = 's'\nhomepage = 'https://example.org/'\noriginator = 'o'\n\
             license = {{ expression = 'MIT', files = ['LICENSE'], copyright = 'NONE' }}\n\
             identifiers = {{ cpe = 'a:b', purl = 'pkg:generic/{name}' }}\ninputs = {{ include = ['*'], max-size = 1000 }}\n\
             origin = [{{ folder = 'f', root = '' }}]\n{tables}"
        );
        Recipe::clone(&Recipe::example(&text))
    }

    /// `Requires`, `Requires.private`, `Libs` and `Libs.private` of the module `name`.
    fn module(recipes: &[Recipe], name: &str) -> [String; 4] {
        let graph = Graph::new(recipes).expect("a graph");
        let all = modules(&graph, recipes);
        let module = &all[&name.parse::<Name>().expect("a name")];
        let joined = |names: &[Name]| names.iter().map(Name::as_str).collect::<Vec<_>>().join(" ");
        let flags = |flags: &[LinkFlag]| {
            flags
                .iter()
                .map(LinkFlag::as_str)
                .collect::<Vec<_>>()
                .join(" ")
        };
        [
            joined(&module.requires),
            joined(&module.requires_private),
            flags(&module.libs),
            flags(&module.libs_private),
        ]
    }

    #[test]
    fn a_module_requires_the_modules_of_what_its_libraries_require() {
        let base = "[library.a]\nsources = ['a.c']\n[library.b]\nsources = ['b.c']\n\
                    [pkg-config.ma]\ndescription = 'a'\nlibraries = ['a']\n[pkg-config.mb]\ndescription = 'b'\nlibraries = ['b']\n";
        let top = "[library.t]\nsources = ['t.c']\nrequires = ['base/a']\nrequires-private = ['base/b']\n\
                   [pkg-config.t]\ndescription = 't'\nlibraries = ['t']\nlibs = ['-lm']\n";
        let recipes = [recipe("base", base), recipe("top", top)];
        assert_eq!(module(&recipes, "t"), ["ma", "mb", "-lt -lm", ""]);
        assert_eq!(module(&recipes, "ma"), ["", "", "-la", ""]);
    }

    #[test]
    fn a_module_that_links_cxx_itself_links_its_standard_library_too() {
        let own = "[library.t]\nsources = ['t.c']\nrequires-private = ['x']\n[library.x]\nsources = ['c.c', 'x.cc']\n\
                   [library.u]\nsources = ['u.c']\nrequires = ['v']\n[library.v]\nsources = ['v.cpp']\n\
                   [pkg-config.t]\ndescription = 't'\nlibraries = ['t']\n[pkg-config.u]\ndescription = 'u'\nlibraries = ['u']\n\
                   [pkg-config.v]\ndescription = 'v'\nlibraries = ['v']\n";
        let recipes = [recipe("own", own)];
        assert_eq!(module(&recipes, "t"), ["", "", "-lt -lc++ -lc++abi", "-lx"]);
        // The module of the library in C++ has it, and is required.
        assert_eq!(module(&recipes, "u"), ["v", "", "-lu", ""]);
        assert_eq!(module(&recipes, "v"), ["", "", "-lv -lc++ -lc++abi", ""]);
    }

    #[test]
    fn a_library_that_is_in_no_module_is_linked_by_the_one_that_needs_it_with_what_it_requires() {
        let own = "[library.t]\nsources = ['t.c']\nrequires = ['p', 'h']\nrequires-private = ['q']\n\
                   [library.p]\nsources = ['p.c']\nrequires = ['u']\nrequires-private = ['v']\n\
                   [library.q]\nsources = ['q.c']\nrequires = ['u', 'w', 'm']\n\
                   [library.h]\nkind = 'header-only'\nrequires = ['x']\n[library.h.headers]\n'h.h' = 'h.h'\n\
                   [library.u]\nsources = ['u.c']\n[library.v]\nsources = ['v.c']\n[library.w]\nsources = ['w.c']\n\
                   [library.x]\nsources = ['x.c']\n[library.m]\nsources = ['m.c']\n\
                   [pkg-config.t]\ndescription = 't'\nlibraries = ['t']\n[pkg-config.m]\ndescription = 'm'\nlibraries = ['m']\n";
        assert_eq!(
            module(&[recipe("own", own)], "t"),
            ["", "m", "-lt -lp -lu -lx", "-lq -lv -lw"]
        );
    }
}
