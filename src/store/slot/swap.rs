//! Two folders change places, in one step where the file system can do that.

use std::io;

use camino::Utf8Path;

use super::{SlotError, is_absent};

/// How the folder that was in a place came out of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Swapped {
    /// There was none.
    Nothing,
    /// It is where the new one was.
    Exchanged,
    /// It is at `aside`: two renames, between which there is no folder at the place.
    Aside,
}

/// Puts `new` at `place`; what is there goes to `new`, or to `aside` where the file system has no
/// exchange of names.
pub(super) fn swap(
    new: &Utf8Path,
    place: &Utf8Path,
    aside: &Utf8Path,
) -> Result<Swapped, SlotError> {
    let write = |source| SlotError::Write {
        path: place.to_owned(),
        source,
    };
    if is_absent(place).map_err(write)? {
        return fs_err::rename(new, place)
            .map(|()| Swapped::Nothing)
            .map_err(write);
    }
    if exchange(new, place).is_ok() {
        return Ok(Swapped::Exchanged);
    }
    fs_err::rename(place, aside).map_err(write)?;
    match fs_err::rename(new, place) {
        Ok(()) => Ok(Swapped::Aside),
        Err(error) => {
            fs_err::rename(aside, place).map_err(|source| cut(place, aside, source))?;
            Err(write(error))
        }
    }
}

/// Undoes a swap.
pub(super) fn put_back(
    swapped: Swapped,
    new: &Utf8Path,
    place: &Utf8Path,
    aside: &Utf8Path,
) -> Result<(), SlotError> {
    match swapped {
        Swapped::Nothing => fs_err::rename(place, new).map_err(|source| cut(place, new, source)),
        Swapped::Exchanged => exchange(new, place).map_err(|source| cut(place, new, source)),
        Swapped::Aside => {
            let renamed = fs_err::rename(place, new).and_then(|()| fs_err::rename(aside, place));
            renamed.map_err(|source| cut(place, aside, source))
        }
    }
}

fn cut(place: &Utf8Path, aside: &Utf8Path, source: io::Error) -> SlotError {
    SlotError::Cut {
        path: place.to_owned(),
        aside: aside.to_owned(),
        source,
    }
}

#[cfg(any(target_os = "linux", target_vendor = "apple"))]
fn exchange(new: &Utf8Path, place: &Utf8Path) -> io::Result<()> {
    use rustix::fs::{CWD, RenameFlags, renameat_with};
    Ok(renameat_with(
        CWD,
        new.as_str(),
        CWD,
        place.as_str(),
        RenameFlags::EXCHANGE,
    )?)
}

#[cfg(not(any(target_os = "linux", target_vendor = "apple")))]
fn exchange(_: &Utf8Path, _: &Utf8Path) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}
