//! Time in the form in which the product stores and prints it.

use chrono::{DateTime, NaiveDateTime, SubsecRound, TimeDelta, Utc};

/// A moment in UTC, cut to microseconds. Both databases return exactly what was stored.
pub type UtcTime = NaiveDateTime;

/// Cuts a moment to the precision that can be stored: UTC, whole microseconds, never rounded up.
pub fn time_cut(time: DateTime<Utc>) -> UtcTime {
    time.naive_utc().trunc_subsecs(6)
}

/// Formats a moment as the page API prints it: `YYYY-MM-DDTHH:MM:SSZ`, without fractions (`releasepage-v1.md`,
/// Timestamps).
pub fn time_iso8601(time: UtcTime) -> String {
    time.format("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// Parses ISO 8601 with an offset: `2017-04-12T11:20:10Z`, `2017-04-12T13:20:10+02:00`.
pub fn time_parse(text: &str) -> Option<UtcTime> {
    let time = time_cut(DateTime::parse_from_rfc3339(text).ok()?.with_timezone(&Utc));
    time_in_range(time).then_some(time)
}

/// Parses a moment in the future: ISO 8601 as for [`time_parse`], or a number of days from now, such as `90d`.
pub fn time_ahead_parse(text: &str, now: UtcTime) -> Option<UtcTime> {
    let days = |text: &str| {
        let digits = text.strip_suffix('d').filter(|days| days.bytes().all(|byte| byte.is_ascii_digit()))?;
        now.checked_add_signed(TimeDelta::try_days(digits.parse().ok()?)?)
    };
    days(text).or_else(|| time_parse(text)).filter(|&time| time > now && time_in_range(time))
}

/// True if the year is from 1970 to 9999. Both databases and all our date formats can hold these years.
pub fn time_in_range(time: UtcTime) -> bool {
    use chrono::Datelike;
    (1970..=9999).contains(&time.year())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prints_whole_seconds_and_reads_offsets() {
        let time = time_parse("2017-04-12T13:20:10.987654321+02:00").expect("a valid time");
        assert_eq!(time_iso8601(time), "2017-04-12T11:20:10Z");
        assert_eq!(time.and_utc().timestamp_subsec_nanos(), 987_654_000);
    }

    #[test]
    fn refuses_what_could_not_be_stored() {
        for text in ["", "2017-04-12", "0000-01-01T00:00:00Z", "1969-12-31T23:59:59Z", "2017-02-30T00:00:00Z"] {
            assert_eq!(time_parse(text), None, "{text}");
        }
    }

    #[test]
    fn moments_to_come_are_times_or_days() {
        let now = time_parse("2026-11-30T12:00:00Z").expect("a valid time");
        for (text, found) in [
            ("1d", Some("2026-12-01T12:00:00Z")),
            ("365d", Some("2027-11-30T12:00:00Z")),
            ("2026-11-30T12:00:01Z", Some("2026-11-30T12:00:01Z")),
            ("2026-12-01T00:00:00+01:00", Some("2026-11-30T23:00:00Z")),
            ("0d", None),
            ("-1d", None),
            ("+1d", None),
            ("d", None),
            ("", None),
            ("1", None),
            ("1w", None),
            ("2026-12-01", None),
            ("2026-11-30T12:00:00Z", None),
            ("9999999d", None),
            ("99999999999999999999d", None),
        ] {
            assert_eq!(time_ahead_parse(text, now).map(time_iso8601).as_deref(), found, "{text}");
        }
    }
}
