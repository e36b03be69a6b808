//! A point of an aggregate's history, as people write it.

use std::{fmt, str::FromStr};

use chrono::{DateTime, SecondsFormat, Utc};
use orderlog_log::event::{Position, RecordedEvent, Version};

/// A point of an aggregate's history: right behind the last event that it includes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Point {
    /// All up to and with this position of the log.
    Position(Position),
    /// All up to and with this version of the stream; 0 is before the first.
    Version(Version),
    /// All that was recorded then or earlier. When it was recorded counts, not when it happened: only
    /// that never goes back along the log.
    Time(DateTime<Utc>),
}

/// The text is no point.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{text:?} is no point: give a position (1200), a version (v3) or an instant (2026-11-21T10:00:00Z)"
)]
pub struct InvalidPoint {
    text: String,
}

impl Point {
    /// Whether the event lies before or at the point.
    pub fn includes(&self, event: &RecordedEvent) -> bool {
        match self {
            Self::Position(position) => event.position <= *position,
            Self::Version(version) => event.version <= *version,
            Self::Time(time) => event.recorded_at <= *time,
        }
    }
}

impl FromStr for Point {
    type Err = InvalidPoint;

    fn from_str(text: &str) -> Result<Self, InvalidPoint> {
        let invalid = || InvalidPoint {
            text: text.to_owned(),
        };
        // `parse` would take a sign, too.
        let number = |digits: &str| {
            let all = digits.bytes().all(|byte| byte.is_ascii_digit());
            all.then(|| digits.parse().ok())
                .flatten()
                .ok_or_else(invalid)
        };
        if let Some(digits) = text.strip_prefix("position:") {
            return number(digits).map(Self::Position);
        }
        let version = text.strip_prefix("version:");
        if let Some(digits) = version.or_else(|| text.strip_prefix('v')) {
            return number(digits).map(Self::Version);
        }
        if let Ok(position) = number(text) {
            return Ok(Self::Position(position));
        }
        let time = DateTime::parse_from_rfc3339(text).map_err(|_| invalid())?;
        Ok(Self::Time(time.to_utc()))
    }
}

impl fmt::Display for Point {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Position(position) => write!(f, "position {position}"),
            Self::Version(version) => write!(f, "version {version}"),
            Self::Time(time) => f.write_str(&time.to_rfc3339_opts(SecondsFormat::AutoSi, true)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_point_is_a_position_a_version_or_an_instant() {
        assert_eq!("1200".parse(), Ok(Point::Position(1200)));
        assert_eq!("position:7".parse(), Ok(Point::Position(7)));
        assert_eq!("v3".parse(), Ok(Point::Version(3)));
        assert_eq!("version:3".parse(), Ok(Point::Version(3)));
        let time = DateTime::from_timestamp(1_795_255_200, 0).expect("an instant");
        for text in ["2026-11-21T10:00:00Z", "2026-11-21T11:00:00+01:00"] {
            assert_eq!(text.parse(), Ok(Point::Time(time)));
        }
    }

    #[test]
    fn what_is_none_says_what_would_be_one() {
        for text in [
            "",
            "v",
            "v-1",
            "-1",
            "+1",
            "1.5",
            "yesterday",
            "2026-11-21",
            "version:",
            "position:x",
            "99999999999999999999",
        ] {
            let refused = text.parse::<Point>().expect_err(text).to_string();
            assert!(refused.contains("(v3)"), "{refused}");
        }
    }
}
