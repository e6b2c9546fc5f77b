//! Several build configurations and SDKs at once, as a user writes them.

use std::fmt;
use std::str::FromStr;

use super::printable::line;
use super::{BuildConfig, ConfigError, Target, Variant};

/// A text that is no matrix.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MatrixError {
    /// No axis has this name, or a value stands before any.
    #[error(
        "a matrix is made of `targets=…`, `variants=…` and `sdks=…`, joined by commas as their values are; found `{}`",
        line(found)
    )]
    Axis { found: String },
    /// An axis stands twice.
    #[error("a matrix names each of its axes once, found `{axis}=` twice")]
    AxisTwice { axis: &'static str },
    /// An axis has a value twice.
    #[error(
        "`{axis}=` names each of its values once, found `{}` twice",
        line(value)
    )]
    ValueTwice { axis: &'static str, value: String },
    /// An axis has a value without a text.
    #[error("`{axis}=` has an empty value")]
    Empty { axis: &'static str },
    /// An SDK's name that can't be part of a folder's.
    #[error("`{}` is no name of an SDK", line(found))]
    Sdk { found: String },
    #[error(transparent)]
    Config(#[from] ConfigError),
}

/// Every combination of some targets, variants and SDKs. An axis that is not named has one value:
/// the default target, the default variant, the SDK that is used where none is asked for by name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Matrix {
    cells: Vec<MatrixCell>,
}

/// One of the combinations.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MatrixCell {
    pub config: BuildConfig,
    /// The name of a release or of a twin, where there is an axis of SDKs.
    pub sdk: Option<String>,
}

impl Matrix {
    /// All combinations, in the order of the axes: by target, then variant, then SDK. At least one.
    #[must_use]
    pub fn cells(&self) -> &[MatrixCell] {
        &self.cells
    }
}

/// The name of the combination's folder: `wasm32-wasip1+eh`, or with an SDK
/// `wasm32-wasip1+eh-sdk33`, `wasm32-wasip1-debian-25`.
impl fmt::Display for MatrixCell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { config, sdk } = self;
        match sdk {
            Some(number) if number.starts_with(|first: char| first.is_ascii_digit()) => {
                write!(f, "{config}-sdk{number}")
            }
            Some(name) => write!(f, "{config}-{name}"),
            None => write!(f, "{config}"),
        }
    }
}

/// `targets=wasm32-wasip1,wasm32-wasip2,variants=default,eh,sdks=33,debian-25`, its axes in any
/// order.
impl FromStr for Matrix {
    type Err = MatrixError;

    fn from_str(text: &str) -> Result<Self, MatrixError> {
        let mut axes = Axes::default();
        let mut open = None;
        for word in text.split(',') {
            let other = || MatrixError::Axis {
                found: word.to_owned(),
            };
            let (axis, value) = match word.split_once('=') {
                Some((name, value)) => {
                    let axis = AXES.into_iter().find(|axis| *axis == name);
                    let axis = axis.ok_or_else(other)?;
                    if !axes.of(axis).is_empty() {
                        return Err(MatrixError::AxisTwice { axis });
                    }
                    open = Some(axis);
                    (axis, value)
                }
                None => (open.ok_or_else(other)?, word),
            };
            if value.is_empty() {
                return Err(MatrixError::Empty { axis });
            }
            axes.of(axis).push(value.to_owned());
        }
        let Axes {
            targets,
            variants,
            sdks,
        } = axes;
        let targets: Vec<Target> = parsed(TARGETS, &targets, Target::default())?;
        let variants: Vec<Variant> = parsed(VARIANTS, &variants, Variant::default())?;
        let sdks = match &*sdks {
            [] => vec![None],
            names => parsed(SDKS, names, SdkName::default())?
                .into_iter()
                .map(|SdkName(name)| Some(name))
                .collect(),
        };
        let mut cells = Vec::new();
        for target in targets {
            for variant in &variants {
                let config = BuildConfig::new(target, *variant)?;
                let cell = |sdk: &Option<String>| MatrixCell {
                    config,
                    sdk: sdk.clone(),
                };
                cells.extend(sdks.iter().map(cell));
            }
        }
        Ok(Self { cells })
    }
}

