//! No statement reads the whole of a table that grows.

use chrono::TimeDelta;
use diesel::{RunQueryDsl as _, connection::SimpleConnection as _, prelude::QueryableByName, sql_types::Text};
use releasepage_domain::{
    annotation::CategoryName,
    announcement::DeliveryState,
    bump::Bump,
    consent::{Confirmation, Consent},
    environment::Environment,
    group::{GroupState, Grouping},
    job::{JobPayload, JobState},
    release::{ReleaseArrival, ReleaseInput},
    reply::ReplyMeaning,
    repository::{RepositoryName, RepositoryOrigin},
    source_event::{SourceEvent, SourceEventKind, SourceRepository, SourceText},
    subscriber::{Following, Preferences, SubscriberAddress, SubscriberState},
    subscription::{RequestCaps, SubscriptionOp},
};
use releasepage_storage::{
    AnyConnection, QueryResult,
    annotations::{
        categories::{category_assign, category_create, category_delete, category_list},
        edits::{AnnotationCursor, AnnotationNew, AnnotationsFilter, annotation_create, annotation_list},
    },
    announcements::{
        deliveries::{
            DeliveryRange, DeliveryResult, Refusal, announcement_content, deliveries_due, delivery_look,
            delivery_record,
        },
        delivery_lists::{DeliveriesOf, delivery_counts, delivery_list},
        mailbox::{MailboxNew, mailbox_get, mailbox_list, mailbox_put},
        retry::{RetryOf, announcement_retry, announcements_failed, announcements_refused, sender_refusals},
        spreading::announcement_spread,
    },
    database::{
        change::Change,
        cursor::{IdCursor, TimeCursor},
    },
    groups::{
        closing::group_close_due,
        edits::{GroupChange, GroupNew, group_create, group_edit, group_withdraw},
        lists::{group_get, groups_list},
        timeline::{TimelinePlace, page_group, page_group_of_release, page_timeline},
    },
    jobs::{
        claims::{JobOutcome, job_claim, job_finish, job_heartbeat},
        hold::{job_hold_set, mail_give_up, mail_queued},
        list::{JobsFilter, JobsOf, job_list, job_retry},
        retention::{Retention, prune},
        schedules::schedule_run,
    },
    pages::{
        components::component_delete,
        deletion::page_delete,
        edits::{PageChange, page_update},
        ranges::{RangeEnd, ReleaseRange, component_releases_between, release_rank},
        releases::{PageReleasesFilter, page_release, page_releases, release_neighbours},
        snapshots::page_snapshot,
    },
    releases::{
        edits::{ReleasesFilter, release_arrive, release_edit, release_publish_due, release_withdraw, releases_list},
        idempotency::Idempotency,
        row::ReleaseOwner,
    },
    repositories::deletion::repository_delete,
    sources::{
        hook_deliveries::{HookDelivery, hook_delivery_fail, hook_receive},
        hooks::{HookRepositoryNew, hook_access, hook_repository_create},
        releases::source_event_apply,
        settings::SourceNew,
    },
    subscribers::{
        additions::{AdditionPlace, SubscriberNew, subscriber_create, subscribers_add},
        address_rules::address_rules_apply,
        addresses::{address_doubt, address_suppress},
        changes::{subscriber_change, subscriber_unsubscribe},
        erasure::subscriber_erase,
        lists::{SubscribersFilter, subscriber_entry, subscriber_list},
        requests::{RequestNew, request_decide, request_note, request_sent, request_use},
        suppressions::{SuppressionName, SuppressionsOf, suppression_lift, suppression_list},
    },
};

use crate::{
    statements::statements_of,
    support::{Database, Site, both, context, now, release_ids, release_input},
};

/// The tables that stay small: one row for each thing that people set up.
const SMALL: [&str; 7] =
    ["organizations", "pages", "components", "repositories", "job_turns", "job_holds", "schedules"];

#[derive(QueryableByName)]
struct Detail {
    #[diesel(sql_type = Text)]
    detail: String,
}

#[derive(QueryableByName)]
struct Plan {
    #[diesel(sql_type = Text, column_name = "QUERY PLAN")]
    line: String,
}

