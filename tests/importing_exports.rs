//! Files that other tools export. People who left are not subscribed again, and no subscriber is lost.

use reqwest::{Body, Method};
use serde_json::Value;

use crate::support::api::Answer;
use crate::support::app::App;
use crate::support::both_databases;
use crate::support::page::Page;

const VOUCHED: &str = "?consent_source=old%20system&consent_time=2024-01-01T00:00:00Z";

async fn import(app: &App, page: &Page, query: &str, csv: impl Into<Body>) -> Answer {
    let path = page.path(&format!("subscribers/import{query}"));
    app.api().send(app.api().request(Method::POST, &path).header("Content-Type", "text/csv").body(csv)).await
}

/// The address and state of every subscriber, by address.
async fn readers(app: &App, page: &Page) -> Vec<String> {
    let listed = app.api().get(&page.path("subscribers?limit=100")).await.expect(200).json();
    let rows = listed["data"].as_array().expect("a list").iter();
    let mut readers: Vec<String> = rows
        .map(|row| format!("{} {}", row["email"].as_str().unwrap_or("?"), row["state"].as_str().unwrap_or("?")))
        .collect();
    readers.sort();
    readers
}

/// The lines at fault.
fn lines(imported: &Value) -> Vec<i64> {
    imported["faults"].as_array().expect("a list").iter().filter_map(|fault| fault["line"].as_i64()).collect()
}

both_databases! {
    async fn whoever_left_elsewhere_is_not_mailed(app: App) {
        let page = app.page("Acme").with_component("acme/api").await;
        for (csv, faults) in [
            ("id,email,name,subscribed_to_emails,created_at,deleted_at\n\
              1,ghost-yes@x.test,A,true,2023-01-01T00:00:00.000Z,\n\
              2,ghost-left@x.test,B,false,2023-01-01T00:00:00.000Z,\n", vec![]),
            ("uuid,email,name,attributes,status,created_at\n\
              u1,listmonk-yes@x.test,A,\"{\"\"a\"\": 1, \"\"b\"\": \"\"x,y\"\"}\",enabled,2023-01-01T00:00:00Z\n\
              u2,listmonk-blocked@x.test,B,{},blocklisted,2023-01-01T00:00:00Z\n\
              u3,listmonk-off@x.test,C,{},disabled,2023-01-01T00:00:00Z\n", vec![]),
            ("Email,First name,Data,Status,External ID\n\
              keila-yes@x.test,A,{},active,\nkeila-left@x.test,A,{},unsubscribed,\n\
              keila-bounced@x.test,A,{},unreachable,\nkeila-odd@x.test,A,{},lost,\n", vec![4, 5]),
            ("Email Address,First Name,CONFIRM_TIME,UNSUB_TIME,UNSUB_REASON,LEID\n\
              chimp-left@x.test,A,\"2021-05-10 12:00:00\",\"2022-05-10 12:00:00\",NORMAL,1\n", vec![]),
            ("sep=;\r\nEMAIL;BLACKLISTED\r\nbrevo-yes@x.test;No\r\nbrevo-left@x.test;Yes\r\n", vec![]),
            ("Email\tSTATUS\rcr-yes@x.test\tSUBSCRIBED\rcr-left@x.test\tUNSUBSCRIBED\rcr-not@x.test\tPENDING\r", vec![4]),
        ] {
            let done = import(&app, &page, VOUCHED, csv).await.expect(200).json();
            assert_eq!(lines(&done), faults, "{done}");
        }
        assert_eq!(readers(&app, &page).await, [
            "brevo-left@x.test unsubscribed",
            "brevo-yes@x.test confirmed",
            "chimp-left@x.test unsubscribed",
            "cr-left@x.test unsubscribed",
            "cr-yes@x.test confirmed",
            "ghost-left@x.test unsubscribed",
            "ghost-yes@x.test confirmed",
            "keila-left@x.test unsubscribed",
            "keila-yes@x.test confirmed",
            "listmonk-blocked@x.test unsubscribed",
            "listmonk-off@x.test unsubscribed",
            "listmonk-yes@x.test confirmed",
        ]);
    }
}

both_databases! {
    async fn the_later_of_yes_and_no_counts_whichever_comes_first(app: App) {
        let page = app.page("Acme").with_component("acme/api").await;
        let no = "email,state,unsubscribed_at\nlate-no@x.test,unsubscribed,2024-10-01T00:00:00Z\n\
                  late-yes@x.test,unsubscribed,2020-10-01T00:00:00Z\n";
        let yes = "email,state\nlate-no@x.test,confirmed\nlate-yes@x.test,confirmed\n";
        for (title, order) in [("One", [yes, no]), ("Two", [no, yes])] {
            let page = app.page(title).with_component(&format!("{}/api", title.to_lowercase())).await;
            for csv in order {
                import(&app, &page, VOUCHED, csv).await.expect(200);
            }
            assert_eq!(readers(&app, &page).await, ["late-no@x.test unsubscribed", "late-yes@x.test confirmed"], "{title}");
        }
        import(&app, &page, VOUCHED, "email,state\na@x.test,confirmed\nb@x.test,confirmed\n").await.expect(200);
        import(&app, &page, VOUCHED, "email,status\na@x.test,unsubscribed\n").await.expect(200);
        page.publish("acme/api", "v1.0.0").await;
        app.inbox("b@x.test").mail("v1.0.0").await;
        assert!(app.inbox("a@x.test").mails().is_empty());
    }
}

