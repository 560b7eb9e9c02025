//! Times in the formats of other tools' exports.

use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};

use crate::time::{UtcTime, time_cut, time_in_range, time_parse};

/// The accepted times, as the rest of a sentence that begins with the name of a column.
pub const TIMES_EXPECTED: &str = "must be a time such as 2024-05-31T12:00:00Z, 2024-05-31 12:00:00 or 2024-05-31, in \
    UTC if it has no offset; 05/10/2021 can be read in two ways and is refused";

/// Formats with an offset. In all formats, one blank matches several.
const WITH_OFFSET: [&str; 4] =
    ["%Y-%m-%d %H:%M:%S%.f %z", "%Y-%m-%d %H:%M:%S%.f%z", "%Y-%m-%d %H:%M %z", "%Y-%m-%dT%H:%M:%S%.f%z"];

/// Formats without an offset. Their times are in UTC.
const WITHOUT_OFFSET: [&str; 10] = [
    "%Y-%m-%d %H:%M:%S%.f",
    "%Y-%m-%dT%H:%M:%S%.f",
    "%Y-%m-%d %H:%M",
    "%Y-%m-%dT%H:%M",
    "%Y/%m/%d %H:%M:%S",
    "%Y/%m/%d %H:%M",
    "%b %d, %Y %I:%M %p",
    "%b %d, %Y %I:%M:%S %p",
    "%b %d, %Y %H:%M",
    "%d %b %Y %H:%M:%S",
];

/// Formats of days. A day begins at midnight in UTC.
const DAYS: [&str; 4] = ["%Y-%m-%d", "%Y/%m/%d", "%b %d, %Y", "%d %b %Y"];

/// Reads a time in any format in which day and month cannot be confused.
pub fn time_given(text: &str) -> Option<UtcTime> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let text = words.join(" ");
    if let Some(time) = time_parse(&text) {
        return Some(time);
    }
    let in_utc = [" UTC", " GMT", " Z", "Z"].iter().find_map(|zone| text.strip_suffix(zone)).unwrap_or(&text);
    let with_offset = |form: &&str| DateTime::parse_from_str(&text, form).ok();
    let offset = WITH_OFFSET.iter().find_map(with_offset).or_else(|| DateTime::parse_from_rfc2822(&text).ok());
    let time = match offset {
        Some(time) => time_cut(time.with_timezone(&Utc)),
        None => WITHOUT_OFFSET
            .iter()
            .find_map(|form| NaiveDateTime::parse_from_str(in_utc, form).ok())
            .or_else(|| DAYS.iter().find_map(|form| NaiveDate::parse_from_str(&text, form).ok()?.and_hms_opt(0, 0, 0)))
            .map(|time| time_cut(time.and_utc()))?,
    };
    time_in_range(time).then_some(time)
}

/// The days that programs write for a missing time: zeros, or the beginning of a program's calendar. In some zones, the
/// one of Unix is the day before.
const ZERO_DAYS: [&str; 13] = [
    "0000-00-00",
    "0000/00/00",
    "00/00/0000",
    "00.00.0000",
    "-0001-11-30",
    "0001-01-01",
    "01/01/0001",
    "1899-12-30",
    "1900-01-01",
    "1969-12-31",
    "1970-01-01",
    "1970/01/01",
    "01/01/1970",
];

/// True for a time that means that there is none.
pub(super) fn time_is_zero(text: &str) -> bool {
    ZERO_DAYS
        .iter()
        .any(|day| text.strip_prefix(day).is_some_and(|rest| !rest.starts_with(|c: char| c.is_ascii_digit())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::time_iso8601;

    #[test]
    fn times_of_many_programs() {
        for (text, time) in [
            ("2021-05-10T12:00:00Z", "2021-05-10T12:00:00Z"),
            ("2023-01-01T00:00:00.000Z", "2023-01-01T00:00:00Z"),
            ("2021-05-10T14:00:00+02:00", "2021-05-10T12:00:00Z"),
            ("2021-05-10 12:00:00", "2021-05-10T12:00:00Z"),
            ("2021-05-10  12:00:00 ", "2021-05-10T12:00:00Z"),
            ("2021-05-10 12:00:00.123456", "2021-05-10T12:00:00Z"),
            ("2021-05-10 12:00:00 UTC", "2021-05-10T12:00:00Z"),
            ("2021-05-10 12:00:00Z", "2021-05-10T12:00:00Z"),
            ("2021-05-10 14:00:00 +0200", "2021-05-10T12:00:00Z"),
            ("2021-05-10 14:00:00+02:00", "2021-05-10T12:00:00Z"),
            ("2021-05-10T12:00:00", "2021-05-10T12:00:00Z"),
            ("2021-05-10 12:00", "2021-05-10T12:00:00Z"),
            ("2021-05-10", "2021-05-10T00:00:00Z"),
            ("2021/05/10", "2021-05-10T00:00:00Z"),
            ("May 10, 2021", "2021-05-10T00:00:00Z"),
            ("10 May 2021", "2021-05-10T00:00:00Z"),
            ("May 10, 2021 02:30 PM", "2021-05-10T14:30:00Z"),
            ("Mon, 10 May 2021 14:00:00 +0200", "2021-05-10T12:00:00Z"),
        ] {
            assert_eq!(time_given(text).map(time_iso8601).as_deref(), Some(time), "{text}");
        }
        for text in [
            "",
            "05/10/2021",
            "10/05/2021 12:00",
            "10.05.2021",
            "21-05-10",
            "2021-13-01",
            "yesterday",
            "1620648000",
            "0021-05-10",
        ] {
            assert_eq!(time_given(text), None, "{text}");
        }
    }

    #[test]
    fn zero_times() {
        for text in
            ["0000-00-00", "0000-00-00 00:00:00", "1970-01-01T00:00:00.000Z", "1970-01-01 01:00:00", "01/01/1970"]
        {
            assert!(time_is_zero(text), "{text}");
        }
        for text in ["", "0", "2021-05-10", "1970-01-010", "2000-01-01", "1970-01-02"] {
            assert!(!time_is_zero(text), "{text}");
        }
    }
}