const TARGETS: &str = "targets";
const VARIANTS: &str = "variants";
const SDKS: &str = "sdks";
const AXES: [&str; 3] = [TARGETS, VARIANTS, SDKS];

/// The texts of the values.
#[derive(Default)]
struct Axes {
    targets: Vec<String>,
    variants: Vec<String>,
    sdks: Vec<String>,
}

impl Axes {
    fn of(&mut self, axis: &str) -> &mut Vec<String> {
        match axis {
            TARGETS => &mut self.targets,
            VARIANTS => &mut self.variants,
            _ => &mut self.sdks,
        }
    }
}

/// A name that the lock may know; it becomes part of a folder's.
#[derive(Default, PartialEq)]
struct SdkName(String);

impl FromStr for SdkName {
    type Err = MatrixError;

    fn from_str(text: &str) -> Result<Self, MatrixError> {
        let is_name = text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte));
        if is_name {
            Ok(Self(text.to_owned()))
        } else {
            Err(MatrixError::Sdk {
                found: text.to_owned(),
            })
        }
    }
}

/// The values of `axis`, or `default` alone where it has none.
fn parsed<T: FromStr + PartialEq>(
    axis: &'static str,
    texts: &[String],
    default: T,
) -> Result<Vec<T>, MatrixError>
where
    MatrixError: From<T::Err>,
{
    let mut values: Vec<T> = Vec::new();
    for text in texts {
        let value = text.parse()?;
        // Two texts may be one value: the features of a variant stand in any order.
        if values.contains(&value) {
            let value = text.clone();
            return Err(MatrixError::ValueTwice { axis, value });
        }
        values.push(value);
    }
    if values.is_empty() {
        values.push(default);
    }
    Ok(values)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folders(text: &str) -> Vec<String> {
        let matrix: Matrix = text.parse().expect(text);
        matrix.cells().iter().map(ToString::to_string).collect()
    }

    #[test]
    fn every_combination_is_a_cell_in_the_order_of_the_axes() {
        assert_eq!(
            folders("targets=wasm32-wasip1,wasm32-wasip2"),
            ["wasm32-wasip1", "wasm32-wasip2"]
        );
        assert_eq!(
            folders("sdks=33,debian-25,variants=default,simd+eh"),
            [
                "wasm32-wasip1-sdk33",
                "wasm32-wasip1-debian-25",
                "wasm32-wasip1+simd+eh-sdk33",
                "wasm32-wasip1+simd+eh-debian-25"
            ]
        );
    }

    #[test]
    fn what_is_no_matrix_is_refused_with_what_was_found() {
        for (text, says) in [
            ("", "found ``"),
            ("wasm32-wasip1", "found `wasm32-wasip1`"),
            ("target=wasm32-wasip1", "found `target=wasm32-wasip1`"),
            ("targets=", "`targets=` has an empty value"),
            ("targets=wasm32-wasip1,", "`targets=` has an empty value"),
            (
                "targets=wasm32-wasip1,targets=wasm32-wasip2",
                "`targets=` twice",
            ),
            (
                "targets=wasm32-wasip1,wasm32-wasip1",
                "`wasm32-wasip1` twice",
            ),
            ("variants=eh+simd,simd+eh", "`simd+eh` twice"),
            ("targets=wasm32-wasi", "found `wasm32-wasi`"),
            ("variants=fast", "found `fast`"),
            ("sdks=../33", "`../33` is no name of an SDK"),
            (
                "targets=wasm32-wasip1-threads,variants=pic",
                "has no variant",
            ),
        ] {
            let error = text.parse::<Matrix>().expect_err(text).to_string();
            assert!(error.contains(says), "{text}: {error}");
        }
    }
}