/// What a statement reads as a whole, by the database's own plan for any values.
fn scans(connection: &mut AnyConnection, statement: &str) -> QueryResult<Vec<String>> {
    let lines: Vec<String> = match connection {
        AnyConnection::Sqlite(connection) => {
            let plan = diesel::sql_query(format!("EXPLAIN QUERY PLAN {statement}")).load::<Detail>(connection)?;
            let scan = |detail: &Detail| detail.detail.starts_with("SCAN ") && !detail.detail.contains("CONSTANT ROW");
            plan.into_iter().filter(scan).map(|detail| detail.detail).collect()
        }
        AnyConnection::Postgres(connection) => {
            // Small tables are cheapest to scan: what shows now has no index to use.
            connection.batch_execute(&format!(
                "SET LOCAL enable_seqscan = off; SET LOCAL plan_cache_mode = force_generic_plan; PREPARE p AS {statement}"
            ))?;
            let values = (1..).take_while(|number| statement.contains(&format!("${number}"))).count();
            let values = if values == 0 { String::new() } else { format!("({})", vec!["NULL"; values].join(", ")) };
            let plan = diesel::sql_query(format!("EXPLAIN EXECUTE p{values}")).load::<Plan>(connection)?;
            connection.batch_execute("DEALLOCATE p")?;
            plan.into_iter().map(|plan| plan.line).filter(|line| line.contains("Seq Scan on ")).collect()
        }
    };
    let is_small =
        |line: &String| line.split_whitespace().any(|word| SMALL.contains(&word.trim_matches('"')) || word == "t");
    Ok(lines.into_iter().filter(|line| !is_small(line)).collect())
}

