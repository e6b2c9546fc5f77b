//! `wasideps pack` and `wasideps install`: a prefix for others, and from others.

use camino::Utf8Path;
use serde::{Deserialize, Serialize};
use url::Url;

use crate::build::{Installed, Prefix};
use crate::cli::args::{Global, InstallArgs, PackArgs, PrefixArgs};
use crate::cli::context;
use crate::cli::error::{CliError, Failures};
use crate::cli::printer::Printer;
use crate::cli::table;
use crate::model::{Sha256, printable};
use crate::pack::{self, INDEX, IndexPlace, PackedPrefix, write_wheel};
use crate::store::{PARSED_LIMIT, read_regular, write_atomically};

pub fn pack(args: &PackArgs, printer: &Printer) -> Result<(), Failures> {
    let prefix = args.prefix.path(args.config.config);
    let installed = Installed::open(&prefix)?;
    let index = pack::pack(&installed, &args.dir).map_err(Box::new)?;
    let mut rows = table::table(&["archive", "size", "SHA-256"]);
    for archive in &index.archives {
        rows.add_row([
            archive.file.to_string(),
            table::size(archive.size),
            archive.sha256.short(),
        ]);
    }
    let sha256 = Sha256::of(index.to_text().as_bytes());
    let wheel = args
        .wheel
        .as_ref()
        .map(|version| write_wheel(&installed, version, &args.dir).map_err(Box::new))
        .transpose()?;
    let file = args.dir.join(INDEX);
    printer.json(
        "packed",
        serde_json::json!({ "index": file, "sha256": sha256, "archives": index.archives, "wheel": wheel }),
    );
    printer.result(&table::text(&rows));
    if let Some(wheel) = wheel {
        printer.result(&format!("\n{wheel}\n"));
    }
    printer.result(&format!("\n{file}: SHA-256 {sha256}\n"));
    Ok(())
}

/// An index with its digest, as a file pins them.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Pin {
    /// A URL, or a path from the current folder.
    index: String,
    sha256: Sha256,
}

impl Pin {
    /// The pin in this file, where there is one.
    fn read(path: &Utf8Path) -> Result<Option<Self>, CliError> {
        match read_regular(path, PARSED_LIMIT) {
            Ok(text) => serde_json::from_slice(&text)
                .map(Some)
                .map_err(|source| CliError::Pin {
                    path: path.to_owned(),
                    source,
                }),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(source) => Err(CliError::Read {
                path: path.to_owned(),
                source,
            }),
        }
    }

    fn write(&self, path: &Utf8Path) -> Result<(), CliError> {
        let text = format!("{:#}\n", serde_json::json!(self));
        write_atomically(path, text.as_bytes()).map_err(|source| CliError::Write {
            path: path.to_owned(),
            source,
        })
    }
}

pub fn install(args: &InstallArgs, global: &Global, printer: &Printer) -> Result<(), Failures> {
    let pin = args.pin.as_deref().map(Pin::read).transpose()?.flatten();
    let named = match (&args.index, &pin, &args.pin) {
        (Some(named), ..) => named.clone(),
        (None, Some(pin), _) => pin.index.clone(),
        (None, None, path) => {
            return Err(CliError::NoIndex {
                path: path.clone().unwrap_or_default(),
            }
            .into());
        }
    };
    let pinned = args.index_sha256.or(pin.as_ref().map(|pin| pin.sha256));
    let session = context::session(global, printer)?;
    let fetcher = session.fetcher()?;
    let place = IndexPlace::named(&named);
    let packed = PackedPrefix::bring(&place, pinned, &fetcher).map_err(Box::new)?;
    printer.finish_bars();
    let wanted = PrefixArgs {
        prefix: args.prefix.clone(),
    };
    let path = wanted.path(packed.toolchain().config);
    let prefix = Prefix::hold(&path, printer)?;
    packed.install(&prefix, args.replace).map_err(Box::new)?;
    if let (Some(path), None) = (&args.pin, &pin) {
        let index = Url::parse(&named).map_or(named.clone(), |url| url.to_string());
        let sha256 = packed.index_sha256;
        Pin { index, sha256 }.write(path)?;
    }
    let manifest = Sha256::of(packed.manifest().to_text().as_bytes());
    printer.json(
        "installed",
        serde_json::json!({ "prefix": prefix.path(), "index_sha256": packed.index_sha256, "manifest_sha256": manifest, "toolchain": packed.toolchain() }),
    );
    printer.result(&format!(
        "{path} made with {} elsewhere, from {}\nindex: SHA-256 {}{}\nmanifest: SHA-256 {manifest}\n",
        printable::line(&packed.toolchain().to_string()),
        printable::line(&place.to_string()),
        packed.index_sha256,
        if pinned.is_some() { "" } else { " (not pinned)" },
    ));
    Ok(())
}
