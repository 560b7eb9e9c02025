use super::*;

const NOW: &str = "2024-05-10T12:00:00Z";

fn at(text: &str) -> UtcTime {
    time_given(text).expect("a time")
}

fn columns(headers: &str) -> Result<Columns, Fault> {
    let headers: Vec<&str> = headers.split(',').collect();
    Columns::of(&headers, &ColumnMapping::default(), StateWords::default())
}

/// Returns the decision on a row as a word, or its columns with faults.
fn verdict(columns: &Columns, row: &str) -> String {
    let cells: Vec<&str> = row.split(',').collect();
    assert_eq!(cells.len(), columns.width(), "{row}");
    let mut faults = Faults::new();
    let now = at(NOW);
    let Some(said) = columns.said(&mut faults, &cells, now) else {
        return faults.as_slice().iter().map(|fault| format!("{} {}", fault.field, fault.kind)).collect();
    };
    match said.verdict(columns.agreed_at(&cells, now).and_then(Result::ok), now) {
        Verdict::Left(time) if time == now => "left".to_owned(),
        Verdict::Left(time) => format!("left {}", time.date()),
        other => format!("{other:?}").to_lowercase(),
    }
}

/// Headers of exports, with rows and their expected decisions.
const EXPORTS: &[(&str, &[(&str, &str)])] = &[
    (
        "id,email,subscribed_to_emails,created_at,deleted_at",
        &[
            ("1,a@x.test,true,2023-01-01T00:00:00.000Z,", "agreed"),
            ("1,a@x.test,false,2023-01-01T00:00:00.000Z,", "left"),
            ("1,a@x.test,true,2023-01-01T00:00:00.000Z,2023-02-01T00:00:00.000Z", "left 2023-02-01"),
            ("1,a@x.test,,2023-01-01T00:00:00.000Z,", "subscribed_to_emails missing"),
        ],
    ),
    (
        "uuid,email,name,attributes,status,created_at,subscription_status",
        &[
            ("u,a@x.test,A,{},enabled,2023-01-01T00:00:00Z,confirmed", "agreed"),
            ("u,a@x.test,A,{},enabled,2023-01-01T00:00:00Z,unconfirmed", "pending"),
            ("u,a@x.test,A,{},enabled,2023-01-01T00:00:00Z,unsubscribed", "left"),
            ("u,a@x.test,A,{},blocklisted,2023-01-01T00:00:00Z,confirmed", "left"),
            ("u,a@x.test,A,{},disabled,2023-01-01T00:00:00Z,confirmed", "left"),
        ],
    ),
    (
        "Email,First name,Data,Status,External ID",
        &[
            ("a@x.test,A,{},active,", "agreed"),
            ("a@x.test,A,{},unsubscribed,", "left"),
            ("a@x.test,A,{},unreachable,", "unreachable"),
            ("a@x.test,A,{},somewhere,", "status invalid"),
            ("a@x.test,A,{},,", "status missing"),
        ],
    ),
    (
        "Email Address,OPTIN_TIME,OPTIN_IP,CONFIRM_TIME,CONFIRM_IP,LEID,EUID",
        &[("a@x.test,,,2021-05-10 12:00:00,192.0.2.1,1,x", "agreed"), ("a@x.test,,,,,1,x", "pending")],
    ),
    (
        "Email Address,OPTIN_TIME,CONFIRM_TIME,LEID,UNSUB_TIME,UNSUB_CAMPAIGN_TITLE,UNSUB_REASON",
        &[("a@x.test,,2021-05-10 12:00:00,1,2022-05-10 12:00:00,News,NORMAL", "left 2022-05-10")],
    ),
    (
        "Email Address,CONFIRM_TIME,CLEAN_TIME,CLEAN_CAMPAIGN_TITLE",
        &[("a@x.test,2021-05-10 12:00:00,2022-05-10 12:00:00,News", "unreachable")],
    ),
    (
        "email,active_subscription,expiry,email_disabled,created_at",
        &[
            ("a@x.test,false,,false,2021-05-10T12:00:00Z", "agreed"),
            ("a@x.test,true,,true,2021-05-10T12:00:00Z", "left"),
        ],
    ),
    (
        "Subscriber,Status,Subscribed,Unsubscribed,Location",
        &[
            ("a@x.test,active,2021-05-10 12:00:00,,Oslo", "agreed"),
            ("a@x.test,active,2021-05-10 12:00:00,2020-01-01 00:00:00,Oslo", "agreed"),
            ("a@x.test,active,2021-05-10 12:00:00,2022-01-01 00:00:00,Oslo", "left 2022-01-01"),
            ("a@x.test,unconfirmed,,,Oslo", "pending"),
            ("a@x.test,junk,2021-05-10 12:00:00,,Oslo", "left"),
        ],
    ),
    (
        "email_address,type,unsubscription_date",
        &[
            ("a@x.test,regular,", "agreed"),
            ("a@x.test,unactivated,", "pending"),
            ("a@x.test,unsubscribed,2022-05-10", "left 2022-05-10"),
        ],
    ),
    (
        "EMAIL,FIRSTNAME,EMAIL_BLACKLISTED",
        &[("a@x.test,A,no", "agreed"), ("a@x.test,A,yes", "left"), ("a@x.test,A,perhaps", "email_blacklisted invalid")],
    ),
    (
        "email,confirmed,blacklisted,optedin",
        &[("a@x.test,1,0,1", "agreed"), ("a@x.test,0,0,0", "pending"), ("a@x.test,1,1,1", "left")],
    ),
    (
        "Email,Email Marketing Consent,Email Marketing Consent Timestamp,Email Suppressions",
        &[
            ("a@x.test,SUBSCRIBED,2021-05-10 12:00:00,[]", "agreed"),
            ("a@x.test,SUBSCRIBED,2021-05-10 12:00:00,['USER_SUPPRESSED']", "left"),
            ("a@x.test,NEVER_SUBSCRIBED,,[]", "pending"),
            ("a@x.test,UNSUBSCRIBED,,[]", "left"),
        ],
    ),
    (
        "Email,Name,IsExcludedFromCampaigns,CreatedAt,IsSpamComplaining,UnsubscribedAt,UnsubscribedBy,\
         ExclusionFromCampaignsUpdatedAt,LastActivityAt",
        &[
            ("a@x.test,A,false,2021-05-10T12:00:00Z,false,,,,2022-05-10T12:00:00Z", "agreed"),
            ("a@x.test,A,true,2021-05-10T12:00:00Z,false,,,2022-05-10T12:00:00Z,", "left"),
            ("a@x.test,A,false,2021-05-10T12:00:00Z,true,,,,", "left"),
            ("a@x.test,A,false,2021-05-10T12:00:00Z,false,2022-05-10T12:00:00Z,a@x.test,,", "left 2022-05-10"),
        ],
    ),
    (
        "id_customer,Email address,Enabled,Newsletter,Optin,Registration",
        &[
            ("1,a@x.test,1,1,0,2021-05-10", "agreed"),
            ("1,a@x.test,1,0,1,2021-05-10", "left"),
            ("1,a@x.test,0,1,1,2021-05-10", "left"),
            ("1,a@x.test,1,,1,2021-05-10", "newsletter missing"),
        ],
    ),
    (
        "Customer ID,Email,Accepts Email Marketing,Accepts SMS Marketing,Tags",
        &[("1,a@x.test,yes,no,", "agreed"), ("1,a@x.test,no,yes,", "left")],
    ),
    (
        "Record ID,Email,Unsubscribed from all email,Email hard bounce reason,Marketing emails bounced",
        &[("1,a@x.test,,,0", "agreed"), ("1,a@x.test,true,,0", "left")],
    ),
    ("Name,Email,Opt Out,Blacklist", &[("A,a@x.test,False,False", "agreed"), ("A,a@x.test,False,True", "left")]),
    ("ID,Email,Status,Store", &[("1,a@x.test,Subscribed,S", "agreed"), ("1,a@x.test,Not Activated,S", "pending")]),
    (
        "Email address,Email permission status,Confirmed Opt-Out Date,Confirmed Opt-Out Reason",
        &[("a@x.test,Express,,", "agreed"), ("a@x.test,Unsubscribed,2022-05-10,Why", "left 2022-05-10")],
    ),
    (
        "subid,email,created,confirmed,enabled,accept,confirmed_date,confirmed_ip",
        &[("1,a@x.test,2021-05-10,1,1,1,0,", "agreed"), ("1,a@x.test,2021-05-10,1,1,0,0,", "left")],
    ),
    (
        "id,username,email,active,suspended_at,suspended_till,last_seen_at",
        &[
            ("1,a,a@x.test,true,,,2021-05-10", "agreed"),
            ("1,a,a@x.test,true,2022-05-10 12:00:00 UTC,3022-05-10,2021-05-10", "left 2022-05-10"),
        ],
    ),
    (
        "Email,Name,Stripe plan,Cancel date,Type,Days active (30d)",
        &[("a@x.test,A,monthly,2022-05-10,premium,3", "agreed")],
    ),
    (
        "email,consent_source,consent_time,Do Not Contact",
        &[("a@x.test,form,2021-05-10,true", "left"), ("a@x.test,form,2021-05-10,", "agreed")],
    ),
    (
        "Email,Status,Date Added,Stop Time,Stop Status",
        &[
            ("a@x.test,subscribed,2021-05-10,,", "agreed"),
            ("a@x.test,unsubscribed,2021-05-10,2023-02-01,remove", "left 2023-02-01"),
            ("a@x.test,unsubscribed,2021-05-10,2023-02-01,whatever", "left 2023-02-01"),
            ("a@x.test,subscribed,2021-05-10,,whatever", "stop status invalid"),
        ],
    ),
    (
        "email,status,Stop,Bounced,subscribed_at",
        &[
            ("a@x.test,whatever,yes,,", "left"),
            ("a@x.test,whatever,2022-05-10,,2023-05-10", "left 2022-05-10"),
            ("a@x.test,left,,whatever,", "left"),
            ("a@x.test,active,whatever,,2023-05-10", "stop invalid"),
            ("a@x.test,whatever,,yes,", "status invalid"),
        ],
    ),
    (
        "email,Subscription",
        &[("a@x.test,yes", "agreed"), ("a@x.test,no", "left"), ("a@x.test,weekly", "subscription invalid")],
    ),
    (
        "email,state,unsubscribed_at",
        &[
            ("a@x.test,,", "agreed"),
            ("a@x.test,unsubscribed,yesterday", "left"),
            ("a@x.test,confirmed,yesterday", "unsubscribed_at invalid"),
            ("a@x.test,gone fishing,2022-05-10T12:00:00Z", "left 2022-05-10"),
            ("a@x.test,confirmed,2022-05-10T12:00:00Z", "left 2022-05-10"),
            ("a@x.test,confirmed,2999-05-10T12:00:00Z", "unsubscribed_at invalid"),
        ],
    ),
];

