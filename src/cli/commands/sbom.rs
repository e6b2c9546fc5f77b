//! `wasideps sbom`, `wasideps sbom explain`.

use std::fmt::Write as _;

use camino::Utf8Path;

use crate::build::{BUILD_TRACE, BuildTrace, Installed, Manifest, SBOM};
use crate::cli::args::{ExplainArgs, Global, SbomArgs, SbomCommand, SbomFormat, SbomProfile};
use crate::cli::error::{CliError, Failures};
use crate::cli::printer::Printer;
use crate::cli::table;
use crate::cli::{contents, context};
use crate::model::{Name, SelectionError};
use crate::sbom::{
    self, BuiltPrefix, Context, Explained, FileOfPrefix, MemberOfArchive, Page, SpecVersion, Wheel,
};
use crate::store::{PARSED_LIMIT, TEXT_LIMIT, read_text};

pub fn run(args: &SbomArgs, global: &Global, printer: &Printer) -> Result<(), Failures> {
    match &args.command {
        Some(SbomCommand::Explain(args)) => return explain(args, printer),
        None => {}
    }
    if let Some(file) = &args.html {
        return html(file, args.prefix.as_deref(), global, printer);
    }
    if let (Some(prefix), Some(dist_info)) = (&args.prefix, &args.wheel) {
        return wheel(prefix, dist_info, &args.linked, global, printer);
    }
    if let Some(prefix) = &args.prefix {
        printer.document(&of_prefix(prefix, args, global, printer)?);
        return Ok(());
    }
    let session = context::session(global, printer)?;
    let context = session.context()?;
    let sources = session.overview(&[])?;
    let externals = session.overview(&session.by_default())?;
    if let Some(dir) = &args.write {
        let documents = sbom::committed(&sources, &externals, &context);
        return write(dir, &documents, printer);
    }
    if let Some(dir) = args.check.as_ref().filter(|path| path.is_dir()) {
        if args.profile.is_some() || args.format != SbomFormat::Spdx {
            return Err(CliError::OneOfFolder { dir: dir.clone() }.into());
        }
        let documents = sbom::committed(&sources, &externals, &context);
        return check_folder(dir, &documents, printer);
    }
    let (text, option) = match (args.profile, args.format) {
        (Some(SbomProfile::CpythonExternals), _) => (
            sbom::externals_document(&externals),
            " --profile cpython-externals",
        ),
        (None, SbomFormat::Spdx) => (sbom::sources_document(&sources, &context), ""),
        (None, SbomFormat::Spdx3) => (
            sbom::spdx3_sources_document(&sources, &context),
            " --format spdx3",
        ),
        (None, SbomFormat::Cyclonedx) => (
            sbom::cyclonedx_sources_document(&sources, SpecVersion::V1_6, &context),
            " --format cyclonedx",
        ),
        (None, SbomFormat::Cyclonedx17) => (
            sbom::cyclonedx_sources_document(&sources, SpecVersion::V1_7, &context),
            " --format cyclonedx-1.7",
        ),
        (None, SbomFormat::Provenance) => return Err(CliError::ProvenanceOfLock.into()),
    };
    let Some(file) = &args.check else {
        printer.document(&text);
        return Ok(());
    };
    check(file, &text, &format!("wasideps sbom{option} > {file}"))?;
    printer.result(&format!("{file} is what the lock gives\n"));
    Ok(())
}

/// The text of the document of a prefix that the options ask for.
fn of_prefix(
    prefix: &Utf8Path,
    args: &SbomArgs,
    global: &Global,
    printer: &Printer,
) -> Result<String, Failures> {
    let opened = Installed::open(prefix)?;
    let manifest = opened.manifest();
    let path = match (&args.source, args.format) {
        (None, SbomFormat::Spdx) => SBOM.to_owned(),
        (None, SbomFormat::Spdx3) => sbom::SPDX3.to_owned(),
        (None, SbomFormat::Cyclonedx) => sbom::CYCLONEDX.to_owned(),
        (None, SbomFormat::Provenance) => sbom::PROVENANCE.to_owned(),
        // Not installed: made from what is.
        (None, SbomFormat::Cyclonedx17) => {
            return with_built(prefix, global, printer, |built, _, context| {
                Ok(sbom::cyclonedx_prefix_document(
                    built,
                    SpecVersion::V1_7,
                    context,
                ))
            });
        }
        (Some(name), _) => {
            let known = || {
                manifest
                    .sources
                    .iter()
                    .map(|source| source.name.to_string())
                    .collect()
            };
            let unknown = || SelectionError::Unknown {
                name: name.clone(),
                known: known(),
            };
            let source = manifest
                .sources
                .iter()
                .find(|source| source.name == *name)
                .ok_or_else(unknown)?;
            sbom::source_document_path(&source.name).to_string()
        }
    };
    Ok(contents::text(&opened, &path)?)
}