/// Everything that touches a table that grows, once; but not the counts of the whole queue (`queue_standing`), which read all
/// of an index.
async fn everything(database: &Database) {
    let site = database.site().await;
    let store = &database.store;
    let owner = ReleaseOwner::Repository(site.repository_id);
    let address = || SubscriberAddress::parse("", "reader@example.com").unwrap();
    let key = |address: &str| address.to_owned();

    let request = |op| RequestNew {
        page_id: site.page_id.clone(),
        environment: Environment::Live,
        op,
        address: address(),
        preferences: Preferences::default(),
        components: Some(vec!["acme/api".into()]),
    };
    let id = request_note(store, request(SubscriptionOp::Add), now()).await.unwrap();
    request_decide(store, id, RequestCaps::default(), key, now()).await.unwrap();
    request_sent(store, id, Some("k".into()), now()).await.unwrap();
    let (_, confirmed) = request_use(store, id, now()).await.unwrap();
    let reader = confirmed.subscriber_id.unwrap();
    subscriber_change(store, reader, Preferences::default(), Following::All, now()).await.unwrap();

    let answer = |_: &releasepage_storage::releases::row::Release| String::new();
    let idempotency = Idempotency { key: "k".into(), fingerprint: "f".into(), answer: std::sync::Arc::new(answer) };
    let early = ReleaseInput { prerelease: Some(true), ..release_input("v1.0.0") };
    let hand = ReleaseArrival::ByHand;
    release_arrive(store, site.repository_id, early, hand, Some(idempotency), release_ids(), context(now()))
        .await
        .unwrap();
    let release = database.arrive(site.repository_id, release_input("v1.0.0")).await;
    let retag = |before: &releasepage_storage::releases::row::Release| {
        Ok(ReleaseInput { tag: "v2.0.0".into(), title: "New".into(), ..before.input.clone() })
    };
    release_edit(store, owner, release.id.clone(), None, retag, context(now())).await.unwrap();
    release_publish_due(store, release.id.clone(), context(now())).await.unwrap();
    for announcement in [1, 2] {
        while announcement_spread(store, announcement, now()).await.unwrap() {}
    }
    let content = announcement_content(store, 2).await.unwrap().unwrap();
    deliveries_due(store, DeliveryRange { announcement: 2, first: 1, last: 1 }, now()).await.unwrap();
    let held = database.ticket_held().await;
    delivery_look(store, 1, held, content, key, now()).await.unwrap();
    let job = job_claim(store, now(), now()).await.unwrap().unwrap();
    let deferred = DeliveryResult::Deferred(now(), Refusal::new(ReplyMeaning::Later, "451"));
    delivery_record(store, 1, job.ticket, deferred, now()).await.unwrap();
    job_heartbeat(store, vec![job.ticket], now()).await.unwrap();
    job_finish(store, job.ticket, JobOutcome::Retry(now(), "later".into())).await.unwrap();
    schedule_run(store, "prune", JobPayload::Prune, TimeDelta::hours(1), now()).await.unwrap();

    for filter in [
        PageReleasesFilter::default(),
        PageReleasesFilter {
            repo: Some("acme/api".into()),
            bump: Some(Bump::Major),
            since: Some(now()),
            query: Some("new release".into()),
            after: Some((now(), "zzzzzzz".into())),
        },
    ] {
        page_releases(store, site.page_id.clone(), filter, 10).await.unwrap();
    }
    let shown = page_release(store, site.page_id.clone(), release.id.clone()).await.unwrap();
    release_neighbours(store, site.page_id.clone(), shown).await.unwrap();
    page_snapshot(store, site.page_id.clone()).await.unwrap();
    let filter =
        ReleasesFilter { without_withdrawn: true, tag: Some("v2.0.0".into()), after: Some((now(), "zzzzzzz".into())) };
    releases_list(store, site.repository_id, filter, 10).await.unwrap();
    for name in [None, Some("v1.0.0".into())] {
        release_rank(store, site.page_id.clone(), "acme/api".into(), name).await.unwrap();
    }
    let end = |version_key: &str| RangeEnd { version_key: version_key.into(), published_at: Some(now()) };
    let range = ReleaseRange { after: end("a"), until: end("z"), prereleases: false };
    component_releases_between(store, site.page_id.clone(), "acme/api".into(), range).await.unwrap();

    let message = MailboxNew {
        page_id: site.page_id.clone(),
        environment: Environment::Live,
        message_id: "m".into(),
        recipient: "reader@example.com".into(),
        subject: "s".into(),
        text: "t".into(),
        html: "h".into(),
        source: "r".into(),
    };
    mailbox_put(store, message, now()).await.unwrap();
    let captured = mailbox_list(store, site.organization_id, None, 10).await.unwrap();
    mailbox_get(store, site.organization_id, captured[0].id).await.unwrap();

    annotated(database, site.repository_id).await;
    managed(database, &site, &release.id).await;
    grouped(database, &site).await;
    release_withdraw(store, owner, release.id, context(now())).await.unwrap();
    subscriber_unsubscribe(store, reader, now()).await.unwrap();
    address_suppress(store, address(), "k".into(), "550".into(), now()).await.unwrap();
    address_doubt(store, address(), "k".into(), "550".into(), now()).await.unwrap();
    let sent = DeliveryResult::Sent { answer: "250".into(), reached: Some("k".into()) };
    delivery_record(store, 1, job.ticket, sent, now()).await.unwrap();
    let suppressed = |address: &str| address.to_owned();
    for of in [SuppressionsOf::Server, SuppressionsOf::Organization(site.organization_id)] {
        suppression_list(store, of, Some(address()), suppressed, IdCursor::default(), 10).await.unwrap();
        suppression_list(store, of, None, suppressed, IdCursor::default(), 10).await.unwrap();
    }
    let lifted = SuppressionName::Reader(reader);
    suppression_lift(store, SuppressionsOf::Server, lifted, suppressed).await.unwrap();
    announcements_failed(store, now()).await.unwrap();
    announcements_refused(store, now()).await.unwrap();
    sender_refusals(store, now()).await.unwrap();
    announcement_retry(store, JobsOf::Server, 1, RetryOf::Any, now()).await.unwrap();
    let quoted = "address = '\"a\"@b.c', address_folded = '\"a\"@b.c'";
    database.execute(format!("UPDATE subscribers SET {quoted} WHERE id = {reader}")).await;
    address_rules_apply(store, key, now()).await.unwrap();
    prune(store, Retention::default(), now()).await.unwrap();
    component_delete(store, site.organization_id, site.page_id.clone(), site.component_id).await.unwrap();
    database.component(site.organization_id, &site.page_id, "acme/api", None).await;
    ended(database, &site).await;
}

