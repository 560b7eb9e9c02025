//! The plan of an import: the request to the database for each version. It reads and writes nothing itself.

use std::collections::{HashMap, HashSet};

use chrono::{Days, NaiveDate, NaiveTime, TimeDelta};
use releasepage_domain::{
    release::{Platforms, ReleaseInput},
    release_import::{ImportTime, ReleaseImport},
    time::UtcTime,
    version::Version,
};
use serde_json::Map;

use super::{
    entry::{EntryImported, EntryOutcome},
    options::ChangelogOptions,
    tags::TagMaker,
};
use crate::changelog::{ChangelogEntry, first_words};

/// A version and its planned import.
pub(super) struct Planned {
    /// The known facts. The outcome is final only if there is no `import`.
    pub(super) imported: EntryImported,
    /// The request to the database.
    pub(super) import: Option<ReleaseImport>,
}

/// Plans the import of versions into a repository that has releases with these tags.
pub(super) fn changelog_plan(
    entries: Vec<ChangelogEntry>,
    tags: &[String],
    options: &ChangelogOptions,
    now: UtcTime,
) -> Vec<Planned> {
    let maker = TagMaker::of(tags, options.tag_format.as_ref());
    let there: HashSet<&str> = tags.iter().map(String::as_str).collect();
    let days = days_of(&entries, options.undated, now);
    let seconds = seconds_of(&entries, &days);
    let mut lines: HashMap<String, usize> = HashMap::new();
    let plan = |(entry, (day, second)): (ChangelogEntry, (Option<NaiveDate>, i64))| {
        let tag = maker.tag(&entry);
        let imported = EntryImported {
            line: entry.line,
            version: entry.version.clone(),
            tag: tag.as_ref().ok().cloned(),
            date: entry.date,
            words: first_words(&entry.title, &entry.notes),
            outcome: EntryOutcome::Same,
        };
        let step = tag.map_err(EntryOutcome::Refused).and_then(|tag| {
            let told = ReleaseImport { time: ImportTime::Guess, input: release_input(tag, &entry, now) };
            let names = told.tags();
            if let Some(line) = names.iter().find_map(|name| lines.get(name)) {
                return Err(EntryOutcome::Refused(format!("line {line} has the same version")));
            }
            lines.extend(names.iter().map(|name| (name.clone(), entry.line)));
            if entry.yanked {
                return Err(EntryOutcome::Kept("it was yanked"));
            }
            let is_there = names.iter().any(|name| there.contains(name.as_str()));
            timed(told, entry.date, day, second, is_there, now).map_err(EntryOutcome::Refused)
        });
        match step {
            Ok(import) => Planned { imported, import: Some(import) },
            Err(outcome) => Planned { imported: EntryImported { outcome, ..imported }, import: None },
        }
    };
    entries.into_iter().zip(days.into_iter().zip(seconds)).map(plan).collect()
}

fn release_input(tag: String, entry: &ChangelogEntry, now: UtcTime) -> ReleaseInput {
    ReleaseInput {
        tag,
        platforms: Platforms::default(),
        title: entry.title.clone(),
        notes: Some(entry.notes.clone()).filter(|notes| !notes.is_empty()),
        author: None,
        published_at: now,
        ends_at: None,
        // The tag decides if it is a pre-release.
        prerelease: None,
        draft: false,
        notify: None,
        chart_visibility: true,
        params: Map::new(),
    }
}

/// Sets the time of a release to `second` seconds after the start of its day. `dated` is the day from its heading.
/// `day` is that day or the best guess.
fn timed(
    told: ReleaseImport,
    dated: Option<NaiveDate>,
    day: Option<NaiveDate>,
    second: i64,
    is_there: bool,
    now: UtcTime,
) -> Result<ReleaseImport, String> {
    if dated.is_some_and(|day| is_to_come(day, now)) {
        return Err("its day is still to come".to_owned());
    }
    let Some(day) = day else {
        // An existing release has a time already.
        return if is_there {
            Ok(told)
        } else {
            Err("it names no day, and no other version does: name one for all such".to_owned())
        };
    };
    let time = if dated.is_some() { ImportTime::Day } else { ImportTime::Guess };
    let published_at = (day.and_time(NaiveTime::MIN) + TimeDelta::seconds(second)).min(now);
    Ok(ReleaseImport { time, input: ReleaseInput { published_at, ..told.input } })
}

/// True if a day has not begun anywhere on Earth. East of Greenwich it may already be tomorrow.
fn is_to_come(day: NaiveDate, now: UtcTime) -> bool {
    day > now.date() + Days::new(1)
}

