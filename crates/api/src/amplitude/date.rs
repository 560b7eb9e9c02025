//! The dates of the Releases API. It reads many forms and prints one (`amplitude-2.md`, POST /api/2/release, Chart
//! annotations).

use chrono::{Duration, NaiveDate, NaiveTime, Timelike};
use releasepage_domain::time::{UtcTime, time_in_range};

/// The rule of a date field, as the end of a sentence that begins with the field's name.
pub(crate) const DATE_EXPECTED: &str = "must be a date as yyyy-MM-dd HH:mm:ss in UTC, with an offset (2022-01-01 17:00:00-07), or as ISO 8601, from 1970 on";

/// The rule of a date without a time of day.
pub(crate) const DAY_EXPECTED: &str = "must be a date as YYYY-MM-DD, from 1970 on";

/// The rule of a field with a date, with or without a time of day.
pub(crate) const MOMENT_EXPECTED: &str = "must be a date as ISO 8601 with an offset (2024-05-01T14:00:00+02:00), or without a time of day (2024-05-01, its beginning in UTC), from 1970 on";

/// Prints a moment as the Releases API does: `yyyy-MM-dd HH:mm:ss`, UTC, without fractions.
pub(crate) fn date_print(time: UtcTime) -> String {
    time.format("%Y-%m-%d %H:%M:%S").to_string()
}

/// Prints a day: `YYYY-MM-DD`, in UTC.
pub(crate) fn day_print(time: UtcTime) -> String {
    time.format("%Y-%m-%d").to_string()
}

/// Prints a moment as ISO 8601 with the offset of UTC: `2024-05-01T12:00:00+00:00`.
pub(crate) fn moment_print(time: UtcTime) -> String {
    time.format("%Y-%m-%dT%H:%M:%S+00:00").to_string()
}

/// Parses `YYYY-MM-DD` as the beginning of that day in UTC.
pub(crate) fn day_parse(text: &str) -> Option<UtcTime> {
    let mut reader = Reader(text.as_bytes());
    let day = day_read(&mut reader)?.and_time(NaiveTime::MIN);
    (reader.0.is_empty() && time_in_range(day)).then_some(day)
}

/// Parses any text that [`day_parse`] or [`date_parse`] accepts.
pub(crate) fn moment_parse(text: &str) -> Option<UtcTime> {
    day_parse(text).or_else(|| date_parse(text))
}

/// Parses a date and a time of day with a blank or `T` between them. Fractions of the second and an offset (`Z`, `UTC`,
/// `-07`, `+0530`, `+05:30`) may follow. Without an offset, the time is in UTC. After `T`, the seconds may be missing,
/// as in ISO 8601.
///
/// An unescaped `+` in a URL or a form arrives as a blank. A blank and digits are therefore an offset to the east.
/// Returns `None` for anything else, and for years that cannot be stored.
pub(crate) fn date_parse(text: &str) -> Option<UtcTime> {
    let mut reader = Reader(text.as_bytes());
    let day = day_read(&mut reader)?;
    let (time, fraction) = match reader.next()? {
        b'T' | b't' => time_read(&mut reader, true)?,
        b' ' => time_read(&mut reader, false)?,
        _ => return None,
    };
    let offset = offset_read(reader.0)?;
    let moment = day.and_time(time).checked_sub_signed(offset)?.checked_add_signed(fraction)?;
    time_in_range(moment).then_some(moment)
}

fn day_read(reader: &mut Reader<'_>) -> Option<NaiveDate> {
    let year = i32::try_from(reader.digits::<4>()?).ok()?;
    reader.exactly(b'-')?;
    let month = reader.digits::<2>()?;
    reader.exactly(b'-')?;
    NaiveDate::from_ymd_opt(year, month, reader.digits::<2>()?)
}

/// Reads the time of day to the second, and the fraction of the second, cut to microseconds.
fn time_read(reader: &mut Reader<'_>, seconds_optional: bool) -> Option<(NaiveTime, Duration)> {
    let hour = reader.digits::<2>()?;
    reader.exactly(b':')?;
    let time = NaiveTime::from_hms_opt(hour, reader.digits::<2>()?, 0)?;
    if reader.exactly(b':').is_none() {
        return seconds_optional.then_some((time, Duration::zero()));
    }
    let time = time.with_second(reader.digits::<2>()?)?;
    if reader.exactly(b'.').or_else(|| reader.exactly(b',')).is_none() {
        return Some((time, Duration::zero()));
    }
    let digits = reader.0.iter().take_while(|byte| byte.is_ascii_digit()).count();
    if digits == 0 {
        return None;
    }
    let (fraction, rest) = reader.0.split_at(digits);
    reader.0 = rest;
    let micros =
        (0..6).fold(0, |micros, index| micros * 10 + fraction.get(index).map_or(0, |byte| i64::from(byte - b'0')));
    Some((time, Duration::microseconds(micros)))
}

