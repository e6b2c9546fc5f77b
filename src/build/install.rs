//! From trees and objects to the files of a prefix: archives, headers, licences, `.pc` files.

use super::cmake::{self, CMakePackages};
use super::compile::Object;
use super::manifest::{ManifestArchive, ManifestLibrary, ManifestMember, ManifestSource};
use super::prefix::{From, PrefixStage};
use super::schedule::CompiledPlan;
use super::{BuildError, archive, pkg_config};
use crate::fetch::SourceTree;
use crate::model::{LicenseText, Name, RelPath};
use crate::plan::{IndexVec, JobId, Plan, PlannedArchive, PlannedLibrary, PlannedSource};

/// Puts everything that `plan` makes into `stage`, and says what each source gave.
///
/// # Errors
/// All that is missing from the trees or can't be written.
pub fn install(
    plan: &Plan,
    compiled: &CompiledPlan<'_>,
    stage: &mut PrefixStage,
) -> Result<Vec<ManifestSource>, Vec<BuildError>> {
    let mut sources = Vec::new();
    let mut errors = Vec::new();
    let packages = CMakePackages::of(plan);
    for (id, source) in plan.sources.entries() {
        let installed = install_packages(&packages, source, stage).and_then(|()| {
            install_source(plan, source, &compiled.trees[id], &compiled.objects, stage)
        });
        match installed {
            Ok(installed) => sources.push(installed),
            Err(error) => errors.push(error),
        }
    }
    if errors.is_empty() {
        Ok(sources)
    } else {
        Err(errors)
    }
}

fn install_packages(
    packages: &CMakePackages<'_>,
    source: &PlannedSource,
    stage: &mut PrefixStage,
) -> Result<(), BuildError> {
    let recipe = &source.selected.recipe;
    let version = cmake::config_version(&source.selected.source.version);
    for (name, targets) in &recipe.cmake_packages {
        let config = packages.config(source, name, targets);
        for (path, text) in [
            (name.config_file(), &config),
            (name.version_file(), &version),
        ] {
            let path = path.parse().expect("a name of a package is one for a file");
            stage.add(path, text.as_bytes(), From::Made(&recipe.name))?;
        }
    }
    Ok(())
}

fn install_source(
    plan: &Plan,
    source: &PlannedSource,
    tree: &SourceTree,
    objects: &IndexVec<JobId, Object<'_>>,
    stage: &mut PrefixStage,
) -> Result<ManifestSource, BuildError> {
    let recipe = &source.selected.recipe;
    let version = &source.selected.source.version;
    let owner = &recipe.name;
    let read = |what, file: &RelPath| match tree.entry().file(file) {
        Some(_) => Ok(tree.entry().read(file)?),
        None => Err(BuildError::MissingInput {
            subject: source.selected.title(),
            what,
            file: file.clone(),
        }),
    };
    for (from, to) in recipe.headers() {
        stage.add(
            below("include", to.as_str()),
            &read("headers", from)?,
            From::Copy(owner, from),
        )?;
    }
    let licenses = format!("share/licenses/{}", recipe.name);
    match &recipe.license.text {
        LicenseText::Files(files) => {
            for file in files {
                stage.add(
                    below(&licenses, file.as_str()),
                    &read("license.files", file)?,
                    From::Copy(owner, file),
                )?;
            }
        }
        LicenseText::CommentOf(file) => {
            let text = String::from_utf8_lossy(&read("license.comment-of", file)?).into_owned();
            let comment = first_comment(&text).ok_or_else(|| BuildError::NoLicenceComment {
                subject: source.selected.title(),
                file: file.clone(),
            })?;
            stage.add(
                below(&licenses, "LICENSE"),
                comment.as_bytes(),
                From::Made(owner),
            )?;
        }
    }
    for (name, module) in &source.modules {
        let text = pkg_config::text(recipe, version, name, module);
        stage.add(
            below("lib/pkgconfig", &format!("{name}.pc")),
            text.as_bytes(),
            From::Made(owner),
        )?;
    }
    let libraries = source
        .libraries
        .iter()
        .map(|library| install_library(plan, library, objects, source, stage));
    Ok(ManifestSource {
        name: recipe.name.clone(),
        version: version.clone(),
        inputs: source.selected.source.inputs,
        tree: source.tree_key,
        libraries: libraries.collect::<Result<_, _>>()?,
        modules: source.modules.clone(),
    })
}

fn install_library(
    plan: &Plan,
    library: &PlannedLibrary,
    objects: &IndexVec<JobId, Object<'_>>,
    source: &PlannedSource,
    stage: &mut PrefixStage,
) -> Result<ManifestLibrary, BuildError> {
    let archive = library.archive.as_ref();
    Ok(ManifestLibrary {
        name: library.id.library.clone(),
        headers: library
            .headers
            .values()
            .map(|to| below("include", to.as_str()))
            .collect(),
        requires: library.requires.clone(),
        requires_private: library.requires_private.clone(),
        archive: archive
            .map(|archive| {
                install_archive(plan, &library.id.library, archive, objects, source, stage)
            })
            .transpose()?,
    })
}

fn install_archive(
    plan: &Plan,
    library: &Name,
    archive: &PlannedArchive,
    objects: &IndexVec<JobId, Object<'_>>,
    source: &PlannedSource,
    stage: &mut PrefixStage,
) -> Result<ManifestArchive, BuildError> {
    let members = archive
        .members
        .iter()
        .map(|member| Ok((member.name.clone(), objects[member.job].read()?)));
    let bytes = archive::archive(library, members.collect::<Result<_, BuildError>>()?)?;
    stage.add(
        archive.path.clone(),
        &bytes,
        From::Made(&source.selected.recipe.name),
    )?;
    let members = archive.members.iter().map(|member| ManifestMember {
        name: member.name.clone(),
        source: plan.jobs[member.job].job.file.clone(),
        sha256: objects[member.job].sha256,
    });
    Ok(ManifestArchive {
        path: archive.path.clone(),
        members: members.collect(),
    })
}

/// The text of the first comment of a C file, without the marks of the comment, where the file
/// starts with one.
fn first_comment(text: &str) -> Option<String> {
    let body = text.trim_start().strip_prefix("/*")?.split_once("*/")?.0;
    let lines = body
        .lines()
        .map(|line| line.trim().trim_start_matches('*').trim());
    let text = lines.collect::<Vec<_>>().join("\n");
    Some(format!("{}\n", text.trim()))
}

fn below(folder: &str, path: &str) -> RelPath {
    format!("{folder}/{path}")
        .parse()
        .expect("a relative path below a folder is one")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_comment_is_taken_without_its_marks() {
        let text = "/*\n** 2001-09-15\n**\n**    May you do good.\n*************\n** rest */ int x; /* other */";
        assert_eq!(
            first_comment(text).as_deref(),
            Some("2001-09-15\n\nMay you do good.\n\nrest\n")
        );
        assert_eq!(first_comment("int x; /* late */"), None);
    }
}
