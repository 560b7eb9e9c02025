use super::*;

fn at(text: &str) -> UtcTime {
    releasepage_domain::time::time_parse(text).unwrap()
}

fn rules(confirm: ConfirmWay) -> ImportRules {
    let components = [(7, "acme/api"), (9, "acme/web")];
    ImportRules {
        confirm,
        environment: Environment::Live,
        consent_source: Some("list".to_owned()),
        consent_time: Some(at("2024-01-01T00:00:00Z")),
        mapping: ColumnMapping::default(),
        words: StateWords::default(),
        components: components.map(|(id, repo)| PageComponent { id, repo: repo.into(), name: repo.into() }).into(),
        now: at("2024-05-10T12:00:00Z"),
    }
}

fn rows(text: &[u8], rules: ImportRules) -> Vec<Row> {
    let mut sheet = Sheet::open(text, rules).unwrap();
    std::iter::from_fn(|| sheet.next_row().unwrap()).collect()
}

/// Prints a row as one line: the person and the confirmation, or the faults.
fn meaning(row: &Row) -> String {
    let line = row.line;
    match &row.meaning {
        RowMeaning::New(new) => {
            let how = match &new.confirmation {
                Confirmation::Mail { again } => format!("mail {again}"),
                Confirmation::Vouched(consent) => format!("{} {}", consent.source, consent.time.date()),
                Confirmation::Left(at) => format!("left {}", at.date()),
            };
            let following = match &new.following {
                Following::All => "all".to_owned(),
                Following::Only(ids) => format!("{ids:?}"),
            };
            format!("{line}: {} {} {following} {how}", new.address.as_str(), new.preferences.stored())
        }
        RowMeaning::Unwanted(fault) => format!("{line}: unwanted {}", fault.field),
        RowMeaning::Faulty(faults) => {
            let names: Vec<_> =
                faults.as_slice().iter().map(|fault| format!("{} {}", fault.field, fault.kind)).collect();
            format!("{line}: {}", names.join(", "))
        }
    }
}

fn meanings(text: &[u8], rules: ImportRules) -> Vec<String> {
    rows(text, rules).iter().map(meaning).collect()
}

#[test]
fn files_of_many_programs() {
    for text in [
        "email\na@example.com\n",
        "Email\r\na@example.com\r\n",
        "\u{feff}email\na@example.com",
        "\u{feff}\"email\"\n\"a@example.com\"\n",
        " EMAIL ;name\n a@example.com ;Ada\n",
        "name,email\n\"Ada, countess\",a@example.com\n\n",
        "email,preferences,components\na@example.com,,\n",
        "email,name\ra@example.com,Ada\r",
        "email\tname\na@example.com\tAda; countess\n",
    ] {
        assert_eq!(
            meanings(text.as_bytes(), rules(ConfirmWay::Vouched)),
            ["2: a@example.com major,minor,patch all list 2024-01-01"],
            "{text:?}"
        );
    }
}

#[test]
fn what_rows_say() {
    let text = "email,state,environment,preferences,components,consent_source,consent_time,unsubscribed_at\n\
        a@example.com,,,patch major,acme/web ACME/api,,,\n\
        '=b@example.com,confirmed,live,\"major,minor\",,shop,2024-02-01T00:00:00Z,\n\
        c@example.com,unsubscribed,,,,,,2024-03-01T00:00:00Z\n\
        d@example.com,unsubscribed,,,,,,\n\
        e@example.com,suppressed,,,,,,\n\
        f@example.com,pending,,,,,,\n\
        g@example.com,,test,,,,,\n\
        \"h@\nexample.com\",,,,,,,\n\
        ,gone,staging,huge,acme/none,,2024-05-10T12:00:01Z,\n\
        i@example.com\n\
        j@example.com,unsubscribed,,,,,,yesterday\n\
        k@example.com,,,;|,,,,\n";
    let expected = [
        "2: a@example.com patch,major [7, 9] list 2024-01-01",
        "3: =b@example.com major,minor all shop 2024-02-01",
        "4: c@example.com major,minor,patch all left 2024-03-01",
        "5: d@example.com major,minor,patch all left 2024-05-10",
        "6: unwanted state",
        "7: unwanted state",
        "8: unwanted environment",
        "9: email invalid",
        "11: email missing, preferences invalid, components invalid, environment invalid, state invalid",
        "12: row invalid",
        "13: j@example.com major,minor,patch all left 2024-05-10",
        "14: preferences invalid",
    ];
    assert_eq!(meanings(text.as_bytes(), rules(ConfirmWay::Vouched)), expected);
    let by_mail = "email,state\na@example.com,\nb@example.com,pending\nc@example.com,unsubscribed\n";
    let expected = [
        "2: a@example.com major,minor,patch all mail false",
        "3: b@example.com major,minor,patch all mail false",
        "4: c@example.com major,minor,patch all left 2024-05-10",
    ];
    assert_eq!(meanings(by_mail.as_bytes(), rules(ConfirmWay::Mail)), expected);
}

#[test]
fn consents_must_be_known() {
    let bare = ImportRules { consent_source: None, consent_time: None, ..rules(ConfirmWay::Vouched) };
    let text = "email,consent_source,consent_time\na@example.com,,\nb@example.com,shop,2024-05-10T12:00:01Z\n";
    let expected = ["2: consent_source missing, consent_time missing", "3: consent_time invalid"];
    assert_eq!(meanings(text.as_bytes(), bare), expected);
}

#[test]
fn bytes_that_are_no_text_are_a_fault_of_their_row() {
    let text = b"email\na@example.com\n\xff\xfe@example.com\nb@example.com\n";
    let found = meanings(text, rules(ConfirmWay::Mail));
    assert_eq!(found[1], "3: row invalid");
    assert_eq!(found.len(), 3);
}

