//! Which files of a source take part without being named: those that others include, and those that
//! patches change. `docs/decisions/0034-derived-inputs.md` says why it is done so.

use std::collections::BTreeSet;

use super::includes::{Root, included};
use super::ours::OurFiles;
use super::relock::Reached;
use super::source::archive_root;
use super::tree::Draft;
use super::{FetchError, Fetcher, patch, unpack};
use crate::model::{CompileOptions, Recipe, RelPath, SourceFile, Suite};
use crate::plan;
use crate::report::Event;

impl Fetcher<'_> {
    /// What takes part beside what the recipes of `all`, one for each configuration, name and
    /// select: `start`, the files that patches change, and those that what is compiled includes,
    /// or what `suite` compiles. Only what all of `reached` have takes part; a note names the rest.
    pub(super) fn includes(
        &self,
        subject: &str,
        all: &[OurFiles<'_>],
        start: &BTreeSet<RelPath>,
        suite: Option<&Suite>,
        reached: &[Reached],
    ) -> Result<BTreeSet<RelPath>, FetchError> {
        let mut includes = start.clone();
        let mut in_all: Option<BTreeSet<RelPath>> = None;
        for reached in reached {
            let Reached { origin, fetched } = reached;
            let root = archive_root(&origin.place, &origin.root);
            let known = unpack::list(fetched.path(), fetched.origin(), &root)?;
            for ours in all {
                let roots = suite.map_or(Roots::Recipe(ours.recipe), Roots::Suite);
                includes.extend(self.includes_in(subject, ours, start, roots, reached, &known)?);
            }
            in_all = Some(match in_all {
                Some(others) => others.intersection(&known).cloned().collect(),
                None => known,
            });
        }
        let in_all = in_all.unwrap_or_default();
        let (includes, others): (BTreeSet<_>, BTreeSet<_>) = includes
            .into_iter()
            .partition(|path| in_all.contains(path) || start.contains(path));
        if !others.is_empty() {
            let others: Vec<&str> = others.iter().map(RelPath::as_str).collect();
            let text = format!(
                "{subject}: not every origin has {}; no input, though a file names it in an `#include`",
                others.join(", ")
            );
            self.reporter.event(Event::Note { text });
        }
        Ok(includes)
    }

    /// What [`Self::includes`] finds for one configuration in one origin, whose archive has the
    /// files `known`.
    fn includes_in(
        &self,
        subject: &str,
        ours: &OurFiles<'_>,
        start: &BTreeSet<RelPath>,
        roots: Roots<'_>,
        reached: &Reached,
        known: &BTreeSet<RelPath>,
    ) -> Result<BTreeSet<RelPath>, FetchError> {
        let Recipe { inputs, extras, .. } = &**ours.recipe;
        let named = inputs.with(start);
        let patched = ours.patches().flat_map(|(_, text)| patch::named(text));
        let patched = patched.filter(|path| known.contains(path) && !named.selects(path));
        let mut includes: BTreeSet<RelPath> = start.iter().cloned().chain(patched).collect();
        // What a file includes is known once it is unpacked, and patched.
        loop {
            let opened = self.open(subject, reached, &inputs.with(&includes), extras)?;
            let selected = ours.select(plan::inputs_digest(&opened.inputs), includes.clone());
            let draft = Draft::of(&selected, opened.unpacked)?;
            let there: BTreeSet<RelPath> = draft.paths().cloned().collect();
            let all = there.union(known).cloned().collect();
            let found = included(&roots.among(&there), &all, |path| draft.read(path))?;
            let before = includes.len();
            includes.extend(found.into_iter().filter(|path| !there.contains(path)));
            if includes.len() == before {
                return Ok(includes);
            }
        }
    }
}

/// Where the search for what is included begins.
#[derive(Clone, Copy)]
enum Roots<'a> {
    /// At what a recipe compiles.
    Recipe(&'a Recipe),
    /// At what the programs of tests are made from.
    Suite(&'a Suite),
}

impl Roots<'_> {
    /// The files of `there`, a tree, to begin with.
    fn among<'r>(&'r self, there: &'r BTreeSet<RelPath>) -> BTreeSet<Root<'r>> {
        let root = |options: &'r CompileOptions, file: &'r RelPath| Root {
            folders: &options.include_dirs,
            file,
        };
        match self {
            Self::Recipe(recipe) => {
                let units = recipe.units();
                let units = units.map(|(_, unit)| root(&unit.options, unit.source.path()));
                units.collect()
            }
            Self::Suite(suite) => {
                let programs = suite.programs.iter().flat_map(|program| {
                    let named = program.sources.named().iter().map(SourceFile::path);
                    let each = there.iter().filter(|path| program.sources.selects(path));
                    named
                        .chain(each)
                        .map(move |file| root(&program.options, file))
                });
                programs.collect()
            }
        }
    }
}
