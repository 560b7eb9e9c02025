//! Time as the product stores and prints it.

use chrono::{DateTime, NaiveDateTime, SubsecRound, Utc};

/// A moment in UTC, cut to microseconds, so that both databases give back exactly what was stored.
pub type UtcTime = NaiveDateTime;

/// Cuts a moment to what can be stored: UTC, whole microseconds, never rounded up.
pub fn time_cut(time: DateTime<Utc>) -> UtcTime {
    time.naive_utc().trunc_subsecs(6)
}

/// Prints a moment as the page API does: `YYYY-MM-DDTHH:MM:SSZ`, without fractions (`releasepage-v1.md`, Timestamps).
pub fn time_iso8601(time: UtcTime) -> String {
    time.format("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// Parses ISO 8601 with an offset (`2017-04-12T11:20:10Z`, `2017-04-12T13:20:10+02:00`).
pub fn time_parse(text: &str) -> Option<UtcTime> {
    let time = time_cut(DateTime::parse_from_rfc3339(text).ok()?.with_timezone(&Utc));
    time_in_range(time).then_some(time)
}

/// Whether a moment lies in the years that both databases and every date format of ours can hold: 1970 to 9999.
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
}
