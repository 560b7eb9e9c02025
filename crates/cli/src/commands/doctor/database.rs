//! Checks of the database: its connection, its integrity, its schema, its clock and its queue.

use std::{path::Path, time::Duration};

use chrono::TimeDelta;
use releasepage_domain::time::{UtcTime, time_iso8601};
use releasepage_storage::{
    DatabaseUrl, SchemaState, Store, StoreError, StoreSettings,
    announcements::retry::{SenderRefusals, sender_refusals},
    database::{
        clock::Clock,
        examine::{DatabaseExamined, database_examine},
        readiness::{Readiness, readiness},
    },
    jobs::{
        hold::job_hold_get,
        row::JobHold,
        standing::{LaneStanding, queue_standing},
    },
    schema_state,
};

use super::Finding;
use crate::settings::{Settings, database_url_masked};

const SUBJECT: &str = "database";

/// The difference between two clocks that does no harm. Leases and links count seconds.
const CLOCK_TOLERANCE: TimeDelta = TimeDelta::seconds(5);

/// The time a job may be due before a worker seems to be missing.
const DUE_TOLERANCE: TimeDelta = TimeDelta::minutes(5);

/// The longest time of the checks. A large database is read from its first page to its last. Slow reading is no fault.
const LOOK_TIMEOUT: Duration = Duration::from_secs(60 * 60);

/// Checks the database. Its content is checked only if it has this binary's schema.
pub(super) async fn look(settings: &Settings) -> Vec<Finding> {
    let url = settings.database_url();
    if let DatabaseUrl::Sqlite(path) = &url
        && !Path::new(path).exists()
    {
        let what = format!("there is none yet at {path}");
        return vec![Finding::note(SUBJECT, what, "the first start makes it, or `releasepage migrate`")];
    }
    let shown = database_url_masked(&url);
    let schema = match schema_state(&url) {
        Ok(schema) => schema,
        Err(error) => {
            let cure = "check database.url, that the server runs, and that this user may open the database";
            return vec![Finding::fault(SUBJECT, format!("{shown}: {error}"), cure)];
        }
    };
    let mut findings = vec![schema_finding(&schema, settings.database.auto_migrate)];
    if schema != SchemaState::Current {
        return findings;
    }
    let store = Store::new(&StoreSettings { timeout: LOOK_TIMEOUT, ..settings.store() });
    let now = Clock::system().now();
    match database_examine(&store).await {
        Ok(examined) => findings.extend(examined_findings(&shown, &examined, now)),
        Err(error) => findings.push(unreadable(&shown, &error)),
    }
    // A database that cannot be reached is a finding already.
    findings.extend(readiness(&store).await.ok().and_then(readiness_finding));
    match queue_look(&store, now).await {
        Ok((lanes, hold)) => findings.extend(queue_findings(&lanes, hold.as_ref(), now)),
        Err(error) => findings.push(unreadable(&shown, &error)),
    }
    match sender_refusals(&store, now).await {
        Ok(refusals) => findings.extend(refusals.map(refusals_finding)),
        Err(error) => findings.push(unreadable(&shown, &error)),
    }
    findings
}

/// The finding for a database that does not take writes.
fn readiness_finding(readiness: Readiness) -> Option<Finding> {
    const SUBJECT: &str = "writes";
    let refused = |what: &str, cure: &str| {
        let what = format!("the database refuses writes: {what}");
        Some(Finding::fault(SUBJECT, what, cure))
    };
    match readiness {
        // The schema has a finding of its own.
        Readiness::Ready | Readiness::Behind => None,
        Readiness::ReadOnly => refused(
            "it is set to read only, or it is a standby, or its file may only be read",
            "SQLite: let this user write to the file and its directory; Postgres: name the primary server in \
             database.url, and switch default_transaction_read_only off for the database and the role",
        ),
        Readiness::NotPermitted => refused(
            "the role in database.url may not write to all of its tables",
            "let the role own the tables, or grant it SELECT, INSERT, UPDATE and DELETE on all of them",
        ),
        Readiness::Locked => {
            let cure = "end the other process, unless it is a server of yours at work: then look again";
            Some(Finding::note(SUBJECT, "another process holds the database locked", cure))
        }
        Readiness::Full => refused("its disk is full", "make room on the disk"),
    }
}

fn refusals_finding(refusals: SenderRefusals) -> Finding {
    let said = refusals.said.unwrap_or_default();
    let what = format!(
        "{} were refused for the sender's sake, not the reader's: {said}",
        match refusals.messages {
            1 => "1 message".to_owned(),
            messages => format!("{messages} messages"),
        }
    );
    let cure = "see to mail.from, its domain (SPF, DKIM), the login or the quota in mail.url; what waits is tried again, \
                and `releasepage announcements retry --all` sends what failed in the last 30 days";
    Finding::note("refusals", what, cure)
}