/// Reads the offset east of UTC, which must be the whole rest of a date.
fn offset_read(rest: &[u8]) -> Option<Duration> {
    let spaced = rest.strip_prefix(b" ");
    let (sign, offset) = match spaced.unwrap_or(rest) {
        [] => return spaced.is_none().then(Duration::zero),
        b"Z" | b"z" | b"UTC" => return Some(Duration::zero()),
        [b'+', offset @ ..] => (1, offset),
        [b'-', offset @ ..] => (-1, offset),
        offset if spaced.is_some() => (1, offset),
        _ => return None,
    };
    let mut reader = Reader(offset);
    let hours = reader.digits::<2>().filter(|&hours| hours < 24)?;
    let minutes = if reader.0.is_empty() {
        0
    } else {
        reader.exactly(b':');
        reader.digits::<2>().filter(|&minutes| minutes < 60)?
    };
    reader.0.is_empty().then(|| Duration::minutes(sign * i64::from(hours * 60 + minutes)))
}

/// The rest of a text that is still to be read.
struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    fn next(&mut self) -> Option<u8> {
        let (&first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(first)
    }

    /// Reads this byte. Any other byte is `None`.
    fn exactly(&mut self, byte: u8) -> Option<()> {
        self.0 = self.0.strip_prefix(&[byte])?;
        Some(())
    }

    /// Reads a number of exactly `N` digits, at most 9.
    fn digits<const N: usize>(&mut self) -> Option<u32> {
        let (digits, rest) = self.0.split_first_chunk::<N>()?;
        let number = digits
            .iter()
            .try_fold(0, |number, byte| byte.is_ascii_digit().then(|| number * 10 + u32::from(byte - b'0')))?;
        self.0 = rest;
        Some(number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn every_form_is_read() {
        for (text, read) in [
            ("2022-01-01 00:00:00", "2022-01-01 00:00:00"),
            ("2022-01-01 17:00:00-07", "2022-01-02 00:00:00"),
            ("2022-01-01 17:00:00 -0700", "2022-01-02 00:00:00"),
            ("2022-01-01 17:00:00+0530", "2022-01-01 11:30:00"),
            ("2022-01-01 17:00:00+05:30", "2022-01-01 11:30:00"),
            ("2022-01-01 17:00:00 +0530", "2022-01-01 11:30:00"),
            // An unescaped plus in a URL.
            ("2022-01-01 17:00:00 0530", "2022-01-01 11:30:00"),
            ("2022-01-01T17:00:00 05:30", "2022-01-01 11:30:00"),
            ("2022-01-01T17:00:00Z", "2022-01-01 17:00:00"),
            ("2022-01-01t17:00:00z", "2022-01-01 17:00:00"),
            ("2022-01-01T17:00:00", "2022-01-01 17:00:00"),
            ("2022-01-01T17:00:00.999Z", "2022-01-01 17:00:00"),
            ("2022-01-01T17:00:00,123456789+01", "2022-01-01 16:00:00"),
            ("2022-01-01 17:00:00.5", "2022-01-01 17:00:00"),
            ("2022-01-01T17:00Z", "2022-01-01 17:00:00"),
            ("2022-01-01T17:00+01:00", "2022-01-01 16:00:00"),
            ("2022-01-01 17:00:00 UTC", "2022-01-01 17:00:00"),
            ("2024-02-29 23:59:59+00", "2024-02-29 23:59:59"),
            ("1969-12-31 23:00:00-01", "1970-01-01 00:00:00"),
            ("9999-12-31 23:59:59", "9999-12-31 23:59:59"),
        ] {
            assert_eq!(date_parse(text).map(date_print).as_deref(), Some(read), "{text}");
        }
    }

    #[test]
    fn days_are_dates_without_a_time_of_day() {
        for (text, read) in [
            ("2023-09-16", Some("2023-09-16T00:00:00+00:00")),
            ("1970-01-01", Some("1970-01-01T00:00:00+00:00")),
            ("9999-12-31", Some("9999-12-31T00:00:00+00:00")),
            ("2024-02-29", Some("2024-02-29T00:00:00+00:00")),
            ("2023-02-29", None),
            ("1969-12-31", None),
            ("2023-9-16", None),
            ("2023-09-16 ", None),
            ("2023-09-16T00:00:00Z", None),
            ("16.09.2023", None),
            ("", None),
        ] {
            assert_eq!(day_parse(text).map(moment_print).as_deref(), read, "{text:?}");
            assert_eq!(day_parse(text).map(day_print).as_deref(), read.map(|_| text), "{text:?}");
        }
        for (text, read) in [
            ("2023-09-16", Some("2023-09-16T00:00:00+00:00")),
            ("2025-11-10T07:00:00+01:00", Some("2025-11-10T06:00:00+00:00")),
            ("2025-11-10 07:00:00", Some("2025-11-10T07:00:00+00:00")),
            ("tomorrow", None),
        ] {
            assert_eq!(moment_parse(text).map(moment_print).as_deref(), read, "{text:?}");
        }
    }

    #[test]
    fn fractions_are_kept_to_microseconds() {
        for (text, micros) in [("00.5", 500_000), ("00.000001", 1), ("00.1234567", 123_456), ("59.999999999", 999_999)]
        {
            let time = date_parse(&format!("2022-01-01T00:00:{text}Z")).expect("a valid date");
            assert_eq!(time.and_utc().timestamp_subsec_micros(), micros, "{text}");
        }
    }

    #[test]
    fn what_is_no_date_is_refused() {
        for text in [
            "",
            " ",
            "2022-01-01",
            "2022-01-01 17:00",
            "2022-01-01T17",
            "2022-01-01T17:00:00.",
            "2022-01-01T17:00:00.Z",
            "2022-01-01T17:00:00 ",
            "2022-01-01T17:00:00 Zulu",
            "2022-01-01T17:00:00ZZ",
            "2022-01-01  17:00:00",
            " 2022-01-01 17:00:00",
            "2022-1-1 17:00:00",
            "22-01-01 17:00:00",
            "2022/01/01 17:00:00",
            "2022-02-30 17:00:00",
            "2022-13-01 17:00:00",
            "2022-01-01 24:00:00",
            "2022-01-01 17:60:00",
            "2022-01-01 17:00:60",
            "2022-01-01 17:00:00+5",
            "2022-01-01 17:00:00+053",
            "2022-01-01 17:00:00+05:3",
            "2022-01-01 17:00:00+05:60",
            "2022-01-01 17:00:00+24",
            "2022-01-01 17:00:00+05:30Z",
            "2022-01-01 17:00:000530",
            "2022-01-01 17:00:00 PST",
            "1969-12-31 23:59:59",
            "1970-01-01 00:00:00+01",
            "9999-12-31 23:59:59-01",
            "+022-01-01 17:00:00",
            "２０２２-01-01 17:00:00",
            "2022-01-01 17:00:00\0",
            "1646324226",
            "tomorrow",
        ] {
            assert_eq!(date_parse(text), None, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn no_text_is_too_strange(text in ".*") {
            let _ = date_parse(&text);
        }

        #[test]
        fn nothing_near_a_date_is_too_strange(text in "[0-9]{4}-[01][0-9]-[0-3][0-9][ T][0-9:.,+Z -]{0,24}") {
            if let Some(time) = date_parse(&text) {
                prop_assert!(time_in_range(time));
            }
        }

        #[test]
        fn what_is_printed_reads_back(seconds in 0_i64..253_402_300_800) {
            let time = chrono::DateTime::from_timestamp(seconds, 0).expect("in range").naive_utc();
            prop_assert_eq!(date_parse(&date_print(time)), Some(time));
        }

        #[test]
        fn offsets_are_taken_off(seconds in 100_000_i64..253_402_200_000, minutes in -1_439_i64..1_440) {
            let time = chrono::DateTime::from_timestamp(seconds, 0).expect("in range").naive_utc();
            let local = date_print(time + Duration::minutes(minutes));
            let sign = if minutes < 0 { '-' } else { '+' };
            let (hours, rest) = (minutes.abs() / 60, minutes.abs() % 60);
            for offset in [format!("{sign}{hours:02}{rest:02}"), format!("{sign}{hours:02}:{rest:02}")] {
                prop_assert_eq!(date_parse(&format!("{local}{offset}")), Some(time));
            }
        }
    }
}