#[test]
fn the_later_of_yes_and_no_counts() {
    let headers = "email,confirmed_at,subscribed_at,unsubscribed_at";
    let columns = columns(headers).expect(headers);
    for (row, expected) in [
        ("a@x.test,2021-01-01,2024-01-01,2023-01-01", "agreed"),
        ("a@x.test,2024-01-01,2021-01-01,2023-01-01", "agreed"),
        ("a@x.test,2021-01-01,2022-01-01,2023-01-01", "left 2023-01-01"),
        ("a@x.test,2021-01-01,,2023-01-01", "left 2023-01-01"),
        ("a@x.test,2021-01-01,2023-01-01,2023-01-01", "left 2023-01-01"),
    ] {
        assert_eq!(verdict(&columns, row), expected, "{row}");
    }
    let columns = self::columns("email,status,subscribed,confirmed,unsubscribed_at").expect("columns");
    assert_eq!(verdict(&columns, "a@x.test,active,2024-01-01,2021-01-01,2023-01-01"), "agreed");
}

#[test]
fn cells_without_a_value_say_nothing() {
    for cell in ["", "None", "never", "NULL", "\\N", "nil", "n/a", "-", "0000-00-00 00:00:00", "1970-01-01", "0", "no"]
    {
        for headers in ["email,unsubscribed_at", "email,Unsubscribed", "email,Bounced", "email,deleted_at"] {
            let columns = columns(headers).expect(headers);
            assert_eq!(verdict(&columns, &format!("a@x.test,{cell}")), "agreed", "{headers} {cell}");
        }
    }
    let state = columns("email,status,confirmed").expect("columns");
    assert_eq!(verdict(&state, "a@x.test,never,1"), "left", "a state is a word");
    assert_eq!(verdict(&state, "a@x.test,NULL,1"), "status invalid");
    assert_eq!(verdict(&state, "a@x.test,active,0000-00-00"), "agreed");
    let confirmed = columns("email,confirmed").expect("columns");
    assert_eq!(verdict(&confirmed, "a@x.test,1970-01-01"), "confirmed missing");
}

