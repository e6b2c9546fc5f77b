//! `wasideps sbom`.

use crate::build::{BuildError, Manifest, SBOM};
use crate::cli::args::{Global, SbomArgs};
use crate::cli::context;
use crate::cli::error::{CliError, Failures};
use crate::cli::printer::Printer;
use crate::model::Sha256;
use crate::sbom::{Context, sources_document};

pub fn run(args: &SbomArgs, global: &Global, printer: &Printer) -> Result<(), Failures> {
    if let Some(prefix) = &args.prefix {
        let manifest = Manifest::read(prefix)?.ok_or_else(|| BuildError::NoPrefix { prefix: prefix.clone() })?;
        let path = prefix.join(SBOM);
        let text = fs_err::read_to_string(&path).map_err(|source| CliError::Read { path: path.clone(), source })?;
        let found = Sha256::of(text.as_bytes());
        match manifest.files.iter().find(|file| file.path.as_str() == SBOM) {
            Some(file) if file.sha256 == found => {}
            file => {
                let expected = file.map_or_else(|| "nothing of it".to_owned(), |file| file.sha256.to_string());
                return Err(
                    CliError::DamagedPrefix { path, problem: format!("it has SHA-256 {found}; the manifest says {expected}") }.into()
                );
            }
        }
        printer.document(&text);
        return Ok(());
    }
    let catalog = context::catalog(global)?;
    let lock = context::lock(global)?;
    let created = context::created(&lock)?;
    let selection = catalog.select(&lock, &[])?;
    let text = sources_document(&selection.sources, &Context { created: &created, exclusions: catalog.exclusions() });
    let Some(file) = &args.check else {
        printer.document(&text);
        return Ok(());
    };
    let committed = fs_err::read_to_string(file).map_err(|source| CliError::Read { path: file.clone(), source })?;
    if committed == text {
        printer.result(&format!("{file} is what the lock gives\n"));
        return Ok(());
    }
    let same = committed.lines().zip(text.lines()).take_while(|(committed, now)| committed == now).count();
    Err(CliError::StaleSbom { file: file.clone(), line: same + 1 }.into())
}