async fn queue_look(store: &Store, now: UtcTime) -> Result<(Vec<LaneStanding>, Option<JobHold>), StoreError> {
    Ok((queue_standing(store, now).await?, job_hold_get(store).await?))
}

fn unreadable(shown: &str, error: &StoreError) -> Finding {
    let cure = match error {
        StoreError::Unavailable(_) => {
            "it may be busy or its disk full, which says nothing of the data: look again later"
        }
        _ => "if the file is damaged, restore a back-up; `releasepage restore --help` says how",
    };
    Finding::fault(SUBJECT, format!("{shown}: {error}"), cure)
}

fn schema_finding(schema: &SchemaState, auto_migrate: bool) -> Finding {
    const SUBJECT: &str = "schema";
    match schema {
        SchemaState::Current => Finding::well(SUBJECT, "this binary's"),
        SchemaState::Behind(missing) if auto_migrate => {
            let what = format!("{missing} migrations are missing");
            Finding::note(SUBJECT, what, "the next start applies them: make a back-up first")
        }
        SchemaState::Behind(missing) => {
            let what = format!("{missing} migrations are missing and database.auto_migrate is off");
            Finding::fault(SUBJECT, what, "make a back-up, then run `releasepage migrate`")
        }
        SchemaState::Ahead(version) => {
            let what = format!("the database has the migration {version}, which this binary does not know");
            Finding::fault(SUBJECT, what, "use the binary that made it, or a newer one")
        }
    }
}

fn examined_findings(shown: &str, examined: &DatabaseExamined, now: UtcTime) -> Vec<Finding> {
    let mut findings = vec![match &examined.damage {
        Some(damage) => Finding::fault(
            SUBJECT,
            format!("{shown} is damaged: {damage}"),
            "stop the server, keep the files, and restore a back-up; `releasepage restore --help` says how",
        ),
        None => Finding::well(SUBJECT, format!("{shown} is reached and whole")),
    }];
    if !examined.writes_ahead {
        let cure = "put the database on a local disk: network file systems cannot share it";
        findings.push(Finding::fault(SUBJECT, "SQLite cannot write ahead (WAL) here", cure));
    }
    findings.push(clock_finding(examined, now));
    findings
}

fn clock_finding(examined: &DatabaseExamined, now: UtcTime) -> Finding {
    const SUBJECT: &str = "clock";
    const CURE: &str = "let NTP set the clocks of all machines: leases and links depend on them";
    let apart = examined.clock.map(|clock| (clock - now).abs()).filter(|apart| *apart > CLOCK_TOLERANCE);
    if let Some(apart) = apart {
        let what = format!("this machine and the database are {} s apart", apart.num_seconds());
        return Finding::fault(SUBJECT, what, CURE);
    }
    match examined.newest.filter(|newest| *newest - now > CLOCK_TOLERANCE) {
        Some(newest) => {
            let (now, newest) = (time_iso8601(now), time_iso8601(newest));
            let what = format!("it is {now} here, and something was stored at {newest}");
            Finding::fault(SUBJECT, what, CURE)
        }
        None => Finding::well(SUBJECT, time_iso8601(now)),
    }
}

fn queue_findings(lanes: &[LaneStanding], hold: Option<&JobHold>, now: UtcTime) -> Vec<Finding> {
    const SUBJECT: &str = "queue";
    let waiting: i64 = lanes.iter().map(|lane| lane.due + lane.waiting).sum();
    let dead: i64 = lanes.iter().map(|lane| lane.dead).sum();
    let due_since = lanes.iter().filter_map(|lane| lane.due_since).min();
    let mut findings = Vec::new();
    if let Some(hold) = hold {
        let what = format!("held since {}: {}; nothing is mailed", time_iso8601(hold.held_at), hold.because);
        let cure = "let it go on with `releasepage jobs resume`; with --cancel-mail, what waits is given up";
        findings.push(Finding::fault(SUBJECT, what, cure));
    } else if let Some(due) = due_since.filter(|due| now - *due > DUE_TOLERANCE) {
        let what = format!("{} jobs wait, one of them since {}: no worker takes them", waiting, time_iso8601(due));
        let cure = "start `releasepage work`, or `releasepage serve` without --no-worker";
        findings.push(Finding::fault(SUBJECT, what, cure));
    }
    if dead > 0 {
        let letters = if dead == 1 { "letter" } else { "letters" };
        let what = format!("{dead} dead {letters}: jobs that failed for good");
        let cure = "`releasepage jobs list` says why; once that is mended, `releasepage jobs retry --all`";
        findings.push(Finding::fault(SUBJECT, what, cure));
    }
    if findings.is_empty() {
        findings.push(Finding::well(SUBJECT, format!("{waiting} jobs wait for their time")));
    }
    findings
}

