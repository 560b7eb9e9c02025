//! Annotations on a project's charts, and their categories.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use releasepage_domain::{annotation::CategoryName, fault::FaultKind, time::UtcTime};
use releasepage_storage::{
    Store, StoreError,
    annotations::{
        categories::{category_assign, category_create, category_delete, category_get, category_list, category_rename},
        edits::{
            AnnotationChange, AnnotationCursor, AnnotationNew, AnnotationOutcome, AnnotationsFilter, annotation_create,
            annotation_delete, annotation_get, annotation_list, annotation_update,
        },
        row::{Annotation, AnnotationCategory},
    },
    database::{change::Change, cursor::IdCursor},
    pages::{
        deletion::page_delete,
        edits::{PageChange, page_update},
    },
    repositories::{
        deletion::repository_delete,
        projects::{ProjectKeys, ProjectNew, project_create, project_delete},
    },
};

use crate::support::{Database, at, both, faults, is_not_found, now};

fn name(text: &str) -> CategoryName {
    CategoryName::parse("category", text).unwrap()
}

fn new(label: &str, starts_at: UtcTime) -> AnnotationNew {
    AnnotationNew { label: label.into(), details: None, starts_at, ends_at: None, chart_id: None, category: None }
}

fn stored(outcome: AnnotationOutcome) -> Annotation {
    match outcome {
        AnnotationOutcome::Stored(annotation) => annotation,
        AnnotationOutcome::CategoryUnknown => panic!("the category is unknown"),
    }
}

/// A project of an organization of its own.
async fn project(database: &Database, owner: &str) -> (i64, i64) {
    let organization_id = database.owner(owner).await.organization_id;
    let keys = ProjectKeys { api_key: format!("key of {owner}"), secret_hash: "hash".into() };
    let new = ProjectNew { name: "App".into(), keys };
    (organization_id, project_create(&database.store, organization_id, new, now()).await.unwrap().app_id)
}

async fn create(store: &Store, project: i64, new: AnnotationNew) -> Annotation {
    stored(annotation_create(store, project, new, now()).await.unwrap())
}

async fn category(store: &Store, project: i64, text: &str) -> AnnotationCategory {
    category_create(store, project, name(text), now()).await.unwrap()
}

/// The labels that a filter lets through, in the order of the list.
async fn labels(store: &Store, project: i64, filter: AnnotationsFilter) -> Vec<String> {
    let part = annotation_list(store, project, filter, None, 100).await.unwrap();
    part.rows.into_iter().map(|annotation| annotation.label).collect()
}

