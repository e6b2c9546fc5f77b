//! Putting a folder in the place of another, such that at each moment the old one or the new one is there.

use std::io;

use camino::{Utf8Path, Utf8PathBuf};

/// Puts the folder `new` at `place`. A folder that is there already is exchanged with it in one step and then removed. Both must be on one file
/// system. Where the file system knows no exchange there are two renames; a process killed in between is made good by [`mend`].
///
/// # Errors
/// When neither an exchange nor a rename succeeds; what was at `place` is then still there.
pub fn swap_in(new: &Utf8Path, place: &Utf8Path) -> io::Result<()> {
    if fs_err::symlink_metadata(place).is_err() {
        return fs_err::rename(new, place);
    }
    if exchange(new, place).is_ok() {
        return fs_err::remove_dir_all(new);
    }
    let aside = aside(place);
    fs_err::rename(place, &aside)?;
    if let Err(error) = fs_err::rename(new, place) {
        fs_err::rename(&aside, place)?;
        return Err(error);
    }
    fs_err::remove_dir_all(aside)
}

/// Finishes what a killed [`swap_in`] left at `place`: the old folder is put back where the new one did not take its place, else removed. The caller
/// sees to it that no other process swaps there.
///
/// # Errors
/// When a folder can't be renamed or removed.
pub fn mend(place: &Utf8Path) -> io::Result<()> {
    let aside = aside(place);
    match (aside.exists(), place.exists()) {
        (true, false) => fs_err::rename(aside, place),
        (true, true) => fs_err::remove_dir_all(aside),
        (false, _) => Ok(()),
    }
}

fn aside(place: &Utf8Path) -> Utf8PathBuf {
    place.with_file_name(format!(".{}.wasideps-old", place.file_name().unwrap_or_default()))
}

#[cfg(any(target_os = "linux", target_vendor = "apple"))]
fn exchange(new: &Utf8Path, place: &Utf8Path) -> io::Result<()> {
    use rustix::fs::{CWD, RenameFlags, renameat_with};
    Ok(renameat_with(CWD, new.as_str(), CWD, place.as_str(), RenameFlags::EXCHANGE)?)
}

#[cfg(not(any(target_os = "linux", target_vendor = "apple")))]
fn exchange(_: &Utf8Path, _: &Utf8Path) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder_with(path: &Utf8Path, file: &str) {
        fs_err::create_dir(path).expect("made");
        fs_err::write(path.join(file), "").expect("written");
    }

    #[test]
    fn the_new_folder_takes_the_place_and_the_old_one_goes() {
        let dir = tempfile::tempdir().expect("a folder");
        let root = Utf8Path::from_path(dir.path()).expect("UTF-8");
        let (new, place) = (root.join("new"), root.join("place"));
        folder_with(&new, "1");
        swap_in(&new, &place).expect("renamed");
        assert!(place.join("1").exists() && !new.exists());
        folder_with(&new, "2");
        swap_in(&new, &place).expect("exchanged");
        assert!(place.join("2").exists() && !place.join("1").exists() && !new.exists());
    }

    #[test]
    fn a_swap_that_was_cut_between_its_renames_is_undone_and_one_cut_after_them_is_finished() {
        let dir = tempfile::tempdir().expect("a folder");
        let place = Utf8Path::from_path(dir.path()).expect("UTF-8").join("place");
        folder_with(&aside(&place), "old");
        mend(&place).expect("mended");
        assert!(place.join("old").exists() && !aside(&place).exists());
        folder_with(&aside(&place), "older");
        mend(&place).expect("mended");
        assert!(place.join("old").exists() && !aside(&place).exists());
    }
}
