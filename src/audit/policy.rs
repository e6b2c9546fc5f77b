//! The rules on lock and recipes: what is excluded, licences, patches, digests.

use super::finding::{Finding, Rule};
use crate::model::{
    ExclusionStatement, Exclusions, Place, Policy, RelPath, Selected, Sha256, Trace,
};

/// What the rules are asked of.
pub struct Subjects<'a> {
    pub sources: &'a [Selected],
    /// The paths of each source's inputs, where its tree is in the store; else the recipe's own
    /// lists are looked at.
    pub inputs: &'a [Option<Vec<RelPath>>],
    /// The lock's file, as it is shown.
    pub lockfile: &'a str,
}

/// Searches lock, recipes and inputs for what is excluded.
#[must_use]
pub fn excluded(subjects: &Subjects<'_>, exclusions: &Exclusions) -> ExclusionStatement {
    let mut statement = ExclusionStatement::default();
    for (selected, inputs) in subjects.sources.iter().zip(subjects.inputs) {
        let Selected { recipe, source, .. } = selected;
        let compared = source.compared.iter().map(|compared| &compared.origin);
        let tests = source.tests.iter().flat_map(|tests| &tests.origins);
        let packages = source
            .origins
            .iter()
            .chain(compared)
            .chain(tests)
            .filter_map(|origin| match &origin.place {
                Place::Crate { name, .. } | Place::Debian { package: name, .. } => Some(name),
                Place::Url(_) | Place::Folder(_) => None,
            });
        let lock = std::iter::once(&recipe.name)
            .chain(packages)
            .map(|name| (Trace::Lock, subjects.lockfile, name.as_str()));
        let libraries = recipe.libraries.iter().map(|library| &library.name);
        let modules = recipe.pkg_configs.keys();
        let names = recipe
            .required()
            .into_iter()
            .chain(libraries)
            .chain(modules)
            .chain([&recipe.name]);
        let recipes = names.map(|name| (Trace::Recipe, recipe.file.as_str(), name.as_str()));
        let licenses: Vec<_> = recipe.license.expression.licenses().collect();
        let licenses = licenses
            .iter()
            .map(|license| (Trace::License, recipe.file.as_str(), license.as_str()));
        let title = selected.title();
        let listed = selected.inputs.files.iter();
        let overlays = selected.overlays.iter().map(|(path, _)| path);
        let paths: Vec<&RelPath> = inputs.as_ref().map_or_else(
            || listed.chain(overlays).collect(),
            |paths| paths.iter().collect(),
        );
        let inputs = paths
            .into_iter()
            .map(|path| (Trace::Input, title.as_str(), path.as_str()));
        statement.extend(exclusions.search(lock.chain(recipes).chain(licenses).chain(inputs)));
    }
    statement
}

/// A finding for each thing that `statement` found.
pub fn of_statement(statement: &ExclusionStatement) -> impl Iterator<Item = Finding> + '_ {
    statement.found.iter().map(|found| {
        let message = format!(
            "it names `{}`, which is excluded ({}): {}",
            found.found, found.excluded, found.reason
        );
        Finding::violation(Rule::Excluded, found.place.clone(), message)
    })
}

/// The rules on licences, patches and digests.
#[must_use]
pub fn findings(subjects: &Subjects<'_>, policy: &Policy) -> Vec<Finding> {
    let mut found = Vec::new();
    for selected in subjects.sources {
        let file = format!("recipes/{}", selected.recipe.file);
        let of_recipe = licenses(selected, policy)
            .into_iter()
            .chain(patches(selected));
        found.extend(of_recipe.map(|finding| finding.within(file.clone())));
    }
    if !policy.allows_digest(Sha256::ALGORITHM) {
        let message = format!(
            "its digests are {}; the policy allows {}",
            Sha256::ALGORITHM,
            policy.digests().join(", ")
        );
        found.push(
            Finding::violation(Rule::DigestAlgorithm, "the lock", message)
                .within(subjects.lockfile),
        );
    }
    found
}

fn licenses(selected: &Selected, policy: &Policy) -> Option<Finding> {
    let expression = &selected.recipe.license.expression;
    let others = policy.check_license(expression).err()?;
    let message = format!(
        "`{expression}` can't be met with what the policy allows; not allowed: {}",
        others.join(", ")
    );
    Some(Finding::violation(
        Rule::LicenseNotAllowed,
        selected.title(),
        message,
    ))
}

fn patches(selected: &Selected) -> impl Iterator<Item = Finding> + '_ {
    let patches = selected.recipe.patches.iter();
    let without = patches.filter(|patch| patch.reason.trim().is_empty());
    without.map(|patch| {
        Finding::violation(
            Rule::PatchReason,
            selected.title(),
            format!("{} has no reason", patch.file),
        )
    })
}
