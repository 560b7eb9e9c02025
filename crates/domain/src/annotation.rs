//! Annotations: events marked on a project's charts (`amplitude-2.md`, Chart annotations).

use chrono::SubsecRound;

use crate::{account::name_check, conflict::Conflict, fault::Fault, text::line_is_clean, time::UtcTime};

/// The longest label, in characters.
pub const LABEL_MAX: usize = 500;

/// The longest details, in characters.
pub const DETAILS_MAX: usize = 5_000;

/// The longest id of a chart, in characters.
pub const CHART_ID_MAX: usize = 100;

/// The name of a category of annotations: one line of 1 to 100 characters. A project has no two names that differ only
/// in case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CategoryName(String);

impl CategoryName {
    /// Parses a name. Blanks around it are removed.
    pub fn parse(field: &str, name: &str) -> Result<Self, Fault> {
        name_check(field, name).map(Self)
    }

    /// Returns the name as it is shown.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the form in which names are compared.
    pub fn folded(&self) -> String {
        self.0.to_lowercase()
    }
}

/// Checks a label: 1 to [`LABEL_MAX`] characters on one line, not blank.
pub fn annotation_label_check(field: &str, label: &str) -> Result<(), Fault> {
    if !is_line(label, LABEL_MAX) {
        return Err(Fault::invalid(field, format!("must be one line of 1 to {LABEL_MAX} characters, not blank")));
    }
    Ok(())
}

/// Checks details: at most [`DETAILS_MAX`] characters without U+0000.
pub fn annotation_details_check(field: &str, details: &str) -> Result<(), Fault> {
    if details.chars().count() > DETAILS_MAX || details.contains('\0') {
        return Err(Fault::invalid(
            field,
            format!("must be a text of at most {DETAILS_MAX} characters without U+0000"),
        ));
    }
    Ok(())
}

/// Checks the id of a chart, which the charts' program chooses: 1 to [`CHART_ID_MAX`] characters on one line, not
/// blank.
pub fn chart_id_check(field: &str, chart_id: &str) -> Result<(), Fault> {
    if !is_line(chart_id, CHART_ID_MAX) {
        let expected = format!("must be the id of a chart, one line of 1 to {CHART_ID_MAX} characters, not blank");
        return Err(Fault::invalid(field, expected));
    }
    Ok(())
}

/// Checks that an annotation does not end before it starts. `field` is the name of the end.
pub fn annotation_end_check(field: &str, start: UtcTime, end: Option<UtcTime>) -> Result<(), Fault> {
    if end.is_some_and(|end| end < start) {
        return Err(Fault::invalid(field, "must not be before start"));
    }
    Ok(())
}

/// Cuts the time of an annotation to whole seconds, never rounded up. Responses show whole seconds only. A search for
/// the time in a response then finds its annotation.
pub fn annotation_time(given: UtcTime) -> UtcTime {
    given.trunc_subsecs(0)
}

fn is_line(text: &str, length_max: usize) -> bool {
    !text.trim().is_empty() && text.chars().count() <= length_max && line_is_clean(text)
}

/// The conflict where a project has a category of a name already, in whatever case.
pub const CATEGORY_TAKEN: Conflict = Conflict("category must be a new name: the project has a category of this one");

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::time::{time_iso8601, time_parse};

    #[test]
    fn names_of_categories() {
        let name = CategoryName::parse("category", "  Größere Releases ").expect("a name");
        assert_eq!((name.as_str(), name.folded().as_str()), ("Größere Releases", "größere releases"));
        for bad in ["", " ", "a\nb", "a\0", &"é".repeat(101)] {
            assert!(CategoryName::parse("category", bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn texts() {
        let long = |length: usize| "é".repeat(length);
        type Check = fn(&str, &str) -> Result<(), Fault>;
        let (label, details): (Check, Check) = (annotation_label_check, annotation_details_check);
        let chart: Check = chart_id_check;
        for (check, text, good) in [
            (label, "Version 2.4 ".to_owned(), true),
            (label, long(500), true),
            (label, long(501), false),
            (label, String::new(), false),
            (label, " \u{a0}".to_owned(), false),
            (label, "a\r\nb".to_owned(), false),
            (label, "a\0".to_owned(), false),
            (label, "a\u{2028}b".to_owned(), false),
            (details, String::new(), true),
            (details, " many\r\nlines\n".to_owned(), true),
            (details, long(5_000), true),
            (details, long(5_001), false),
            (details, "a\0".to_owned(), false),
            (chart, "c4cbl1k".to_owned(), true),
            (chart, long(100), true),
            (chart, long(101), false),
            (chart, String::new(), false),
            (chart, "\t".to_owned(), false),
            (chart, "a\0".to_owned(), false),
        ] {
            let checked = check("field", &text);
            assert_eq!(checked.is_ok(), good, "{text:?}");
            assert!(checked.err().is_none_or(|fault| fault.field == "field"), "{text:?}");
        }
    }

    #[test]
    fn nothing_ends_before_it_starts() {
        let at = |text: &str| time_parse(text).expect("a time");
        let start = at("2024-05-01T12:00:00Z");
        for (end, good) in [
            (None, true),
            (Some(start), true),
            (Some(at("2024-05-01T12:00:01Z")), true),
            (Some(at("2024-05-01T11:59:59Z")), false),
        ] {
            assert_eq!(annotation_end_check("end", start, end).is_ok(), good, "{end:?}");
        }
    }

    proptest! {
        #[test]
        fn a_time_is_kept_as_it_is_printed(micros in 0..253_402_300_800_000_000_i64) {
            let given = chrono::DateTime::from_timestamp_micros(micros).expect("in range").naive_utc();
            let kept = annotation_time(given);
            prop_assert!(kept <= given);
            prop_assert_eq!(time_parse(&time_iso8601(given)), Some(kept));
            prop_assert_eq!(annotation_time(kept), kept);
        }

        #[test]
        fn names_that_differ_in_case_are_the_same(name in "[a-zA-ZäöüÄÖÜéÉ0-9 ]{1,30}") {
            let fold = |text: &str| CategoryName::parse("category", text).map(|name| name.folded());
            prop_assert_eq!(fold(&name), fold(&name.to_lowercase()));
            prop_assert_eq!(fold(&name), fold(&name.to_uppercase()));
        }
    }
}
