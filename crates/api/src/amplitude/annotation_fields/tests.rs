use serde_json::json;

use super::*;
use crate::amplitude::{date::moment_print, fields::FieldNames};

const PROJECT: ProjectCaller = ProjectCaller { repository_id: 50_000, organization_id: 10_001 };

fn of_json(names: FieldNames, body: &Value) -> Fields {
    Fields::from_json(names, body.to_string().as_bytes()).expect("a JSON object")
}

fn new_2(body: &Value) -> Result<AnnotationNew, Faults> {
    annotation_2_new(of_json(Annotation2NewBody::NAMES, body), PROJECT)
}

fn new_3(body: &Value) -> Result<AnnotationNew, Faults> {
    annotation_3_new(of_json(Annotation3NewBody::NAMES, body))
}

fn change_3(body: &Value) -> Result<AnnotationChange, Faults> {
    annotation_3_change(&of_json(Annotation3NewBody::NAMES, body))
}

fn at_fault<T>(read: Result<T, Faults>) -> Vec<String> {
    let faults = read.err().unwrap_or_default();
    faults.as_slice().iter().map(|fault| fault.field.clone()).collect()
}

#[test]
fn version_2_reads_forms_and_json_alike() {
    let form =
        b"app_id=50000&date=2018-09-16&label=Version+2.4+Release&details=Added+new+user+properties.&chart_id=c4cbl1k";
    let form = annotation_2_new(Fields::from_form(Annotation2NewBody::NAMES, form).expect("a form"), PROJECT);
    let json = new_2(&json!({
        "app_id": 50_000, "date": "2018-09-16", "label": "Version 2.4 Release", "details": "Added new user properties.",
        "chart_id": "c4cbl1k",
    }));
    for read in [form, json] {
        let read = read.expect("an annotation");
        assert_eq!((read.label.as_str(), read.chart_id.as_deref()), ("Version 2.4 Release", Some("c4cbl1k")));
        assert_eq!(read.details.as_deref(), Some("Added new user properties."));
        assert_eq!((moment_print(read.starts_at).as_str(), read.ends_at), ("2018-09-16T00:00:00+00:00", None));
    }
}

#[test]
fn what_is_empty_is_not_there() {
    for empty in [json!(null), json!("")] {
        let body = json!({ "app_id": empty, "date": "2018-09-16", "label": "a", "chart_id": empty, "details": empty });
        let read = new_2(&body).expect("an annotation");
        assert_eq!((read.chart_id, read.details), (None, None), "{empty}");
    }
}

#[test]
fn every_field_at_fault_is_named() {
    let (long, nul) = (json!("x".repeat(10_000)), json!("a\0"));
    for (field, wrong) in [
        ("app_id", vec![json!(50_001), json!("50001"), json!("x"), json!(true), json!(50_000.5)]),
        (
            "date",
            vec![json!(7), json!(""), json!("2018-02-30"), json!("2018-09-16T00:00:00Z"), json!(null), nul.clone()],
        ),
        ("label", vec![json!(7), json!(""), json!(" "), json!("a\nb"), json!(null), long.clone(), nul.clone()]),
        ("chart_id", vec![json!(7), json!([]), json!(" "), json!("a\nb"), long.clone(), nul.clone()]),
        ("details", vec![json!(7), json!({}), long.clone(), nul.clone()]),
    ] {
        for value in wrong {
            let mut body = json!({ "date": "2018-09-16", "label": "a" });
            body[field] = value.clone();
            assert_eq!(at_fault(new_2(&body)), [field], "{field}: {value:.40}");
        }
    }
    for (field, wrong) in [
        ("label", vec![json!(7), json!(""), json!(" "), json!("a\nb"), json!(null), long.clone(), nul.clone()]),
        ("start", vec![json!(7), json!(""), json!("soon"), json!("2024-02-30"), json!(null), nul.clone()]),
        ("end", vec![json!(7), json!("soon"), json!("2024-04-30T23:59:59Z")]),
        ("details", vec![json!(7), json!({}), long.clone(), nul.clone()]),
        ("category", vec![json!(7), json!(" "), json!("a\nb"), long.clone(), nul.clone()]),
        ("chart_id", vec![json!(7), json!([]), json!(" "), json!("a\nb"), long, nul]),
    ] {
        for value in wrong {
            let mut body = json!({ "label": "a", "start": "2024-05-01T00:00:00+00:00" });
            body[field] = value.clone();
            assert_eq!(at_fault(new_3(&body)), [field], "{field}: {value:.40}");
            assert_eq!(at_fault(change_3(&body)), [field], "{field}: {value:.40}");
        }
    }
    let wrong = |names: FieldNames| Value::Object(names.all().map(|name| (name.to_owned(), json!(true))).collect());
    let sorted = |mut names: Vec<String>| {
        names.sort_unstable();
        names
    };
    for (names, found) in [
        (Annotation2NewBody::NAMES, at_fault(new_2(&wrong(Annotation2NewBody::NAMES)))),
        (Annotation3NewBody::NAMES, at_fault(new_3(&wrong(Annotation3NewBody::NAMES)))),
        (Annotation3NewBody::NAMES, at_fault(change_3(&wrong(Annotation3NewBody::NAMES)))),
    ] {
        assert_eq!(sorted(found), sorted(names.all().map(ToOwned::to_owned).collect()));
    }
    assert_eq!(at_fault(new_2(&json!({ "app_id": 7 }))), ["app_id", "date", "label"]);
    assert_eq!(at_fault(new_3(&json!({ "end": 7 }))), ["label", "start", "end"]);
    assert_eq!(at_fault(change_3(&json!({}))), ["body"]);
}