both_databases! {
    async fn columns_that_look_like_a_state_are_mapped_or_refused(app: App) {
        let page = app.page("Acme").with_component("acme/api").await;
        let csv = "email,Member consent\na@x.test,given\nb@x.test,withdrawn\nc@x.test,lent\n";
        let refused = import(&app, &page, VOUCHED, csv).await.expect(400).json();
        assert_eq!(refused["error_causes"][0]["field"], "Member consent");
        let told = refused["error_description"].as_str().expect("a sentence");
        assert!(told.contains("columns=Member consent: and one of these"), "no meaning is proposed: {told}");
        let mapping = "&columns=Member%20consent:state&states=given:confirmed,withdrawn:unsubscribed";
        let done = import(&app, &page, &format!("{VOUCHED}{mapping}"), csv).await.expect(200).json();
        assert_eq!(lines(&done), [4]);
        assert_eq!(readers(&app, &page).await, ["a@x.test confirmed", "b@x.test unsubscribed"]);
        let left_out = format!("{VOUCHED}&columns=Member%20consent:-");
        let done = import(&app, &page, &left_out, "email,Member consent\nd@x.test,x\n").await.expect(200).json();
        assert_eq!(done["ignored_columns"][0], "member consent");
        for query in ["&columns=email", "&columns=none:state", "&states=given", "&states=given:perhaps"] {
            let refused = import(&app, &page, &format!("{VOUCHED}{query}"), csv).await.expect(400).json();
            let field = refused["error_causes"][0]["field"].as_str().expect("a field");
            assert!(query[1..].starts_with(field), "{query} {field}");
        }
    }
}

both_databases! {
    async fn a_file_is_read_to_its_end_or_is_a_fault(app: App) {
        let page = app.page("Acme").with_component("acme/api").await;
        let rest: String = (0..1_500).map(|number| format!("r{number}@x.test,N\n")).collect();
        for (csv, field, told) in [
            (format!("email,name\nb@x.test,\"Bob \"\"x\n{rest}"), "row", "line 2"),
            (format!("email,name\nb@x.test,\"5\n{rest}c@x.test,6\"\nd@x.test,D\n"), "row", "line 2"),
            ("email,a@x.test\nb@x.test,B\n".to_owned(), "header", "line 1"),
            ("\u{feff}email,a@x.test\rb@x.test,B\r".to_owned(), "header", "line 1"),
        ] {
            let refused = import(&app, &page, VOUCHED, csv).await.expect(400).json();
            assert_eq!(refused["error_causes"][0]["field"], field, "{refused}");
            assert!(refused["error_description"].as_str().expect("a sentence").contains(told), "{refused}");
        }
        let utf_16: Vec<u8> = "\u{feff}email\na@x.test\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
        let refused = import(&app, &page, VOUCHED, utf_16).await.expect(400).json();
        assert!(refused["error_description"].as_str().expect("a sentence").contains("UTF-16"), "{refused}");
        assert_eq!(readers(&app, &page).await, [""; 0]);
        let latin_1 = b"email,name\na@x.test,Andr\xe9\nb@x.test,B\n".to_vec();
        assert_eq!(lines(&import(&app, &page, VOUCHED, latin_1).await.expect(200).json()), [2]);
        let times = "email,consent_source,consent_time\na@x.test,form,2021-05-10 12:00:00\nd@x.test,form,05/10/2021\n";
        let done = import(&app, &page, "", times).await.expect(200).json();
        assert_eq!((lines(&done), done["faults"][0]["field"].as_str()), (vec![3], Some("consent_time")));
        assert_eq!(readers(&app, &page).await, ["a@x.test confirmed", "b@x.test confirmed"]);
    }
}

both_databases! {
    async fn every_address_that_is_taken_in_is_written_to(app: App) {
        let page = app.page("Acme").with_component("acme/api").await;
        let (api, form, file) = (r#""odd name"@x.test"#, r#""a\"b\\c"@x.test"#, r#""a@b, c"@x.test"#);
        page.subscribe(api).await.expect(200);
        app.inbox(api).confirm().await;
        let browser = app.browser();
        let shown = browser.open("/p/acme").await;
        browser.submit("/p/acme/subscribe", &shown, &[("address", form), ("kind", "major")]).await;
        app.inbox(form).confirm().await;
        let csv = format!("email\nr0@x.test\n\"{}\"\nr1@x.test\n", file.replace('"', "\"\""));
        let done = import(&app, &page, VOUCHED, csv).await.expect(200).json();
        assert_eq!(done["added"], 3, "{done}");
        page.publish("acme/api", "v1.0.0").await;
        for address in [api, form, file, "r0@x.test", "r1@x.test"] {
            let mail = app.inbox(address).mail("v1.0.0").await;
            assert!(mail.link("/unsubscribe").is_some(), "{address}");
        }
        for address in ["a@[192.0.2.1]", "a@[IPv6:2001:db8::1]", "\"\"@x.test", "a b@x.test"] {
            let refused = page.subscribe(address).await.expect(400).json();
            assert_eq!(refused["error_causes"][0]["field"], "data.value", "{address}");
        }
    }
}
