//! Static libraries: members in recipe order, no times, users or modes, so that equal objects give
//! equal bytes.

use std::collections::BTreeMap;
use std::io::{self, Cursor};

use ar_archive_writer::{
    ArchiveKind, DEFAULT_OBJECT_READER, NewArchiveMember, ObjectReader, write_archive_to_stream,
};
use object::read::archive::ArchiveFile;
use object::{Object as _, ObjectSymbol as _, SymbolKind};

use super::BuildError;
use crate::model::Name;

/// The writer's own reader knows no WebAssembly: with it the index of symbols would be empty.
static READER: ObjectReader = ObjectReader {
    get_symbols,
    is_64_bit_object_file: |_| false,
    ..DEFAULT_OBJECT_READER
};

/// Tells `tell` of the symbols that `object` defines for others, in its own order: LLVM's
/// `isArchiveSymbol`.
fn get_symbols(object: &[u8], tell: &mut dyn FnMut(&[u8]) -> io::Result<()>) -> io::Result<bool> {
    let object = object::File::parse(object).map_err(io::Error::other)?;
    // Of an object without a table of symbols, the reader tells the modules of its imports.
    let defined = object.symbols().filter(|symbol| {
        symbol.is_global() && !symbol.is_undefined() && symbol.kind() != SymbolKind::File
    });
    for symbol in defined {
        tell(symbol.name_bytes().map_err(io::Error::other)?)?;
    }
    Ok(true)
}

/// The bytes of an archive of `members` (name and object), in GNU form with a symbol index: what
/// `llvm-ar rcsD` writes.
///
/// # Errors
/// When a member is no object.
pub fn archive(library: &Name, members: Vec<(String, Vec<u8>)>) -> Result<Vec<u8>, BuildError> {
    let members: Vec<_> = members
        .into_iter()
        .map(|(name, bytes)| NewArchiveMember::new(bytes, &READER, name))
        .collect();
    let mut out = Cursor::new(Vec::new());
    write_archive_to_stream(&mut out, &members, ArchiveKind::Gnu, false, None).map_err(
        |source| BuildError::Archive {
            library: library.clone(),
            source,
        },
    )?;
    Ok(out.into_inner())
}

/// The symbols that an archive defines, each with its members that do, by the archive's own table.
///
/// # Errors
/// When `archive` is none, or its table names what it does not have.
pub fn defined_symbols(archive: &[u8]) -> Result<BTreeMap<String, Vec<String>>, object::Error> {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let parsed = ArchiveFile::parse(archive)?;
    let mut symbols: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for entry in parsed.symbols()?.into_iter().flatten() {
        let entry = entry?;
        let member = parsed.member(entry.offset())?;
        let members = symbols.entry(text(entry.name())).or_default();
        members.push(text(member.name()));
    }
    Ok(symbols)
}
