//! Spans of time, as people write and read them: `90s`, `10m`, `36h`, `14d`.

use chrono::TimeDelta;

/// Units, largest first, and how many milliseconds they have.
const UNITS: [(&str, i64); 5] = [
    ("d", 86_400_000),
    ("h", 3_600_000),
    ("m", 60_000),
    ("s", 1_000),
    ("ms", 1),
];

/// The span that a text says: a whole number and a unit.
pub(super) fn span(text: &str) -> Result<TimeDelta, String> {
    let mend = || format!("{text:?} is no span of time; write 90s, 10m, 36h or 14d");
    let digits = text.trim_end_matches(|one: char| one.is_ascii_alphabetic());
    let unit = &text[digits.len()..];
    let (_, millis) = UNITS
        .iter()
        .find(|(name, _)| *name == unit)
        .ok_or_else(mend)?;
    let number: i64 = digits.parse().map_err(|_| mend())?;
    let span = number.checked_mul(*millis).filter(|span| *span >= 0);
    span.and_then(TimeDelta::try_milliseconds).ok_or_else(mend)
}

/// A span in its largest two units: `2h 5m`. What is less than nothing is nothing.
pub(super) fn shown(span: TimeDelta) -> String {
    let millis = span.num_milliseconds().max(0);
    let first = UNITS
        .iter()
        .position(|(_, unit)| millis >= *unit)
        .unwrap_or(UNITS.len() - 1);
    let (name, unit) = UNITS[first];
    let whole = format!("{}{name}", millis / unit);
    match UNITS.get(first + 1) {
        // Of seconds no parts are shown.
        Some((name, part)) if *part >= 1_000 && millis % unit >= *part => {
            format!("{whole} {}{name}", millis % unit / part)
        }
        Some(_) | None => whole,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_is_a_number_and_a_unit() {
        assert_eq!(span("10m"), Ok(TimeDelta::minutes(10)));
        assert_eq!(span("0s"), Ok(TimeDelta::zero()));
        for wrong in [
            "",
            "m",
            "10",
            "10 m",
            "-1m",
            "1.5h",
            "10y",
            "99999999999999d",
        ] {
            let refused = span(wrong).expect_err(wrong);
            assert!(refused.contains("10m"), "{refused}");
        }
    }

    #[test]
    fn a_span_is_shown_as_people_say_it() {
        for (seconds, expected) in [
            (0, "0ms"),
            (59, "59s"),
            (61, "1m 1s"),
            (7_200, "2h"),
            (7_500, "2h 5m"),
            (90_000, "1d 1h"),
            (-5, "0ms"),
        ] {
            assert_eq!(shown(TimeDelta::seconds(seconds)), expected);
        }
        assert_eq!(shown(TimeDelta::milliseconds(1_250)), "1s");
    }
}