/// Hands on the prefix with what it was made from, where the recipes and the lock are those that it
/// was made by.
fn with_built<T>(
    prefix: &Utf8Path,
    global: &Global,
    printer: &Printer,
    then: impl FnOnce(&BuiltPrefix<'_>, &Installed, &Context<'_>) -> Result<T, Failures>,
) -> Result<T, Failures> {
    let session = context::session(global, printer)?;
    let context = session.context()?;
    let opened = Installed::open(prefix)?;
    let manifest = opened.manifest();
    contents::text(&opened, BUILD_TRACE)?;
    let trace = BuildTrace::read(&opened)?;
    let names: Vec<_> = manifest
        .sources
        .iter()
        .map(|source| source.name.clone())
        .collect();
    let selection = session.select(&names, manifest.toolchain.config)?;
    let built = BuiltPrefix::new(selection.sources.iter().collect(), manifest, &trace);
    then(
        &built.ok_or_else(|| CliError::OtherPlan {
            prefix: prefix.to_owned(),
        })?,
        &opened,
        &context,
    )
}

/// Writes what the wheel of the folder `dist_info` holds of the prefix.
fn wheel(
    prefix: &Utf8Path,
    dist_info: &Utf8Path,
    linked: &[Name],
    global: &Global,
    printer: &Printer,
) -> Result<(), Failures> {
    let metadata = dist_info.join("METADATA");
    let text = read_text(&metadata, TEXT_LIMIT).map_err(|source| CliError::Read {
        path: metadata.clone(),
        source,
    })?;
    let wheel = Wheel::parse(&text).map_err(|source| CliError::NotAWheel {
        path: metadata,
        source,
    })?;
    let text = with_built(prefix, global, printer, |built, _, context| {
        let known: Vec<&Name> = built
            .manifest
            .sources
            .iter()
            .map(|source| &source.name)
            .collect();
        if let Some(name) = linked.iter().find(|name| !known.contains(name)) {
            let known = known.into_iter().map(ToString::to_string).collect();
            return Err(SelectionError::Unknown {
                name: name.clone(),
                known,
            }
            .into());
        }
        let all = || known.iter().copied().cloned().collect();
        let linked = if linked.is_empty() {
            all()
        } else {
            linked.iter().cloned().collect()
        };
        Ok(sbom::wheel_document(built, &linked, &wheel, context))
    })?;
    let path = dist_info.join(sbom::WHEEL);
    let write = |source| CliError::Write {
        path: path.clone(),
        source,
    };
    fs_err::create_dir_all(path.parent().unwrap_or(dist_info)).map_err(write)?;
    fs_err::write(&path, text).map_err(write)?;
    printer.result(&format!("{path}\n"));
    Ok(())
}

/// Writes the page of the prefix, or that of the locked sources.
fn html(
    file: &Utf8Path,
    prefix: Option<&Utf8Path>,
    global: &Global,
    printer: &Printer,
) -> Result<(), Failures> {
    let text = match prefix {
        None => {
            let session = context::session(global, printer)?;
            let context = session.context()?;
            let sources = session.overview(&[])?;
            Page::of_sources(sources.iter().collect()).html(&context)
        }
        Some(prefix) => with_built(prefix, global, printer, |built, opened, context| {
            let page = Page::of_prefix(built, |path| contents::text(opened, path.as_str()))?;
            Ok(page.html(context))
        })?,
    };
    fs_err::write(file, text).map_err(|source| CliError::Write {
        path: file.to_owned(),
        source,
    })?;
    printer.result(&format!("{file}\n"));
    Ok(())
}

/// Fails where `file` does not hold `text`; `command` would write it.
fn check(file: &Utf8Path, text: &str, command: &str) -> Result<(), CliError> {
    let (file, command) = (file.to_owned(), command.to_owned());
    let committed = match read_text(&file, PARSED_LIMIT) {
        Ok(committed) => committed,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Err(CliError::MissingSbom { file, command });
        }
        Err(source) => return Err(CliError::Read { path: file, source }),
    };
    if committed == text {
        return Ok(());
    }
    let same = committed
        .lines()
        .zip(text.lines())
        .take_while(|(committed, now)| committed == now)
        .count();
    Err(CliError::StaleSbom {
        file,
        line: same + 1,
        command,
    })
}

