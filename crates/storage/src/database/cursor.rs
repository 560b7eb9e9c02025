//! Cursors of lists: where the next part begins, however the list has changed since.
//!
//! A cursor names the last row that was seen, so that rows which come or go between two requests are neither shown
//! twice nor skipped. Its text is ours alone to read: clients hand it back as it is.

use std::fmt;

use chrono::DateTime;
use releasepage_domain::{
    fault::Fault,
    time::{UtcTime, time_in_range},
};

/// Hexadecimal digits of the number that a cursor begins with.
const NUMBER_DIGITS: usize = 16;

/// Longest id that a cursor may hold.
const ID_MAX: usize = 64;

/// One part of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListPart<T> {
    /// The rows of this part.
    pub rows: Vec<T>,
    /// The cursor of the next part; `None` where this was the last one.
    pub next: Option<String>,
}

impl<T> ListPart<T> {
    /// Makes a part of at most `limit` rows out of the first `limit + 1` rows that follow the caller's cursor: the one
    /// too many only tells that there is more.
    pub fn cut(mut rows: Vec<T>, limit: u32, cursor: impl FnOnce(&T) -> String) -> Self {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let more = rows.len() > limit;
        rows.truncate(limit);
        let next = rows.last().filter(|_| more).map(cursor);
        Self { rows, next }
    }
}

/// A place in a list that is sorted by ascending id. The default is before the first row.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct IdCursor(
    /// The last id that was seen.
    pub i64,
);

impl IdCursor {
    /// Reads a cursor that a client handed back.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        match number_split(text) {
            Some((id, "")) => Ok(Self(id)),
            _ => Err(cursor_fault()),
        }
    }
}

impl fmt::Display for IdCursor {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:0NUMBER_DIGITS$x}", self.0)
    }
}

/// A place in a list that is sorted by a time and, within one moment, by id. The default is before the first row of
/// an ascending list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TimeCursor {
    /// The time of the last row that was seen.
    pub time: UtcTime,
    /// Its id: ASCII letters and digits.
    pub id: String,
}

impl TimeCursor {
    /// Reads a cursor that a client handed back.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        let (micros, id) = number_split(text).ok_or_else(cursor_fault)?;
        let time = DateTime::from_timestamp_micros(micros).map(|time| time.naive_utc());
        let id_is_good = (1..=ID_MAX).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_alphanumeric());
        match time.filter(|&time| id_is_good && time_in_range(time)) {
            Some(time) => Ok(Self { time, id: id.to_owned() }),
            None => Err(cursor_fault()),
        }
    }
}

impl fmt::Display for TimeCursor {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:0NUMBER_DIGITS$x}{}", self.time.and_utc().timestamp_micros(), self.id)
    }
}

/// The fault of a cursor that no list gave.
pub(crate) fn cursor_fault() -> Fault {
    Fault::invalid("cursor", "must be the `next` of the list's previous part")
}

/// The number that a cursor begins with, and what follows it.
fn number_split(text: &str) -> Option<(i64, &str)> {
    let (digits, rest) = text.split_at_checked(NUMBER_DIGITS)?;
    let lower_hex = digits.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    let number = i64::from_str_radix(digits, 16).ok().filter(|_| lower_hex)?;
    Some((number, rest))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_no_list_gave_is_refused() {
        for text in ["", "1", "ü", "000000000000000ü", "+000000000000001", "000000000000000A", "ffffffffffffffff"] {
            assert!(IdCursor::parse(text).is_err(), "{text}");
            assert!(TimeCursor::parse(&format!("{text}abc")).is_err(), "{text}");
        }
        assert!(IdCursor::parse("00000000000000010").is_err());
        assert!(TimeCursor::parse("0000000000000001").is_err());
        assert!(TimeCursor::parse("0000000000000001a'b").is_err());
        assert!(TimeCursor::parse("7fffffffffffffffabc").is_err());
        assert!(TimeCursor::parse(&format!("0000000000000001{}", "a".repeat(65))).is_err());
        assert_eq!(IdCursor::parse("x").map_err(|fault| fault.field), Err("cursor".to_owned()));
    }

    #[test]
    fn a_part_says_whether_there_is_more() {
        let cut = |rows| ListPart::cut(rows, 2, ToString::to_string);
        assert_eq!(cut(vec![1, 2, 3]), ListPart { rows: vec![1, 2], next: Some("2".into()) });
        assert_eq!(cut(vec![1, 2]), ListPart { rows: vec![1, 2], next: None });
        assert_eq!(cut(vec![]), ListPart { rows: vec![], next: None });
    }

    proptest! {
        #[test]
        fn cursors_read_back(id in 0..i64::MAX, micros in 0..253_402_300_800_000_000_i64, text in "[a-z0-9]{1,64}") {
            let cursor = IdCursor(id);
            prop_assert_eq!(IdCursor::parse(&cursor.to_string()), Ok(cursor));
            let time = DateTime::from_timestamp_micros(micros).unwrap().naive_utc();
            let cursor = TimeCursor { time, id: text };
            prop_assert_eq!(TimeCursor::parse(&cursor.to_string()), Ok(cursor));
        }

        #[test]
        fn no_text_is_too_strange(text in ".*") {
            let _ = IdCursor::parse(&text);
            if let Ok(cursor) = TimeCursor::parse(&text) {
                prop_assert_eq!(cursor.to_string(), text);
            }
        }
    }
}
