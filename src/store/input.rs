//! Reading files that someone else chose: the user by an argument, a recipe's folder, a prefix, an
//! SDK. What lies there may be a named pipe that nobody writes to, a device without end, or a file
//! that does not fit in memory.

use std::io::{self, Read as _};

use camino::Utf8Path;

/// The bytes of a text that people write: a recipe, a lock, a patch, a policy, a statement on
/// vulnerabilities.
pub const TEXT_LIMIT: u64 = 64 << 20;

/// The bytes of a file of a prefix or an SDK that is held whole to be parsed: manifest, build
/// trace, document, archive, header.
pub const PARSED_LIMIT: u64 = 256 << 20;

/// Opens the regular file at `path`, through links.
///
/// # Errors
/// When it can't be opened, or is no regular file: a pipe, a device and a folder are refused
/// without waiting for them.
pub fn open_regular(path: &Utf8Path) -> io::Result<fs_err::File> {
    let mut options = fs_err::OpenOptions::new();
    options.read(true);
    // Opening a pipe would wait for its writer, and a terminal could become ours.
    #[cfg(unix)]
    {
        use fs_err::os::unix::fs::OpenOptionsExt as _;
        let flags = rustix::fs::OFlags::NONBLOCK | rustix::fs::OFlags::NOCTTY;
        options.custom_flags(flags.bits().cast_signed());
    }
    let file = options.open(path)?;
    let kind = file.metadata()?.file_type();
    if kind.is_file() {
        return Ok(file);
    }
    let what = if kind.is_dir() {
        "a folder"
    } else {
        "not a regular file (a pipe, a device, a socket)"
    };
    Err(io::Error::new(
        io::ErrorKind::InvalidInput,
        format!("it is {what}"),
    ))
}

/// The bytes of the regular file at `path`, of which there may be `limit`.
///
/// # Errors
/// Those of [`open_regular`]; when it can't be read, or has more.
pub fn read_regular(path: &Utf8Path, limit: u64) -> io::Result<Vec<u8>> {
    let mut file = open_regular(path)?;
    let mut bytes = Vec::new();
    // Not by its size alone: it may grow, and files of `/proc` say that they have none.
    file.by_ref().take(limit + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > limit {
        return Err(io::Error::new(
            io::ErrorKind::FileTooLarge,
            format!("it has more than the {limit} bytes that are read of such a file"),
        ));
    }
    Ok(bytes)
}

/// [`read_regular`], as UTF-8.
///
/// # Errors
/// As there, and when it is not UTF-8.
pub fn read_text(path: &Utf8Path, limit: u64) -> io::Result<String> {
    String::from_utf8(read_regular(path, limit)?)
        .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error.utf8_error()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(unix)]
    fn what_is_no_regular_file_is_refused_at_once_and_what_is_too_long_without_being_held() {
        let dir = tempfile::tempdir().expect("a folder");
        let root = Utf8Path::from_path(dir.path()).expect("UTF-8");
        let pipe = root.join("pipe");
        rustix::fs::mknodat(
            rustix::fs::CWD,
            pipe.as_std_path(),
            rustix::fs::FileType::Fifo,
            0o600.into(),
            0,
        )
        .expect("made");
        fs_err::os::unix::fs::symlink("/dev/zero", root.join("zero")).expect("made");
        fs_err::write(root.join("text"), "12345").expect("written");
        for (name, words) in [
            ("pipe", "not a regular file"),
            ("zero", "not a regular file"),
            ("", "a folder"),
        ] {
            let error = read_regular(&root.join(name), 10).expect_err(name);
            assert!(error.to_string().contains(words), "{name}: {error}");
        }
        assert_eq!(read_text(&root.join("text"), 5).expect("it fits"), "12345");
        assert!(
            read_regular(&root.join("text"), 4)
                .expect_err("too long")
                .to_string()
                .contains("more than the 4 bytes")
        );
        assert_eq!(
            read_regular(&root.join("none"), 4)
                .expect_err("not there")
                .kind(),
            io::ErrorKind::NotFound
        );
    }
}
