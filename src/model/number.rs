//! Whole numbers with bounds: a number of a recipe, a suite or a lock is within them from the
//! moment it is read, so that nothing that is computed from it overflows or takes a machine's
//! memory.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A whole number from `MIN` to `MAX`, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "u64", into = "u64")]
pub struct Within<const MIN: u64, const MAX: u64>(u64);

/// A number out of its bounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected a whole number from {min} to {max}, found {found}")]
pub struct OutOfBounds {
    min: u64,
    max: u64,
    found: u64,
}

impl<const MIN: u64, const MAX: u64> Within<MIN, MAX> {
    /// `number`, or the bound that it is beyond.
    #[must_use]
    pub const fn clamped(number: u64) -> Self {
        assert!(MIN <= MAX);
        Self(if number < MIN {
            MIN
        } else if number > MAX {
            MAX
        } else {
            number
        })
    }

    /// The number.
    #[must_use]
    pub const fn get(self) -> u64 {
        self.0
    }
}

impl<const MIN: u64, const MAX: u64> TryFrom<u64> for Within<MIN, MAX> {
    type Error = OutOfBounds;

    fn try_from(found: u64) -> Result<Self, OutOfBounds> {
        if Self::clamped(found).0 == found {
            Ok(Self(found))
        } else {
            Err(OutOfBounds {
                min: MIN,
                max: MAX,
                found,
            })
        }
    }
}

impl<const MIN: u64, const MAX: u64> From<Within<MIN, MAX>> for u64 {
    fn from(number: Within<MIN, MAX>) -> Self {
        number.0
    }
}

impl<const MIN: u64, const MAX: u64> JsonSchema for Within<MIN, MAX> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        format!("From{MIN}To{MAX}").into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "integer", "format": "uint64", "minimum": MIN, "maximum": MAX })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_within_its_bounds_or_is_none() {
        type Few = Within<2, 5>;
        for (text, expected) in [
            ("1", None),
            ("2", Some(2)),
            ("5", Some(5)),
            ("6", None),
            ("-1", None),
            ("18446744073709551615", None),
        ] {
            assert_eq!(
                serde_json::from_str::<Few>(text).ok().map(Few::get),
                expected,
                "{text}"
            );
        }
        assert_eq!(
            [0, 3, 9].map(|number| Few::clamped(number).get()),
            [2, 3, 5]
        );
        assert!(
            Few::try_from(9)
                .expect_err("too large")
                .to_string()
                .contains("from 2 to 5, found 9")
        );
    }
}