both! {
    async fn an_annotation_is_kept_as_it_was_given(database: &Database) {
        let store = &database.store;
        let (_, mine) = project(database, "a@example.com").await;
        let (_, other) = project(database, "b@example.com").await;
        let releases = category(store, mine, "Releases").await;
        category(store, other, "Theirs").await;
        let whole = AnnotationNew {
            label: "Version 2.4 ".into(),
            details: Some(" Größer\r\n".into()),
            starts_at: at("2023-09-16T00:00:00Z"),
            ends_at: Some(at("2023-09-18T12:00:00Z")),
            chart_id: Some("c4cbl1k".into()),
            category: Some(name("RELEASES")),
        };
        let made = create(store, mine, whole.clone()).await;
        let wanted = Annotation {
            id: made.id,
            label: "Version 2.4 ".into(),
            details: Some(" Größer\r\n".into()),
            starts_at: at("2023-09-16T00:00:00Z"),
            ends_at: Some(at("2023-09-18T12:00:00Z")),
            chart_id: Some("c4cbl1k".into()),
            category: Some(releases),
        };
        assert_eq!(made, wanted);
        assert_eq!(annotation_get(store, mine, made.id).await.unwrap(), wanted);
        let bare = create(store, mine, new("Bare", now())).await;
        assert_eq!((bare.details, bare.ends_at, bare.chart_id, bare.category), (None, None, None, None));

        // A category of another project is none, and neither is their annotation.
        let theirs = AnnotationNew { category: Some(name("Theirs")), ..whole };
        let unknown = annotation_create(store, mine, theirs, now()).await.unwrap();
        assert_eq!(unknown, AnnotationOutcome::CategoryUnknown);
        assert!(is_not_found(&annotation_get(store, other, made.id).await));
        let change = || AnnotationChange { label: Change::Set("Mine".into()), ..AnnotationChange::default() };
        assert!(is_not_found(&annotation_update(store, other, made.id, change()).await));
        assert!(is_not_found(&annotation_delete(store, other, made.id).await));
        assert_eq!(labels(store, other, AnnotationsFilter::default()).await, [] as [&str; 0]);
        assert_eq!(database.count("annotations").await, 2);

        annotation_delete(store, mine, made.id).await.unwrap();
        assert!(is_not_found(&annotation_delete(store, mine, made.id).await));
        assert_eq!(labels(store, mine, AnnotationsFilter::default()).await, ["Bare"]);
    }

    async fn an_edit_changes_what_it_names(database: &Database) {
        let store = &database.store;
        let (_, mine) = project(database, "a@example.com").await;
        let (releases, alerts) = (category(store, mine, "Releases").await, category(store, mine, "Alerts").await);
        let day = at("2023-09-16T00:00:00Z");
        let ends_at = Some(day + TimeDelta::days(1));
        let whole = AnnotationNew {
            details: Some("d".into()),
            ends_at,
            chart_id: Some("c".into()),
            category: Some(name("Releases")),
            ..new("A", day)
        };
        let before = create(store, mine, whole).await;
        let id = before.id;
        let edit = |change| async move { stored(annotation_update(store, mine, id, change).await.unwrap()) };
        assert_eq!(edit(AnnotationChange::default()).await, before);
        let change = AnnotationChange {
            label: Change::Set("B".into()),
            category: Change::Set(Some(name("alerts"))),
            ..AnnotationChange::default()
        };
        let edited = edit(change).await;
        assert_eq!(edited, Annotation { label: "B".into(), category: Some(alerts), ..before.clone() });

        // What would end before it starts stays as it is, whichever end of it moves.
        for change in [
            AnnotationChange { starts_at: Change::Set(day + TimeDelta::days(2)), ..AnnotationChange::default() },
            AnnotationChange {
                label: Change::Set("C".into()),
                ends_at: Change::Set(Some(day - TimeDelta::seconds(1))),
                ..AnnotationChange::default()
            },
        ] {
            let refused = annotation_update(store, mine, id, change).await;
            assert_eq!(faults(refused), [("end".into(), FaultKind::Invalid)]);
        }
        let unknown = AnnotationChange {
            label: Change::Set("C".into()),
            category: Change::Set(Some(name("Nothing"))),
            ..AnnotationChange::default()
        };
        let outcome = annotation_update(store, mine, id, unknown).await.unwrap();
        assert_eq!(outcome, AnnotationOutcome::CategoryUnknown);
        assert_eq!(annotation_get(store, mine, id).await.unwrap(), edited);

        let moved = AnnotationChange {
            starts_at: Change::Set(day + TimeDelta::days(2)),
            ends_at: Change::Set(None),
            details: Change::Set(None),
            chart_id: Change::Set(None),
            category: Change::Set(None),
            ..AnnotationChange::default()
        };
        let bare = create(store, mine, new("B", day + TimeDelta::days(2))).await;
        assert_eq!(edit(moved).await, Annotation { id, ..bare });
        assert_eq!(category_get(store, mine, releases.id).await.unwrap(), releases);
    }

    async fn a_list_is_filtered_and_comes_in_parts(database: &Database) {
        let store = &database.store;
        let (_, mine) = project(database, "a@example.com").await;
        category(store, mine, "Releases").await;
        category(store, mine, "Empty").await;
        let day = |number: i64| at("2024-05-01T00:00:00Z") + TimeDelta::days(number);
        create(store, mine, new("first", day(1))).await;
        create(store, mine, AnnotationNew { chart_id: Some("c".into()), ..new("chart", day(2)) }).await;
        create(store, mine, AnnotationNew { chart_id: Some("C".into()), ..new("other chart", day(3)) }).await;
        create(store, mine, AnnotationNew { category: Some(name("Releases")), ..new("sorted", day(3)) }).await;
        create(store, mine, AnnotationNew { ends_at: Some(day(9)), ..new("long", day(2)) }).await;
        let all = ["sorted", "other chart", "long", "chart", "first"];
        let none: [&str; 0] = [];
        let filter = AnnotationsFilter::default;
        assert_eq!(labels(store, mine, filter()).await, all);
        for (wanted, filter) in [
            (&["sorted"][..], AnnotationsFilter { category: Some(name("releases")), ..filter() }),
            (&none, AnnotationsFilter { category: Some(name("Empty")), ..filter() }),
            (&none, AnnotationsFilter { category: Some(name("Unknown")), ..filter() }),
            (&["sorted", "long", "chart", "first"], AnnotationsFilter { chart_id: Some("c".into()), ..filter() }),
            (&["sorted", "long", "first"], AnnotationsFilter { chart_id: Some("x".into()), ..filter() }),
            (&["sorted", "other chart", "long", "chart"], AnnotationsFilter { since: Some(day(2)), ..filter() }),
            (&["chart", "first"], AnnotationsFilter { until: Some(day(2)), ..filter() }),
            (&all, AnnotationsFilter { until: Some(day(9)), ..filter() }),
            (&["chart"], AnnotationsFilter { since: Some(day(2)), until: Some(day(2)), ..filter() }),
            (
                &["sorted"],
                AnnotationsFilter {
                    category: Some(name("Releases")),
                    chart_id: Some("c".into()),
                    since: Some(day(1)),
                    until: Some(day(4)),
                },
            ),
        ] {
            let told = format!("{filter:?}");
            assert_eq!(labels(store, mine, filter).await, wanted, "{told}");
        }

        let (mut seen, mut after) = (Vec::new(), None);
        loop {
            let part = annotation_list(store, mine, AnnotationsFilter::default(), after, 2).await.unwrap();
            assert!(part.rows.len() <= 2);
            seen.extend(part.rows.into_iter().map(|annotation| annotation.label));
            match part.next {
                Some(next) => after = Some(AnnotationCursor::parse(&next).unwrap()),
                None => break,
            }
        }
        assert_eq!(seen, all);
    }

    async fn a_category_has_a_name_of_its_own(database: &Database) {
        let store = &database.store;
        let (_, mine) = project(database, "a@example.com").await;
        let (_, other) = project(database, "b@example.com").await;
        let releases = category(store, mine, "Größe").await;
        let alerts = category(store, mine, "Alerts").await;
        category(store, other, "Größe").await;
        for taken in ["Größe", "GRÖßE", "alerts"] {
            let refused = category_create(store, mine, name(taken), now()).await;
            assert!(matches!(refused, Err(StoreError::Conflict(_))), "{taken}");
        }
        let refused = category_rename(store, mine, alerts.id, name("größe")).await;
        assert!(matches!(refused, Err(StoreError::Conflict(_))));
        let renamed = category_rename(store, mine, alerts.id, name("ALERTS")).await.unwrap();
        assert_eq!(renamed, AnnotationCategory { id: alerts.id, name: "ALERTS".into() });

        let list = |name, after, limit| category_list(store, mine, name, after, limit);
        let part = list(None, IdCursor::default(), 1).await.unwrap();
        let rest = list(None, IdCursor::parse(&part.next.unwrap()).unwrap(), 1).await.unwrap();
        assert_eq!((part.rows, rest.rows, rest.next), (vec![releases.clone()], vec![renamed.clone()], None));
        assert_eq!(list(Some(name("Alerts")), IdCursor::default(), 9).await.unwrap().rows, [renamed]);
        assert_eq!(list(Some(name("Other")), IdCursor::default(), 9).await.unwrap().rows, []);

        assert!(is_not_found(&category_get(store, other, releases.id).await));
        assert!(is_not_found(&category_rename(store, other, releases.id, name("Mine")).await));
        assert!(is_not_found(&category_delete(store, other, releases.id).await));
        assert_eq!(category_get(store, mine, releases.id).await.unwrap(), releases);
    }

    async fn copies_of_one_name_at_once_make_one_category(database: &Database) {
        let (_, mine) = project(database, "a@example.com").await;
        let copies: Vec<_> = (0..10)
            .map(|_| {
                let store = database.store.clone();
                tokio::spawn(async move { category_create(&store, mine, name("Releases"), now()).await })
            })
            .collect();
        let mut made = 0;
        for copy in copies {
            match copy.await.unwrap() {
                Ok(_) => made += 1,
                refused => assert!(matches!(refused, Err(StoreError::Conflict(_))), "{refused:?}"),
            }
        }
        assert_eq!((made, database.count("annotation_categories").await), (1, 1));
    }

    async fn annotations_are_sorted_together_or_not_at_all(database: &Database) {
        let store = &database.store;
        let (_, mine) = project(database, "a@example.com").await;
        let (_, other) = project(database, "b@example.com").await;
        let alerts = category(store, mine, "Alerts").await;
        let one = create(store, mine, new("one", now())).await;
        let two = create(store, mine, new("two", now() + TimeDelta::days(1))).await;
        let theirs = create(store, other, new("theirs", now())).await;
        let assign = |ids: &[i64]| {
            category_assign(store, mine, alerts.id, ids.iter().copied().collect::<BTreeSet<i64>>())
        };
        let refused = assign(&[one.id, theirs.id, 9_999]).await;
        let Err(StoreError::Faults(refused)) = refused else { panic!("{refused:?}") };
        let told = refused.to_string();
        let unknown = told.rsplit_once("none of ").unwrap().1;
        assert_eq!(unknown, format!("{}, 9999", theirs.id), "{told}");
        assert_eq!(annotation_get(store, mine, one.id).await.unwrap(), one);

        let wanted = [two.clone(), one.clone()].map(|annotation| {
            Annotation { category: Some(alerts.clone()), ..annotation }
        });
        assert_eq!(assign(&[one.id, two.id]).await.unwrap(), wanted);
        assert!(is_not_found(&category_assign(store, other, alerts.id, BTreeSet::from([theirs.id])).await));
        assert_eq!(annotation_get(store, other, theirs.id).await.unwrap(), theirs);

        // A category that goes leaves them.
        category_delete(store, mine, alerts.id).await.unwrap();
        assert!(is_not_found(&category_delete(store, mine, alerts.id).await));
        let left = annotation_list(store, mine, AnnotationsFilter::default(), None, 9).await.unwrap();
        assert_eq!(left.rows, [two, one]);
    }

    async fn annotations_stay_with_a_project_and_go_with_its_repository(database: &Database) {
        let store = &database.store;
        let (organization, mine) = project(database, "a@example.com").await;
        let (_, other) = project(database, "b@example.com").await;
        let page = database.page(organization, "Acme").await.id;
        database.component(organization, &page, "acme/app", None).await;
        for project in [mine, other] {
            category(store, project, "Releases").await;
            create(store, project, AnnotationNew { category: Some(name("Releases")), ..new("kept", now()) }).await;
        }
        // More than go in one batch.
        let many = "INSERT INTO annotations (repository_id, label, starts_at, created_at) \
                    SELECT repository_id, label, starts_at, created_at FROM annotations WHERE repository_id = {mine}";
        for _ in 0..9 {
            database.execute(many.replace("{mine}", &mine.to_string())).await;
        }
        assert_eq!(database.count("annotations").await, 513);

        let hidden = PageChange { published: Change::Set(false), ..PageChange::default() };
        page_update(store, organization, page.clone(), hidden, now()).await.unwrap();
        page_delete(store, organization, page).await.unwrap();
        project_delete(store, organization, mine).await.unwrap();
        assert_eq!(database.count("annotations").await, 513);
        repository_delete(store, organization, mine).await.unwrap();
        assert_eq!(labels(store, other, AnnotationsFilter::default()).await, ["kept"]);
        assert_eq!((database.count("annotations").await, database.count("annotation_categories").await), (1, 1));
    }
}