#[test]
fn lines_are_those_of_the_file() {
    for text in ["email,name\r\n\r\nx,\r\n\r\n\r\ny,\"a\r\nb\"\r\nz,", "email,name\n\nx,\n\n\ny,\"a\nb\"\nz,\n\n"] {
        assert_eq!(
            meanings(text.as_bytes(), rules(ConfirmWay::Mail)),
            ["3: email invalid", "6: email invalid", "8: email invalid"],
            "{text:?}"
        );
    }
}

#[test]
fn headers_that_say_too_little() {
    let field = |text: &[u8]| match Sheet::open(text, rules(ConfirmWay::Mail)).map(|_| ()) {
        Err(SheetFault::Header(fault)) => fault.field,
        other => panic!("{other:?}"),
    };
    assert_eq!(field(b""), "email");
    assert_eq!(field(b"\n"), "email");
    assert_eq!(field(b"name,mail\na@example.com\n"), "email");
    assert_eq!(field(b"email,a@example.com\n"), "header");
    assert_eq!(field(b"email,consent\n"), "consent");
    assert_eq!(field(b"sep=;\nname;mail\n"), "email");
    assert_eq!(field("email,prénom\n".replace('é', "\u{0}").as_bytes()), "header");
    assert_eq!(field(b"email,pr\xe9nom\n"), "header");
    assert_eq!(field(b"email,state,Email\n"), "email");
    assert_eq!(field(b"\0e\0m\0a\0i\0l\0\n"), "header");
    assert_eq!(field(b"\xff\xfee\0m\0a\0i\0l\0\n\0"), "header");
    let sheet = Sheet::open(&b"email,Name,State\n"[..], rules(ConfirmWay::Mail)).unwrap();
    assert_eq!(sheet.ignored(), ["name"]);
}

#[test]
fn rows_end_somewhere() {
    let cell = "x".repeat(ROW_BYTES_MAX);
    let read = |text: &str| {
        let mut sheet = Sheet::open(text.as_bytes(), rules(ConfirmWay::Mail))?;
        while sheet.next_row()?.is_some() {}
        Ok(())
    };
    let blank = "\n".repeat(2 * ROW_BYTES_MAX);
    for text in [format!("email\n{cell}\n"), format!("email\n{blank}a@example.com\n{blank}\r\n{cell}")] {
        assert!(read(&text).is_ok(), "{} bytes", text.len());
    }
    for (text, begin) in [
        (format!("email\na@example.com\n{cell}{cell}"), 3),
        (format!("email\na@example.com\n\"b\n\n{cell}\n{cell}\nc@example.com\n"), 3),
        (format!("email,{cell}"), 1),
    ] {
        let found = read(&text);
        assert!(matches!(found, Err(SheetFault::Row(RowFault::TooLong(line))) if line == begin), "{found:?}");
    }
}

#[test]
fn rows_are_counted() {
    let mut text = "email\n".to_owned();
    text.push_str(&"x\n".repeat(usize::try_from(IMPORT_ROWS_MAX).unwrap() + 1));
    let mut sheet = Sheet::open(text.as_bytes(), rules(ConfirmWay::Mail)).unwrap();
    for _ in 0..IMPORT_ROWS_MAX {
        sheet.next_row().unwrap().unwrap();
    }
    assert!(matches!(sheet.next_row(), Err(SheetFault::RowsTooMany)));
}

#[test]
fn a_quotation_mark_that_is_left_open_ends_the_file() {
    let read = |text: &str| {
        let mut sheet = Sheet::open(text.as_bytes(), rules(ConfirmWay::Mail))?;
        let mut rows = Vec::new();
        while let Some(row) = sheet.next_row()? {
            rows.push(meaning(&row));
        }
        Ok(rows)
    };
    for (text, begin) in [
        ("email,name\na@x.test,A\nb@x.test,\"Bob \"\"x\nc@x.test,C\nd@x.test,D\n", 3),
        // A later quotation mark closes it: at the end of a cell, or before more text.
        ("email,name\na@x.test,\"5\nb@x.test,B\nc@x.test,6\"\n", 2),
        ("email,name\na@x.test,\"5\nb@x.test,B\nc@x.test,\"C\"\n", 2),
        ("email,\"name\na@x.test,A\n", 1),
    ] {
        let found = read(text);
        assert!(matches!(found, Err(SheetFault::Row(RowFault::QuoteOpen(line))) if line == begin), "{text} {found:?}");
    }
    let rows = read("email,note\na@x.test,\"two\nlines, with b@x.test\"\nc@x.test,\"C\" D\nd@x.test,D\n").unwrap();
    let all = "major,minor,patch all mail false";
    assert_eq!(rows, [format!("2: a@x.test {all}"), "4: row invalid".into(), format!("5: d@x.test {all}")]);
}

#[test]
fn lines_before_the_header_are_counted() {
    let text = "\u{feff}sep=;\r\nemail;name\r\na@example.com;A\r\nx;\r\n";
    let expected = ["3: a@example.com major,minor,patch all mail false", "4: email invalid"];
    assert_eq!(meanings(text.as_bytes(), rules(ConfirmWay::Mail)), expected);
}

#[test]
fn times_of_other_tools() {
    let text = "email,consent_time\na@x.test,2021-05-10 12:00:00\nb@x.test,2021-05-10\nc@x.test,05/10/2021\n";
    let expected = [
        "2: a@x.test major,minor,patch all list 2021-05-10",
        "3: b@x.test major,minor,patch all list 2021-05-10",
        "4: consent_time invalid",
    ];
    assert_eq!(meanings(text.as_bytes(), rules(ConfirmWay::Vouched)), expected);
}
