use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::amplitude::date::date_print;

fn parsed(body: &Value) -> Result<ReleaseInput, Faults> {
    release_new(Fields::from_json(ReleaseNewBody::NAMES, body.to_string().as_bytes()).expect("a JSON object"))
}

fn whole() -> Value {
    json!({"version": "3.5", "release_start": "2022-01-01 00:00:00", "title": "Big new feature"})
}

fn with(name: &str, value: Value) -> Value {
    let mut body = whole();
    body[name] = value;
    body
}

fn at_fault(faults: &Faults) -> Vec<&str> {
    faults.as_slice().iter().map(|fault| fault.field.as_str()).collect()
}

#[test]
fn what_is_not_given_has_its_default() {
    let input = parsed(&whole()).expect("a release");
    assert_eq!(input.tag, "3.5");
    assert_eq!(date_print(input.published_at), "2022-01-01 00:00:00");
    assert_eq!((input.ends_at, input.notes, input.author, input.notify), (None, None, None, None));
    assert!(input.chart_visibility && input.prerelease.is_none() && !input.draft);
    assert!(input.platforms.names().is_empty() && input.params.is_empty());
}

#[test]
fn null_and_nothing_are_as_good_as_absent() {
    for name in ["release_end", "description", "platforms", "created_by", "chart_visibility", "params"] {
        for nothing in [Value::Null, json!("")] {
            assert_eq!(parsed(&with(name, nothing.clone())), parsed(&whole()), "{name} {nothing}");
        }
        let form = format!("version=3.5&release_start=2022-01-01+00:00:00&title=Big+new+feature&{name}=");
        let fields = Fields::from_form(ReleaseNewBody::NAMES, form.as_bytes()).expect("a form");
        assert_eq!(release_new(fields), parsed(&whole()), "{form}");
    }
}

#[test]
fn parameters_that_cannot_be_read_are_passed_over() {
    for unreadable in [json!([]), json!(7), json!(true), json!("{"), json!("[1]"), json!("{'a': 1}")] {
        assert_eq!(parsed(&with("params", unreadable.clone())), parsed(&whole()), "{unreadable}");
    }
    let form = b"version=3.5&release_start=2022-01-01+00:00:00&title=Big+new+feature&params=%ff";
    let fields = Fields::from_form(ReleaseNewBody::NAMES, form).expect("a form");
    assert_eq!(release_new(fields), parsed(&whole()));
}

#[test]
fn text_stays_as_it_was_sent() {
    let mut body = with("description", json!("Releasing the new paid feature. \r\n "));
    body["title"] = json!(" Big ");
    let input = parsed(&body).expect("a release");
    assert_eq!(input.notes.as_deref(), Some("Releasing the new paid feature. \r\n "));
    assert_eq!(input.title, " Big ");
}

#[test]
fn every_field_at_fault_is_named() {
    let wrong = json!({
        "version": true, "release_start": "soon", "release_end": 7, "title": " ", "description": [],
        "platforms": 1, "created_by": 1, "chart_visibility": "maybe", "params": {"a": "\u{0}"},
    });
    let faults = parsed(&wrong).expect_err("nothing is right");
    let mut names = at_fault(&faults);
    names.sort_unstable();
    let mut all: Vec<&str> = wrong.as_object().expect("an object").keys().map(String::as_str).collect();
    all.sort_unstable();
    assert_eq!(names, all);
    let missing = parsed(&json!({"title": ""})).expect_err("incomplete");
    assert_eq!(at_fault(&missing), ["version", "release_start", "title"]);
    assert!(missing.to_string().starts_with("version is missing and must be a string or a number"), "{missing}");
}

#[test]
fn bad_values_are_refused() {
    let long = "x".repeat(10_000);
    for (name, value) in [
        ("version", json!("")),
        ("version", json!(" ")),
        ("version", json!(long)),
        ("version", json!("1\u{0}2")),
        ("version", json!("1\r\nBcc: a@example.com")),
        ("version", json!(null)),
        ("version", json!(["1"])),
        ("release_start", json!("")),
        ("release_start", json!(long)),
        ("release_start", json!(1_646_324_226)),
        ("release_end", json!("2021-12-31 23:59:59")),
        ("title", json!("")),
        ("title", json!(long)),
        ("title", json!("a\u{0}b")),
        ("title", json!({})),
        ("description", json!("a\u{0}b")),
        ("description", json!(5)),
        ("description", json!("x".repeat(1024 * 1024 + 1))),
        ("platforms", json!([long])),
        ("created_by", json!(long)),
        ("created_by", json!("a\nb")),
        ("chart_visibility", json!(0)),
    ] {
        let faults = parsed(&with(name, value.clone())).expect_err("a fault");
        assert_eq!(at_fault(&faults), [name], "{name}: {:.60}", value.to_string());
    }
}