#[test]
fn exports_of_many_programs() {
    for (headers, rows) in EXPORTS {
        let columns = columns(headers).expect(headers);
        for (row, expected) in *rows {
            assert_eq!(verdict(&columns, row), *expected, "{headers} {row}");
        }
    }
}

#[test]
fn files_that_are_refused_as_a_whole() {
    for (headers, field) in [
        ("name,phone", "email"),
        ("email,Email", "email"),
        ("email,E-Mail", "email"),
        ("email,status,Status", "status"),
        ("email,Member opted out?", "Member opted out?"),
        ("email,consent", "consent"),
        ("email,UNSUB_REASON", "UNSUB_REASON"),
        ("EmailAddress,SuppressionReason,CreatedAt", "SuppressionReason"),
        ("email,suspended_till", "suspended_till"),
        ("email,Email marketing", "Email marketing"),
        ("email,expired_at", "expired_at"),
        ("email,Subscriber", "Subscriber"),
        ("email,Statut d'inscription", "Statut d'inscription"),
        ("email,配信停止", "配信停止"),
        ("email,b@x.test", "header"),
        ("email,name <b@x.test>", "header"),
    ] {
        assert_eq!(columns(headers).map(|_| ()).map_err(|fault| fault.field), Err(field.to_owned()), "{headers}");
    }
    for (header, proposed) in [
        ("Consent", "such as columns=Consent:subscribed ("),
        ("Abgemeldet am", "such as columns=Abgemeldet am:unsubscribed ("),
        ("Bounce", "such as columns=Bounce:bounced ("),
        ("Paused", "as columns=Paused: and one of these ("),
        ("Abbestellt, am: Tag", "such as columns=\"Abbestellt, am: Tag\":unsubscribed ("),
    ] {
        let headers = ["email", header];
        let of = |mapping| Columns::of(&headers, &mapping, StateWords::default()).map(|_| ());
        let fault = of(ColumnMapping::default()).expect_err(header);
        assert!(fault.expected.contains(proposed), "{fault}");
        let (_, mapping) = fault.expected.rsplit_once("columns=").expect("a mapping");
        let mapping = ColumnMapping::parse("columns", mapping).expect("a mapping");
        assert_eq!(of(mapping), Ok(()), "{header}");
    }
    assert!(columns("email,Twitter @").is_ok());
}