/// The day of each version. It is its own day, or `undated`, or the day of the nearest dated version below, or above.
/// Changelogs list the newest version first, so the version below is older. A day in the future is not used for other
/// versions.
fn days_of(entries: &[ChangelogEntry], undated: Option<NaiveDate>, now: UtcTime) -> Vec<Option<NaiveDate>> {
    let is_refused = |entry: &ChangelogEntry| entry.date.is_some_and(|day| is_to_come(day, now));
    let own = |entry: &ChangelogEntry| if is_refused(entry) { None } else { entry.date.or(undated) };
    let mut days: Vec<Option<NaiveDate>> = entries.iter().map(own).collect();
    let mut near = None;
    for day in days.iter_mut().rev() {
        near = day.or(near);
        *day = near;
    }
    for (day, entry) in days.iter_mut().zip(entries) {
        near = day.or(near);
        *day = near.filter(|_| !is_refused(entry));
    }
    days
}

/// The number of versions of the same day before each version. It keeps their order for readers.
fn seconds_of(entries: &[ChangelogEntry], days: &[Option<NaiveDate>]) -> Vec<i64> {
    let versions: Vec<Option<Version>> = entries.iter().map(|entry| Version::parse(&entry.version)).collect();
    let mut order: Vec<usize> = (0..entries.len()).rev().collect();
    // The sort is stable: of equal versions, the lower one in the text comes first.
    order.sort_by(|one, other| (days[*one], &versions[*one]).cmp(&(days[*other], &versions[*other])));
    let mut seconds = vec![0; entries.len()];
    for pair in order.windows(2) {
        if days[pair[0]] == days[pair[1]] {
            seconds[pair[1]] = seconds[pair[0]] + 1;
        }
    }
    seconds
}

#[cfg(test)]
mod tests {
    use releasepage_domain::time::{time_iso8601, time_parse};

    use super::*;
    use crate::changelog::changelog_read;

    /// The plan for a changelog: tag, time and kind of time, or the reason for no import.
    fn plan(text: &str, tags: &[&str], undated: Option<&str>) -> Vec<String> {
        let tags: Vec<String> = tags.iter().map(ToString::to_string).collect();
        let undated = undated.map(|day| day.parse().unwrap());
        let options = ChangelogOptions { undated, ..ChangelogOptions::default() };
        let now = time_parse("2024-05-10T06:00:00Z").unwrap();
        let planned = changelog_plan(changelog_read(text).entries, &tags, &options, now);
        let line = |planned: &Planned| match &planned.import {
            Some(ReleaseImport { input, time }) => {
                format!("{} {} {time:?}", input.tag, time_iso8601(input.published_at))
            }
            None => format!(
                "{}: {}",
                planned.imported.outcome.result().as_str(),
                planned.imported.outcome.reason().unwrap()
            ),
        };
        planned.iter().map(line).collect()
    }

    #[test]
    fn times() {
        let text =
            "## 1.3.0\n## 1.2.1 - 2024-05-02\n## 1.2.0 - 2024-05-02\n## 1.1.0\n## 1.0.0 - 2024-05-01\n## 0.9.0\n";
        assert_eq!(
            plan(text, &[], None),
            [
                "1.3.0 2024-05-02T00:00:02Z Guess",
                "1.2.1 2024-05-02T00:00:01Z Day",
                "1.2.0 2024-05-02T00:00:00Z Day",
                "1.1.0 2024-05-01T00:00:02Z Guess",
                "1.0.0 2024-05-01T00:00:01Z Day",
                "0.9.0 2024-05-01T00:00:00Z Guess",
            ]
        );
        assert_eq!(
            plan(text, &[], Some("2024-01-01"))[3..5],
            ["1.1.0 2024-01-01T00:00:01Z Guess", "1.0.0 2024-05-01T00:00:00Z Day"]
        );
    }

    #[test]
    fn days_around_the_present() {
        assert_eq!(
            plan("## 1.2.0 - 2024-05-12\n## 1.1.0 - 2024-05-11\n## 1.0.0 - 2024-05-10", &[], None),
            ["refused: its day is still to come", "1.1.0 2024-05-10T06:00:00Z Day", "1.0.0 2024-05-10T00:00:00Z Day"]
        );
    }

    #[test]
    fn a_day_to_come_is_nobodys_guess() {
        assert_eq!(
            plan("## 1.0.0 - 2027-05-05\n## 0.9.0", &[], None),
            [
                "refused: its day is still to come",
                "refused: it names no day, and no other version does: name one for all such",
            ]
        );
    }

    #[test]
    fn no_day_at_all() {
        assert_eq!(
            plan("## 1.1.0\n## 1.0.0", &["v1.0.0"], None),
            [
                "refused: it names no day, and no other version does: name one for all such",
                "v1.0.0 2024-05-10T06:00:00Z Guess",
            ]
        );
        assert_eq!(plan("## 1.1.0\n## 1.0.0", &[], Some("2024-01-01"))[0], "1.1.0 2024-01-01T00:00:01Z Guess");
    }

    #[test]
    fn what_is_left_out() {
        assert_eq!(
            plan("## 1.1.0 - 2024-05-02 [YANKED]\n## v1.0.0 - 2024-05-01\n\n## 1.0.0 - 2024-04-01", &["1.0"], None),
            ["kept: it was yanked", "1.0.0 2024-05-01T00:00:00Z Day", "refused: line 2 has the same version"]
        );
    }
}
