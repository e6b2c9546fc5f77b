//! Days and points in time, as the lock, advisories and documents write them. No clock is read here
//! but by [`Timestamp::now`], and no time zone database: everything is UTC, or says its offset.

use std::fmt;
use std::str::FromStr;

use jiff::civil;
use jiff::tz::Offset;
use serde::Serialize;

/// A day of the calendar, `YYYY-MM-DD`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(into = "String")]
pub struct Date(civil::Date);

reads_text!(Date);

/// A text that is no day.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected a day of the calendar as YYYY-MM-DD, found `{0}`")]
pub struct DateError(String);

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for Date {
    type Err = DateError;

    fn from_str(text: &str) -> Result<Self, DateError> {
        // Of the many forms that the crate reads, the one that it writes.
        let day = text
            .parse::<civil::Date>()
            .ok()
            .filter(|day| day.to_string() == text);
        // The crate's points in time end some hours before the year 9999 does.
        let day = day.filter(|day| midnight(*day).is_some());
        day.map(Self).ok_or_else(|| DateError(text.to_owned()))
    }
}

by_text!(Date);

text_schema!(Date, {
    "format": "date",
    "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$",
    "description": "A day of the calendar, YYYY-MM-DD"
});

/// A point in time. Displayed to the second, in UTC: `2026-01-02T03:04:05Z` (RFC 3339).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(into = "String")]
pub struct Timestamp(jiff::Timestamp);

reads_text!(Timestamp);

/// A text that is no point in time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected a point in time with its offset, such as 2026-01-02T03:04:05Z, found `{0}`")]
pub struct TimestampError(String);

impl Timestamp {
    /// This moment, by the machine's clock.
    #[must_use]
    pub fn now() -> Self {
        Self(jiff::Timestamp::now())
    }

    /// The first moment of `date`, in UTC.
    #[must_use]
    pub fn midnight(date: Date) -> Self {
        Self(midnight(date.0).expect("parsing asked for it"))
    }

    /// So many seconds after 1970 began in UTC; `None` from the end of the year 9999 on, which RFC
    /// 3339 can't write.
    #[must_use]
    pub fn from_unix_seconds(seconds: u64) -> Option<Self> {
        jiff::Timestamp::from_second(i64::try_from(seconds).ok()?)
            .ok()
            .map(Self)
    }

    /// The day that it is in UTC.
    #[must_use]
    pub fn date(self) -> Date {
        Date(Offset::UTC.to_datetime(self.0).date())
    }

    /// How many whole days it is after `earlier`; 0 where it is not.
    #[must_use]
    pub fn days_since(self, earlier: Self) -> i64 {
        (self.0.as_second() - earlier.0.as_second()).max(0) / (24 * 60 * 60)
    }

    /// As [`FromStr`], but a text without an offset is in UTC: records of the CVE list have such.
    ///
    /// # Errors
    /// When it is no point in time.
    pub fn parse_as_utc(text: &str) -> Result<Self, TimestampError> {
        text.parse().or_else(|error| {
            let local = text
                .contains('T')
                .then(|| text.parse::<civil::DateTime>().ok())
                .flatten();
            local
                .and_then(|local| Offset::UTC.to_timestamp(local).ok())
                .map(Self)
                .ok_or(error)
        })
    }
}

fn midnight(day: civil::Date) -> Option<jiff::Timestamp> {
    Offset::UTC
        .to_timestamp(day.to_datetime(civil::Time::midnight()))
        .ok()
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.0}", self.0)
    }
}

by_text!(Timestamp);

impl FromStr for Timestamp {
    type Err = TimestampError;

    fn from_str(text: &str) -> Result<Self, TimestampError> {
        text.parse()
            .map(Self)
            .map_err(|_| TimestampError(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_days_of_the_calendar_in_one_form_are_dates() {
        for text in ["2026-11-26", "2024-02-29", "0001-01-01", "9999-12-30"] {
            assert_eq!(
                text.parse::<Date>().map(|date| date.to_string()).as_deref(),
                Ok(text)
            );
        }
        let impossible = [
            "2026-99-99",
            "2026-02-30",
            "2025-02-29",
            "2026-00-10",
            "10000-01-01",
            "9999-12-31",
        ];
        let misspelt = [
            "2026-1-1",
            "20261126",
            "2026-11-26T00:00:00",
            "2026-330",
            "-0001-01-01",
            " 2026-11-26",
            "2026-11-26\n",
            "",
        ];
        for text in impossible.iter().chain(&misspelt) {
            assert!(text.parse::<Date>().is_err(), "{text}");
        }
    }

    #[test]
    fn points_in_time_are_compared_by_when_they_are_and_not_by_their_text() {
        let at = |text: &str| text.parse::<Timestamp>().expect(text);
        assert_eq!(at("2026-01-01T01:00:00+01:00"), at("2026-01-01T00:00:00Z"));
        assert!(
            at("2026-01-01T00:30:00+01:00") < at("2026-01-01T00:00:00Z"),
            "the text is greater, the time is not"
        );
        assert!(at("2026-01-01T00:00:00.5Z") > at("2026-01-01T00:00:00Z"));
        assert_eq!(
            at("2026-01-01T00:00:00.9Z").to_string(),
            "2026-01-01T00:00:00Z"
        );
        for text in [
            "2026-01-01",
            "2026-01-01T00:00:00",
            "2026-13-01T00:00:00Z",
            "today",
            "",
        ] {
            assert!(text.parse::<Timestamp>().is_err(), "{text}");
        }
        assert_eq!(
            Timestamp::parse_as_utc("2026-01-01T00:00:00"),
            Ok(at("2026-01-01T00:00:00Z"))
        );
        assert!(
            Timestamp::parse_as_utc("2026-01-01").is_err()
                && Timestamp::parse_as_utc("2026-02-30T00:00:00").is_err()
        );
    }

    #[test]
    fn a_day_begins_at_midnight_in_utc_and_seconds_are_counted_from_1970_up_to_the_year_9999() {
        let day: Date = "2026-11-26".parse().expect("a day");
        assert_eq!(Timestamp::midnight(day).to_string(), "2026-11-26T00:00:00Z");
        assert_eq!(Timestamp::midnight(day).date(), day);
        let written = |seconds| Timestamp::from_unix_seconds(seconds).map(|time| time.to_string());
        assert_eq!(
            written(1_000_000_000).as_deref(),
            Some("2001-09-09T01:46:40Z")
        );
        assert_eq!(
            written(253_402_207_200).as_deref(),
            Some("9999-12-30T22:00:00Z")
        );
        assert_eq!((written(253_402_300_800), written(u64::MAX)), (None, None));
    }
}
