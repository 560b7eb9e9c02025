//! The forms of days in the headings of changelogs.

use chrono::{Datelike, NaiveDate};

/// The names of months. Three letters are enough for each. September may have four.
const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];

/// Reads a day in one word: `2024-08-10`, `2024/8/10`, `2024.08.10`, `10.08.2024`, `10-Aug-2024`,
/// `2024-08-10T12:00:00Z`.
///
/// A day with slashes and the year at the end is not read, because the order of day and month is unknown.
pub(super) fn date_word(word: &str) -> Option<NaiveDate> {
    let day = word.split_once('T').map_or(word, |(day, _)| day);
    let parts: Vec<&str> = day.split(['-', '/', '.']).collect();
    let [first, middle, last] = parts[..] else { return None };
    // Both separators must be the same: `2024-08/10` is not a day.
    let separator = day[first.len()..].chars().next()?;
    if !day[first.len() + 1 + middle.len()..].starts_with(separator) {
        return None;
    }
    if first.len() == 4 {
        return date(first, month_number(middle)?, last);
    }
    match separator {
        '.' => date(last, month_number(middle)?, first),
        '-' => date(last, month_name(middle)?, first),
        _ => None,
    }
}

/// Reads a day in three words: `August 10, 2024` or `10 Aug 2024`, but not `10th of August`.
pub(super) fn date_words(words: [&str; 3]) -> Option<NaiveDate> {
    let [first, second, year] = words;
    match (month_name(first), month_name(second)) {
        (Some(month), _) => date(year, month, second),
        (None, Some(month)) => date(year, month, first),
        (None, None) => None,
    }
}

/// True if a word is the name of a weekday. The name adds nothing to the day.
pub(super) fn is_weekday(word: &str) -> bool {
    let word = word.to_ascii_lowercase();
    ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
        .iter()
        .any(|day| *day == word || word.len() >= 3 && word.len() <= 4 && day.starts_with(&word))
}

/// True if a word may be part of a day that was not read. It is a year, or two or more numbers with slashes or hyphens.
pub(super) fn is_datelike(word: &str) -> bool {
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let is_year = |text: &str| is_number(text) && text.len() == 4 && (text.starts_with("19") || text.starts_with("20"));
    is_year(word) || word.split(['-', '/']).count() > 1 && word.split(['-', '/']).all(is_number)
}

/// A day from 1970 on. `day` may end in `st`, `nd`, `rd` or `th`.
fn date(year: &str, month: u32, day: &str) -> Option<NaiveDate> {
    let digits = day.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let ending = &day[digits.len()..];
    if !matches!(ending.to_ascii_lowercase().as_str(), "" | "st" | "nd" | "rd" | "th") {
        return None;
    }
    let date = NaiveDate::from_ymd_opt(number(year, 4, 4)?.try_into().ok()?, month, number(digits, 1, 2)?)?;
    (date.year() >= 1970).then_some(date)
}

fn month_number(text: &str) -> Option<u32> {
    number(text, 1, 2).or_else(|| month_name(text))
}

fn month_name(text: &str) -> Option<u32> {
    let text = text.trim_end_matches('.').to_ascii_lowercase();
    let is_name = |month: &&str| text == *month || text == month[..3] || text == "sept" && *month == "september";
    let index = MONTHS.iter().position(is_name)?;
    u32::try_from(index + 1).ok()
}

/// Reads a number with `least` to `most` digits.
fn number(text: &str, least: usize, most: usize) -> Option<u32> {
    let is_good = (least..=most).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| is_good)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_word() {
        for word in [
            "2024-08-10",
            "2024-8-10",
            "2024/08/10",
            "2024.08.10",
            "10.08.2024",
            "10.8.2024",
            "10-Aug-2024",
            "2024-Aug-10",
            "2024-08-10T23:59:59Z",
        ] {
            assert_eq!(date_word(word), NaiveDate::from_ymd_opt(2024, 8, 10), "{word}");
        }
        for word in [
            "",
            "2024",
            "2024-08",
            "2024-13-01",
            "2024-02-30",
            "10/08/2024",
            "08-10-2024",
            "2024-08/10",
            "24-08-10",
            "1969-12-31",
            "٢٠٢٤-08-10",
            "2024-08-10x",
            "1.2.3",
            "-é-",
        ] {
            assert_eq!(date_word(word), None, "{word}");
        }
    }

    #[test]
    fn three_words() {
        for words in [
            ["August", "10", "2024"],
            ["aug", "10th", "2024"],
            ["Aug.", "10", "2024"],
            ["10", "August", "2024"],
            ["10th", "AUG", "2024"],
        ] {
            assert_eq!(date_words(words), NaiveDate::from_ymd_opt(2024, 8, 10), "{words:?}");
        }
        assert_eq!(date_words(["1", "Sept", "2024"]), NaiveDate::from_ymd_opt(2024, 9, 1));
        for words in [["Augustus", "10", "2024"], ["10", "8", "2024"], ["August", "10", "24"], ["August", "32", "2024"]]
        {
            assert_eq!(date_words(words), None, "{words:?}");
        }
    }

    #[test]
    fn days_of_the_week_and_what_may_be_a_date() {
        assert!(is_weekday("Sat") && is_weekday("thurs".get(..4).unwrap()) && is_weekday("MONDAY"));
        assert!(!is_weekday("Sa") && !is_weekday("Satur") && !is_weekday("Changes"));
        assert!(is_datelike("2024") && is_datelike("10/08/2024") && is_datelike("2024-08"));
        assert!(!is_datelike("1.2.3") && !is_datelike("1204") && !is_datelike("web-2") && !is_datelike(""));
    }
}