/// What forges tell, what is seen of the queue, and what ends with a page or a repository.
async fn ended(database: &Database, site: &Site) {
    let (store, organization) = (&database.store, site.organization_id);
    let new = HookRepositoryNew {
        name: RepositoryName::parse("name", "acme/forge").unwrap(),
        origin: RepositoryOrigin::Github,
        source: SourceNew::default(),
    };
    let forge = hook_repository_create(store, organization, new, ToOwned::to_owned, now()).await.unwrap().id;
    let access = hook_access(store, forge, RepositoryOrigin::Github).await.unwrap().unwrap();
    let text = SourceText {
        tag: "v1.0.0".into(),
        title: "New".into(),
        notes: None,
        author: None,
        published_at: None,
        prerelease: None,
    };
    for kind in [SourceEventKind::Published, SourceEventKind::Edited] {
        let event =
            SourceEvent { kind, release_id: "1".into(), made_at: None, updated_at: None, shown: Some(text.clone()) };
        let source = Some(SourceRepository { id: Some(7), name: "acme/forge".into() });
        let (delivery, digest) = (format!("{kind:?}"), Some(format!("{kind:?}")));
        let delivery = HookDelivery { delivery, digest, event_name: "release".into(), source, event };
        hook_receive(store, &access, delivery, now()).await.unwrap();
    }
    source_event_apply(store, 1, release_ids(), context(now())).await.unwrap();
    hook_delivery_fail(store, 2, "it cannot be done".into()).await.unwrap();

    let scheduled = ReleaseInput { published_at: now() + TimeDelta::hours(1), ..release_input("v9.0.0") };
    database.arrive(site.repository_id, scheduled).await;
    database.arrive(site.repository_id, release_input("v8.0.0")).await;
    database.execute("UPDATE jobs SET state = 'dead' WHERE id > 0").await;
    for of in [JobsOf::Server, JobsOf::Organization(organization)] {
        for state in [None, Some(JobState::Dead)] {
            let filter = JobsFilter { state, ..JobsFilter::default() };
            let (part, _) = job_list(store, of, filter, IdCursor::default(), 10).await.unwrap();
            job_retry(store, of, part.rows[0].id, now()).await.unwrap();
            database.execute("UPDATE jobs SET state = 'dead' WHERE id > 0").await;
        }
    }
    job_hold_set(store, "restored".into(), now()).await.unwrap();
    database.execute("UPDATE deliveries SET state = 'queued' WHERE id > 0").await;
    assert!(!mail_queued(store).await.unwrap().is_empty());
    mail_give_up(store, now() + TimeDelta::hours(2)).await.unwrap();

    let hidden = PageChange { published: Change::Set(false), ..PageChange::default() };
    page_update(store, organization, site.page_id.clone(), hidden, now()).await.unwrap();
    page_delete(store, organization, site.page_id.clone()).await.unwrap();
    repository_delete(store, organization, forge).await.unwrap();
}

/// What is released together.
async fn grouped(database: &Database, site: &Site) {
    let (store, organization, page) = (&database.store, site.organization_id, &site.page_id);
    let switch = async |grouping| {
        let window = Change::Set(60);
        let change =
            PageChange { grouping: Change::Set(grouping), group_window_minutes: window, ..PageChange::default() };
        page_update(store, organization, page.clone(), change, now()).await.unwrap();
    };
    switch(Grouping::Auto).await;
    let member = database.arrive(site.repository_id, release_input("v5.0.0")).await;
    let open = groups_list(store, organization, page.clone(), Some(GroupState::Open), Some(IdCursor(99)), 10);
    let open = open.await.unwrap().rows.remove(0).id;
    group_close_due(store, open, context(now() + TimeDelta::hours(2))).await.unwrap();
    while announcement_spread(store, 3, now()).await.unwrap() {}
    let content = announcement_content(store, 3).await.unwrap().unwrap();
    let held = database.ticket_held().await;
    delivery_look(store, 3, held, content, str::to_owned, now()).await.unwrap();
    page_snapshot(store, page.clone()).await.unwrap();
    for id in ["g0000000000000001", "r000001"] {
        let after = TimeCursor { time: now(), id: id.into() };
        page_timeline(store, page.clone(), TimelinePlace::After(after.clone()), 10).await.unwrap();
        page_timeline(store, page.clone(), TimelinePlace::Before(after), 10).await.unwrap();
    }
    let closed = group_get(store, organization, page.clone(), open).await.unwrap();
    page_group(store, page.clone(), closed.version.unwrap().parse().unwrap()).await.unwrap();
    page_group_of_release(store, page.clone(), member.id.clone()).await.unwrap();
    let owner = ReleaseOwner::Repository(site.repository_id);
    release_withdraw(store, owner, member.id, context(now())).await.unwrap();

    switch(Grouping::Manual).await;
    let picked = database.arrive(site.repository_id, release_input("v5.1.0")).await;
    let version = "v7.0.0".parse().unwrap();
    let new = GroupNew { version, releases: vec![picked.id], notes: None, notify: true };
    let made = group_create(store, organization, page.clone(), new, context(now())).await.unwrap().id;
    let change = GroupChange { version: Change::Set("v7.0.1".parse().unwrap()), ..GroupChange::default() };
    group_edit(store, organization, page.clone(), made, change, now()).await.unwrap();
    group_withdraw(store, organization, page.clone(), made, now()).await.unwrap();
    switch(Grouping::Off).await;
}