#[test]
fn a_form_gives_a_field_only_once() {
    let fields =
        Fields::from_form(ReleaseNewBody::NAMES, b"version=1&version=2&title=a&release_start=2022-01-01T00:00:00Z")
            .expect("a form");
    assert_eq!(at_fault(&release_new(fields).expect_err("twice")), ["version"]);
}

#[test]
fn the_author_may_stand_in_the_parameters() {
    for (created_by, params, author) in [
        (json!("A"), json!({"created_by": "B"}), Some("A")),
        (json!(""), json!({"created_by": "B"}), Some("B")),
        (json!(""), json!({"created_by": ""}), None),
        (json!(null), json!({"created_by": "B"}), Some("B")),
        (json!(""), json!(r#"{"created_by": "B"}"#), Some("B")),
    ] {
        let mut body = with("created_by", created_by.clone());
        body["params"] = params.clone();
        let input = parsed(&body).expect("a release");
        assert_eq!(input.author.as_deref(), author, "{created_by} {params}");
        assert!(input.params.is_empty());
    }
    let input = parsed(&with("params", json!({"created_by": "B", "created": 1, "build": 7}))).expect("a release");
    assert_eq!(input.author.as_deref(), Some("B"));
    assert_eq!(Value::Object(input.params), json!({"build": 7}));
}

#[test]
fn an_author_in_the_parameters_that_cannot_be_used_is_passed_over() {
    for author in [json!(5), json!(null), json!(["a"]), json!({"name": "x"}), json!("a\nb"), json!("x".repeat(201))] {
        let params = json!({"created_by": author, "build": 7});
        for sent in [params.clone(), json!(params.to_string())] {
            let input = parsed(&with("params", sent.clone())).expect("a release");
            assert_eq!(input.author, None, "{sent}");
            assert_eq!(Value::Object(input.params), json!({"build": 7}), "{sent}");
        }
        let mut body = with("params", params);
        body["created_by"] = json!("A");
        assert_eq!(parsed(&body).expect("a release").author.as_deref(), Some("A"), "{author}");
    }
}

#[test]
fn an_edit_changes_what_it_names() {
    let mut body = with("description", json!("notes"));
    body["release_end"] = json!("2022-01-02 00:00:00");
    body["platforms"] = json!(["iOS"]);
    let before = parsed(&body).expect("a release");
    let edit = |body: Value| {
        let fields = Fields::from_json(ReleaseNewBody::NAMES, body.to_string().as_bytes()).expect("a JSON object");
        fields.parse(ReleaseNewBody::read).and_then(|change| Ok(change.applied(before.clone())?))
    };
    assert_eq!(edit(json!({})), Ok(before.clone()));
    for name in ["created_by", "description", "release_end", "platforms", "chart_visibility", "params"] {
        assert_eq!(edit(json!({ name: "" })), Ok(before.clone()), "{name}");
    }
    assert_eq!(edit(json!({"params": "{"})), Ok(before.clone()));
    let cleared = edit(json!({"description": null, "release_end": null, "platforms": null})).expect("an edit");
    assert_eq!((cleared.notes, cleared.ends_at, cleared.platforms.names().len()), (None, None, 0));
    assert_eq!(edit(json!({"title": "b"})).map(|input| (input.title, input.tag)), Ok(("b".into(), "3.5".into())));
    let faults = edit(json!({"release_start": "2022-01-03 00:00:00"})).expect_err("starts after its end");
    assert_eq!(at_fault(&faults), ["release_end"]);
    assert_eq!(at_fault(&edit(json!({"title": null})).expect_err("cleared")), ["title"]);
}

proptest! {
    #[test]
    fn no_form_is_too_strange(bytes: Vec<u8>, name in "version|release_start|platforms|params|created_by", value in ".*") {
        for body in [bytes, format!("{name}={value}").into_bytes()] {
            if let Ok(fields) = Fields::from_form(ReleaseNewBody::NAMES, &body) {
                let _ = release_new(fields);
            }
        }
        let _ = parsed(&with(&name, json!(value)));
    }
}