#[cfg(test)]
mod tests {
    use releasepage_domain::job::Lane;
    use releasepage_domain::time::time_parse;

    use super::*;

    fn now() -> UtcTime {
        time_parse("2024-05-10T12:00:00Z").unwrap()
    }

    fn told(findings: &[Finding]) -> String {
        findings.iter().map(Finding::told).collect()
    }

    #[test]
    fn clocks_that_differ_are_told() {
        let at = |seconds| Some(now() + TimeDelta::seconds(seconds));
        for (clock, newest, fault) in [
            (None, None, None),
            (at(5), at(5), None),
            (at(-6), None, Some("6 s apart")),
            (at(3_600), None, Some("3600 s apart")),
            (None, at(-86_400), None),
            (None, at(6), Some("something was stored at 2024-05-10T12:00:06Z")),
        ] {
            let examined = DatabaseExamined { damage: None, writes_ahead: true, clock, newest };
            let told = clock_finding(&examined, now()).told();
            assert_eq!(told.starts_with("FAULT"), fault.is_some(), "{told}");
            assert!(told.contains(fault.unwrap_or("2024-05-10T12:00:00Z")), "{told}");
        }
    }

    #[test]
    fn damage_is_told() {
        let examined =
            DatabaseExamined { damage: Some("row 1".into()), writes_ahead: false, clock: None, newest: None };
        let told = told(&examined_findings("sqlite://x", &examined, now()));
        assert_eq!(told.matches("FAULT").count(), 2, "{told}");
        assert!(told.contains("sqlite://x is damaged: row 1") && told.contains("restore a back-up"), "{told}");
    }

    #[test]
    fn a_database_that_refuses_writes_is_told() {
        for (readiness, words) in [
            (Readiness::Ready, None),
            (Readiness::Behind, None),
            (Readiness::ReadOnly, Some("FAULT  writes          the database refuses writes: it is set to read only")),
            (Readiness::NotPermitted, Some("grant it SELECT, INSERT, UPDATE and DELETE")),
            (Readiness::Locked, Some("note   writes")),
            (Readiness::Full, Some("its disk is full")),
        ] {
            let told = readiness_finding(readiness.clone()).map(|finding| finding.told());
            assert_eq!(told.is_some(), words.is_some(), "{readiness:?}");
            assert!(told.unwrap_or_default().contains(words.unwrap_or_default()), "{readiness:?}");
        }
    }

    #[test]
    fn a_database_that_is_only_busy_is_not_to_be_restored() {
        for (error, restore) in [
            (StoreError::Unavailable("locked".into()), false),
            (StoreError::Database("the database disk image is malformed".into()), true),
        ] {
            let told = unreadable("sqlite://x", &error).told();
            assert_eq!(told.contains("restore a back-up"), restore, "{told}");
        }
    }

    #[test]
    fn a_queue_that_stands_still_is_told() {
        let lane = |lane, dead, due_since| LaneStanding { lane, due: 1, waiting: 2, running: 0, dead, due_since };
        let soon = Some(now() - DUE_TOLERANCE);
        let held = JobHold { because: "restored".into(), held_at: now() };
        let late = Some(now() - DUE_TOLERANCE - TimeDelta::seconds(1));
        for (dead, due_since, hold, words) in [
            (0, soon, None, &["ok     queue", "6 jobs wait"][..]),
            (0, late, None, &["6 jobs wait", "no worker takes them"]),
            (0, late, Some(&held), &["restored", "jobs resume"]),
            (1, late, None, &["no worker takes them", "2 dead letters", "retry --all"]),
        ] {
            let lanes = [lane(Lane::Prompt, dead, soon), lane(Lane::Delivery, dead, due_since)];
            let told = told(&queue_findings(&lanes, hold, now()));
            assert!(words.iter().all(|word| told.contains(word)), "{told}\nlacks one of {words:?}");
        }
    }

    #[test]
    fn schemas_are_told() {
        for (schema, auto_migrate, told) in [
            (SchemaState::Current, false, "ok"),
            (SchemaState::Behind(2), true, "note   schema          2 migrations are missing"),
            (SchemaState::Behind(2), false, "FAULT"),
            (SchemaState::Ahead("9999".into()), true, "FAULT  schema          the database has the migration 9999"),
        ] {
            assert!(schema_finding(&schema, auto_migrate).told().starts_with(told), "{schema:?}");
        }
    }
}