/// What is asked of annotations, and the end of a category.
async fn annotated(database: &Database, project: i64) {
    let store = &database.store;
    let name = || CategoryName::parse("category", "Releases").unwrap();
    let category = category_create(store, project, name(), now()).await.unwrap().id;
    for _ in 0..2 {
        let (label, category) = ("New".into(), Some(name()));
        let new = AnnotationNew { label, details: None, starts_at: now(), ends_at: None, chart_id: None, category };
        annotation_create(store, project, new, now()).await.unwrap();
    }
    category_list(store, project, Some(name()), IdCursor::default(), 10).await.unwrap();
    category_list(store, project, None, IdCursor::default(), 10).await.unwrap();
    let first = annotation_list(store, project, AnnotationsFilter::default(), None, 1).await.unwrap();
    let after = first.next.map(|next| AnnotationCursor::parse(&next).unwrap());
    let (category_name, chart_id) = (Some(name()), Some("c".into()));
    let filter = AnnotationsFilter { category: category_name, chart_id, since: Some(now()), until: Some(now()) };
    annotation_list(store, project, filter, after, 10).await.unwrap();
    category_assign(store, project, category, [first.rows[0].id].into()).await.unwrap();
    category_delete(store, project, category).await.unwrap();
}

/// What those do who manage a page's subscribers.
async fn managed(database: &Database, site: &Site, release_id: &str) {
    let (store, organization) = (&database.store, site.organization_id);
    let key = |address: &str| address.to_owned();
    let place =
        AdditionPlace { organization_id: organization, page_id: site.page_id.clone(), environment: Environment::Live };
    let consent = Consent { source: "form".into(), time: now() };
    let one = |address: &str, confirmation| SubscriberNew {
        address: SubscriberAddress::parse("", address).unwrap(),
        preferences: Preferences::default(),
        following: Following::Only(vec![site.component_id]),
        confirmation,
    };
    let ask = one("ada@example.com", Confirmation::Mail { again: true });
    let (ada, _) = subscriber_create(store, place.clone(), ask, key, now()).await.unwrap();
    let vouched = ["ada@example.com", "bob@example.com"].map(|of| one(of, Confirmation::Vouched(consent.clone())));
    subscribers_add(store, place, vouched.to_vec(), false, key, now()).await.unwrap();
    for filter in [
        SubscribersFilter::default(),
        SubscribersFilter {
            state: Some(SubscriberState::Confirmed),
            environment: Some(Environment::Live),
            address: Some(SubscriberAddress::parse("", "ada@example.com").unwrap()),
        },
    ] {
        let page = site.page_id.clone();
        subscriber_list(store, organization, page, filter, IdCursor::default(), 10).await.unwrap();
    }
    subscriber_entry(store, organization, site.page_id.clone(), ada.id).await.unwrap();
    for of in [DeliveriesOf::Page(site.page_id.clone()), DeliveriesOf::Release(release_id.to_owned())] {
        for state in [None, Some(DeliveryState::Queued)] {
            let part = delivery_list(store, organization, of.clone(), state, None, 10).await.unwrap();
            assert!(!part.rows.is_empty());
        }
        delivery_counts(store, organization, of).await.unwrap();
    }
    subscriber_erase(store, organization, site.page_id.clone(), ada.id).await.unwrap();
}

both! {
    async fn every_statement_on_a_table_that_grows_uses_an_index(database: &Database) {
        let ((), mut statements) = statements_of(everything(database)).await;
        statements.sort_unstable();
        statements.dedup();
        // New rows are written, not looked for.
        statements.retain(|statement| !statement.contains(") VALUES ("));
        // Of a list without rows nothing is read, whatever the plan says.
        statements.retain(|statement| !statement.ends_with("WHERE (1=0)"));
        // The capture itself works.
        for table in ["deliveries", "subscribers", "component_releases", "jobs", "subscription_requests", "mailbox"] {
            let is_read = |statement: &String| statement.starts_with("SELECT") && statement.contains(table);
            assert!(statements.iter().any(is_read), "{table}");
        }
        let explained = database.store.write(&[], move |connection| {
            let mut found = Vec::new();
            for statement in &statements {
                let scans = scans(connection, statement)?;
                if !scans.is_empty() {
                    found.push((statement.clone(), scans));
                }
            }
            Ok(found)
        });
        let found = explained.await.unwrap();
        assert!(found.is_empty(), "{found:#?}");
    }
}