fn check_folder(
    dir: &Utf8Path,
    documents: &[(&'static str, String)],
    printer: &Printer,
) -> Result<(), Failures> {
    let command = format!("wasideps sbom --write {dir}");
    let errors = documents
        .iter()
        .filter_map(|(name, text)| check(&dir.join(name), text, &command).err());
    Failures::check(errors.collect())?;
    let names: Vec<_> = documents.iter().map(|(name, _)| *name).collect();
    printer.result(&format!(
        "{dir} is what the lock gives: {}\n",
        names.join(", ")
    ));
    Ok(())
}

fn write(
    dir: &Utf8Path,
    documents: &[(&'static str, String)],
    printer: &Printer,
) -> Result<(), Failures> {
    fs_err::create_dir_all(dir).map_err(|source| CliError::Write {
        path: dir.to_owned(),
        source,
    })?;
    for (name, text) in documents {
        let path = dir.join(name);
        fs_err::write(&path, text).map_err(|source| CliError::Write {
            path: path.clone(),
            source,
        })?;
        printer.result(&format!("{path}\n"));
    }
    Ok(())
}

fn explain(args: &ExplainArgs, printer: &Printer) -> Result<(), Failures> {
    let prefix = args.prefix.path(args.config.config);
    let opened = Installed::open(&prefix)?;
    let manifest = opened.manifest();
    // Read for its digest: what is shown must be what was installed.
    contents::text(&opened, BUILD_TRACE)?;
    let trace = BuildTrace::read(&opened)?;
    let (path, member) = args
        .file
        .split_once(':')
        .map_or((args.file.as_str(), None), |(path, member)| {
            (path, Some(member))
        });
    let path = path.strip_prefix("./").unwrap_or(path);
    let mut found: Vec<Explained<'_>> = sbom::explain(manifest, &trace, path, member)
        .into_iter()
        .collect();
    if found.is_empty() && member.is_none() {
        // No file's name is a symbol's: files are in folders.
        for archive in manifest.archives() {
            let symbols = contents::symbols(&opened, &archive.path)?;
            let members = symbols.get(path).map_or(&[][..], Vec::as_slice);
            let explained = |member: &String| {
                sbom::explain(manifest, &trace, archive.path.as_str(), Some(member))
            };
            found.extend(members.iter().filter_map(explained));
        }
    }
    if found.is_empty() {
        return Err(CliError::NotInPrefix {
            prefix: prefix.clone(),
            what: args.file.clone(),
            known: known(manifest, &trace, path),
        }
        .into());
    }
    for explained in &found {
        printer.json("explained", explained);
        printer.result(&told(explained));
    }
    Ok(())
}

/// What could have been meant: the members of the archive, or the archives.
fn known(manifest: &Manifest, trace: &BuildTrace, path: &str) -> Vec<String> {
    let members: Vec<String> = trace
        .members_of(path)
        .map(|member| format!("{path}:{}", member.name))
        .collect();
    let archives = manifest.archives().map(|archive| archive.path.to_string());
    if members.is_empty() {
        archives.collect()
    } else {
        members
    }
}

fn told(explained: &Explained<'_>) -> String {
    match explained {
        Explained::Archive {
            path,
            source,
            sha256,
            members,
        } => {
            let mut rows = table::table(&["member", "made from", "headers", "SHA-256"]);
            for member in members {
                let from = format!("{}{}", member.source.path, changed(&member.source));
                rows.add_row([
                    member.name.to_owned(),
                    from,
                    member.headers.len().to_string(),
                    member.sha256.short(),
                ]);
            }
            format!(
                "{path}: {} objects of {source}, SHA-256 {sha256}\n\n{}",
                members.len(),
                table::text(&rows)
            )
        }
        Explained::Member {
            path,
            source,
            member,
        } => told_member(path.as_str(), source, member),
        Explained::Copy {
            path,
            source,
            sha256,
            file,
        } => {
            let from = file.as_ref().map_or_else(String::new, |file| {
                format!(": {}{}\n{}", file.path, changed(file), file.swhid)
            });
            format!("{path}: a file of {source}, SHA-256 {sha256}{from}\n")
        }
        Explained::Made {
            path,
            source,
            sha256,
        } => format!("{path}: written from the recipe of {source}, SHA-256 {sha256}\n"),
        Explained::About { path, sha256 } => {
            format!("{path}: about the whole prefix, SHA-256 {sha256}\n")
        }
    }
}

fn told_member(path: &str, source: &str, member: &MemberOfArchive<'_>) -> String {
    let mut text = format!(
        "{path}:{}: an object of {source}, SHA-256 {}\n{}\n\n",
        member.name, member.sha256, member.command
    );
    let mut rows = table::table(&["of", "file", "SHA-256"]);
    for file in std::iter::once(&member.source).chain(&member.headers) {
        rows.add_row([
            file.of.to_owned(),
            format!("{}{}", file.path, changed(file)),
            file.sha256.short(),
        ]);
    }
    let _ = write!(text, "{}", table::text(&rows));
    text
}

/// What makes a file another than upstream's.
fn changed(file: &FileOfPrefix<'_>) -> String {
    let patches = file
        .patches
        .iter()
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(", ");
    match file.origin {
        crate::build::FileOrigin::Overlay => " (of the recipe)".to_owned(),
        crate::build::FileOrigin::Made => file
            .made_from
            .map(|from| format!(" (made from {from})"))
            .unwrap_or_default(),
        _ if !patches.is_empty() => format!(" (patched by {patches})"),
        _ => String::new(),
    }
}
