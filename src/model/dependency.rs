//! How a file that clang opened is called, wherever it lay on the machine that compiled.

use std::fmt;
use std::str::FromStr;

use serde::Serialize;

use super::{Name, NameError, RelPath};

/// What stands for the SDK in the written form: no name of a recipe has such characters.
const SDK: &str = "<sdk>";

/// A file that clang opened for a source. Written as `PATH`, `<sdk>:PATH` and `NAME:PATH`; no path
/// has a colon.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(into = "String")]
pub enum Dependency {
    /// Of the source's own tree.
    Own(RelPath),
    /// Below the SDK's folder.
    Sdk(RelPath),
    /// A header of another source, by the path below `include/`; or one of the prefix (`include`),
    /// which tests may include.
    Header(Name, RelPath),
}

reads_text!(Dependency);

impl fmt::Display for Dependency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Own(path) => path.fmt(f),
            Self::Sdk(path) => write!(f, "{SDK}:{path}"),
            Self::Header(name, path) => write!(f, "{name}:{path}"),
        }
    }
}

impl FromStr for Dependency {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        match text.split_once(':') {
            None => Ok(Self::Own(text.parse()?)),
            Some((SDK, path)) => Ok(Self::Sdk(path.parse()?)),
            Some((name, path)) => Ok(Self::Header(name.parse()?, path.parse()?)),
        }
    }
}

by_text!(Dependency);

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_recipe_called_sdk_is_not_the_sdk() {
        let (name, path): (Name, RelPath) = (
            "sdk".parse().expect("a name"),
            "stdio.h".parse().expect("a path"),
        );
        let (header, sdk) = (
            Dependency::Header(name, path.clone()),
            Dependency::Sdk(path),
        );
        assert_ne!(header.to_string(), sdk.to_string());
        assert_eq!(header.to_string().parse(), Ok(header));
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back_as_the_same_file(name in "[a-z<>]{1,4}", path in "[a-z:/<>.]{1,12}", which in 0..3) {
            let (name, path) = (name.parse::<Name>(), path.parse::<RelPath>());
            let dependency = match (which, path, name) {
                (0, Ok(path), _) => Dependency::Own(path),
                (1, Ok(path), _) => Dependency::Sdk(path),
                (2, Ok(path), Ok(name)) => Dependency::Header(name, path),
                _ => return Ok(()),
            };
            prop_assert_eq!(dependency.to_string().parse(), Ok(dependency));
        }
    }
}