#[test]
fn columns_are_mapped() {
    let of = |headers: &str, mapping: &str, words: &str| {
        let headers: Vec<&str> = headers.split(',').collect();
        let words = if words.is_empty() { StateWords::default() } else { StateWords::parse("states", words)? };
        Columns::of(&headers, &ColumnMapping::parse("columns", mapping)?, words)
    };
    let mapped = of("Post,Consent,State", "Post:email, consent :state,State:-", "j:confirmed").expect("mapped");
    assert_eq!(mapped.ignored(), ["state"]);
    assert_eq!(verdict(&mapped, "a@x.test,J,CA"), "agreed");
    assert_eq!(verdict(&mapped, "a@x.test,K,CA"), "consent invalid");
    let mapped = of("email,list", "list:subscribed", "").expect("mapped");
    assert_eq!(verdict(&mapped, "a@x.test,no"), "left");
    let mapped = of("email,optout", "optout:unsubscribed", "0:unsubscribed").expect("mapped");
    assert_eq!(verdict(&mapped, "a@x.test,0"), "left", "the given meaning counts more than the known one");
    for bad in ["", "x", "email:", "email:nothing", "other:state", ":state"] {
        let fault = of("email,list", bad, "").map(|_| ()).expect_err(bad);
        assert_eq!(fault.field, "columns", "{bad}");
    }
}

#[test]
fn times_that_say_when_somebody_agreed() {
    let columns = columns("email,OPTIN_TIME,CONFIRM_TIME,consent_time").expect("columns");
    let agreed = |row: &str| columns.agreed_at(&row.split(',').collect::<Vec<_>>(), at(NOW));
    assert_eq!(agreed("a,,,"), None);
    assert_eq!(agreed("a,2020-01-01,2021-01-01,2022-01-01"), Some(Ok(at("2022-01-01"))));
    assert_eq!(agreed("a,2020-01-01,2021-01-01,"), Some(Ok(at("2021-01-01"))));
    assert_eq!(agreed("a,2023-01-01,2021-01-01,"), Some(Ok(at("2023-01-01"))), "the latest counts");
    assert_eq!(agreed("a,2023-01-01,2021-01-01,2022-01-01"), Some(Ok(at("2022-01-01"))), "the time of consent counts");
    assert_eq!(agreed("a,0000-00-00 00:00:00,2021-01-01,NULL"), Some(Ok(at("2021-01-01"))));
    assert_eq!(agreed("a,None,\\N,0"), None);
    let fault = agreed("a,2020-01-01,05/10/2021,").expect("a time").expect_err("the month is unclear");
    assert_eq!((fault.field.as_str(), fault.expected.as_str()), ("confirm_time", TIMES_EXPECTED));
}