#[test]
fn a_form_has_each_field_once() {
    let form = Fields::from_form(Annotation2NewBody::NAMES, b"label=a&label=b&date=2018-09-16&date=2018-09-17")
        .expect("a form");
    assert_eq!(at_fault(annotation_2_new(form, PROJECT)), ["date", "label"]);
}

#[test]
fn an_edit_keeps_what_it_does_not_name() {
    let change = change_3(&json!({ "label": "b" })).expect("an edit");
    assert_eq!(change.label, Change::Set("b".to_owned()));
    assert_eq!((change.starts_at, change.ends_at), (Change::Keep, Change::Keep));
    assert_eq!((change.chart_id, change.details), (Change::Keep, Change::Keep));
    let cleared = change_3(&json!({ "end": null, "chart_id": null, "details": null, "category": null }));
    let cleared = cleared.expect("an edit");
    assert_eq!((cleared.ends_at, cleared.chart_id), (Change::Set(None), Change::Set(None)));
    assert_eq!((cleared.details, cleared.category), (Change::Set(None), Change::Set(None)));
    assert_eq!((cleared.label, cleared.starts_at), (Change::Keep, Change::Keep));
}

#[test]
fn moments_are_whole_seconds() {
    let body = json!({ "label": "a", "start": "2024-05-01T14:00:00.999+02:00", "end": "2024-05-01T12:00:00.001Z" });
    let read = new_3(&body).expect("both are of the same second");
    assert_eq!(moment_print(read.starts_at), "2024-05-01T12:00:00+00:00");
    assert_eq!(read.ends_at, Some(read.starts_at));
}

#[test]
fn lists_of_ids() {
    let read = |body: Value| {
        let fields = of_json(CategoryAssignBody::NAMES, &body);
        fields.parse(CategoryAssignBody::read).map(|body| body.annotation_ids)
    };
    assert_eq!(read(json!({ "annotation_ids": [3, 1, 3] })), Ok(BTreeSet::from([1, 3])));
    let many: Vec<i64> = (0..1_001).collect();
    for wrong in [
        json!({}),
        json!({ "annotation_ids": null }),
        json!({ "annotation_ids": 1 }),
        json!({ "annotation_ids": [] }),
        json!({ "annotation_ids": ["1"] }),
        json!({ "annotation_ids": [1.5] }),
        json!({ "annotation_ids": [9_223_372_036_854_775_808_u64] }),
        json!({ "annotation_ids": many }),
    ] {
        assert_eq!(at_fault(read(wrong.clone())), ["annotation_ids"], "{:.60}", wrong.to_string());
    }
}
