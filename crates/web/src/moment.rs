//! Times in the form for people.

use std::fmt;

use askama::filters::HtmlSafe;
use chrono::NaiveDateTime;

/// A `<time>` element.
pub(crate) struct TimeElement {
    time: NaiveDateTime,
    shown: &'static str,
}

/// A UTC time shown as its date, `12 April 2017`. The time of day is in the tooltip.
pub(crate) fn date(time: &NaiveDateTime) -> TimeElement {
    TimeElement { time: *time, shown: "%-d %B %Y" }
}

/// A UTC time shown to the minute, `12 April 2017, 11:20`.
pub(crate) fn minute(time: &NaiveDateTime) -> TimeElement {
    TimeElement { time: *time, shown: "%-d %B %Y, %H:%M" }
}

impl fmt::Display for TimeElement {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            r#"<time datetime="{}" title="{}">{}</time>"#,
            self.time.format("%Y-%m-%dT%H:%M:%SZ"),
            self.time.format("%-d %B %Y, %H:%M:%S UTC"),
            self.time.format(self.shown),
        )
    }
}

/// The element holds only formatted times, so it needs no escaping.
impl HtmlSafe for TimeElement {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_shown_and_machine_readable() {
        let time = "2017-04-02T11:20:10.123456".parse().unwrap();
        assert_eq!(
            date(&time).to_string(),
            r#"<time datetime="2017-04-02T11:20:10Z" title="2 April 2017, 11:20:10 UTC">2 April 2017</time>"#
        );
        assert!(minute(&time).to_string().ends_with(">2 April 2017, 11:20</time>"));
    }
}
