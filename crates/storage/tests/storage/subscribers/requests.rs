//! Requests: noted alike whatever is known, decided once.

use chrono::TimeDelta;
use releasepage_domain::{
    environment::Environment,
    fault::FaultKind,
    job::JobPayload,
    subscriber::{Following, Preferences, SubscriberAddress, SubscriberState},
    subscription::{RequestCaps, RequestMail, RequestState, SubscriptionOp},
    time::UtcTime,
};
use releasepage_storage::{
    jobs::row::JobTicket,
    subscribers::{
        addresses::{address_doubt, address_suppress},
        changes::{subscriber_get, subscriber_unsubscribe},
        request_row::Request,
        requests::{RequestNew, RequestTurn, request_decide, request_get, request_look, request_note, request_sent},
        row::Subscriber,
    },
};

use crate::{
    statements::statements_of,
    support::{Database, both, faults, is_not_found, now},
};

pub(crate) fn address(text: &str) -> SubscriberAddress {
    SubscriberAddress::parse("address", text).unwrap()
}

/// Stands for the keyed hash.
pub(crate) fn key(address: &str) -> String {
    format!("key of {address}")
}

/// A request for all components of a page.
pub(crate) fn new(page_id: &str, op: SubscriptionOp, of: &str) -> RequestNew {
    RequestNew {
        page_id: page_id.into(),
        environment: Environment::Live,
        op,
        address: address(of),
        preferences: Preferences::default(),
        components: None,
    }
}

async fn decide_at(database: &Database, id: i64, at: UtcTime) -> Request {
    request_decide(&database.store, id, RequestCaps::default(), key, at).await.unwrap()
}

/// Notes a request and decides it some minutes after the test began.
pub(crate) async fn ask(database: &Database, new: RequestNew, minutes: i64) -> Request {
    let at = now() + TimeDelta::minutes(minutes);
    let id = request_note(&database.store, new, at).await.unwrap();
    decide_at(database, id, at).await
}

pub(crate) async fn subscriber(database: &Database, id: i64) -> Subscriber {
    subscriber_get(&database.store, id).await.unwrap()
}

/// What is done with a request's mail: `send` and which, `over`, `lost`.
async fn look(database: &Database, id: i64, ticket: JobTicket) -> String {
    match request_look(&database.store, id, ticket, key, now()).await.unwrap() {
        RequestTurn::Send { mail, .. } => format!("send {mail}"),
        RequestTurn::Over => "over".into(),
        RequestTurn::Lost => "lost".into(),
    }
}

both! {
    async fn a_mail_is_looked_at_before_it_is_sent(database: &Database) {
        let site = database.site().await;
        let held = database.ticket_held().await;
        let reader = database.subscriber(&site.page_id, "reader@example.com", &["major"], None).await;
        let confirm = ask(database, new(&site.page_id, SubscriptionOp::Add, "new@example.com"), 0).await.id;
        let leave = ask(database, new(&site.page_id, SubscriptionOp::Remove, "reader@example.com"), 0).await.id;
        assert_eq!(look(database, confirm, held).await, "send confirm");
        assert_eq!(look(database, leave, held).await, "send leave");
        assert_eq!(look(database, confirm, JobTicket { fence: 0, ..held }).await, "lost");
        subscriber_unsubscribe(&database.store, reader, now()).await.unwrap();
        assert_eq!(look(database, leave, held).await, "over");
        let new = address("new@example.com");
        address_suppress(&database.store, new, key("new@example.com"), "550".into(), now()).await.unwrap();
        assert_eq!(look(database, confirm, held).await, "over");
        assert_eq!(look(database, confirm + 7, held).await, "over");
    }

    async fn a_request_is_noted_with_its_job(database: &Database) {
        let site = database.site().await;
        let preferences = Preferences::parse("", &["patch", "major"]).unwrap();
        let asked = RequestNew {
            preferences: preferences.clone(),
            components: Some(vec!["ACME/api".into(), "acme/api".into()]),
            environment: Environment::Test,
            ..new(&site.page_id, SubscriptionOp::Add, "Reader@Example.com")
        };
        let id = request_note(&database.store, asked, now()).await.unwrap();
        assert_eq!(database.jobs("subscription_answer").await, [JobPayload::SubscriptionAnswer { request: id }]);
        let request = request_get(&database.store, id).await.unwrap();
        assert_eq!((request.page.id, request.environment), (site.page_id, Environment::Test));
        assert_eq!((request.op, request.address.as_str()), (SubscriptionOp::Add, "Reader@Example.com"));
        assert_eq!((request.preferences, request.following), (preferences, Following::Only(vec![site.component_id])));
        assert_eq!((request.component_names, request.state), (vec!["api".to_owned()], RequestState::Noted));
        assert_eq!((request.mail, request.is_sent, request.subscriber_id), (None, false, None));
        assert!(is_not_found(&request_get(&database.store, id + 1).await));
    }

    async fn only_components_of_the_page_can_be_followed(database: &Database) {
        let site = database.site().await;
        let second = database.page(site.organization_id, "Second").await.id;
        for (page, repos) in [(&site.page_id, vec![]), (&site.page_id, vec!["acme/api", "acme/web"]), (&second, vec!["acme/api"])] {
            let components = Some(repos.iter().map(ToString::to_string).collect());
            let asked = RequestNew { components, ..new(page, SubscriptionOp::Add, "a@example.com") };
            let refused = request_note(&database.store, asked, now()).await;
            assert_eq!(faults(refused), [("data.components".into(), FaultKind::Invalid)], "{repos:?}");
        }
        assert_eq!(database.count("subscription_requests").await + database.count("jobs").await, 0);
    }

    async fn the_same_statements_run_whatever_is_known(database: &Database) {
        let page_id = database.site().await.page_id;
        let store = &database.store;
        ask(database, new(&page_id, SubscriptionOp::Add, "pending@example.com"), 0).await;
        for name in ["confirmed", "left", "suppressed"] {
            let id = database.subscriber(&page_id, &format!("{name}@example.com"), &["major"], None).await;
            if name == "left" {
                subscriber_unsubscribe(store, id, now()).await.unwrap();
            }
        }
        let bounced = address("suppressed@example.com");
        address_suppress(store, bounced.clone(), key(&bounced.folded()), "550".into(), now()).await.unwrap();

        for op in [SubscriptionOp::Add, SubscriptionOp::Replace, SubscriptionOp::Remove] {
            for components in [None, Some(vec!["acme/api".to_owned()])] {
                let mut all = Vec::new();
                for name in ["unknown", "pending", "confirmed", "left", "suppressed"] {
                    let of = format!("{name}@example.com");
                    let asked = RequestNew { components: components.clone(), ..new(&page_id, op, &of) };
                    let (noted, statements) = statements_of(request_note(store, asked, now())).await;
                    noted.unwrap();
                    all.push(statements);
                }
                assert!(all[0].len() >= 2, "{all:?}");
                assert!(all.iter().all(|statements| *statements == all[0]), "{op} {all:#?}");
            }
        }
    }

    async fn a_request_is_decided_once(database: &Database) {
        let page_id = database.site().await.page_id;
        let id = request_note(&database.store, new(&page_id, SubscriptionOp::Add, "a@example.com"), now()).await.unwrap();
        let decisions: Vec<_> = (0..10)
            .map(|_| {
                let store = database.store.clone();
                tokio::spawn(async move { request_decide(&store, id, RequestCaps::default(), key, now()).await })
            })
            .collect();
        for decision in decisions {
            let request = decision.await.unwrap().unwrap();
            assert_eq!((request.mail, request.state), (Some(RequestMail::Confirm), RequestState::Mailed));
        }
        assert_eq!(database.count("subscribers").await, 1);
        assert_eq!(database.count("address_mails").await, 1);
        // Whatever becomes of the subscriber later, and whenever it is asked again.
        database.execute("UPDATE subscribers SET state = 'confirmed'").await;
        let later = decide_at(database, id, now() + TimeDelta::days(1)).await;
        assert_eq!((later.mail, later.is_sent), (Some(RequestMail::Confirm), false));
        request_sent(&database.store, id, None, now()).await.unwrap();
        assert!(decide_at(database, id, now()).await.is_sent);
    }

    async fn a_mail_that_was_taken_ends_the_doubt_of_its_address(database: &Database) {
        let (store, site) = (&database.store, database.site().await);
        let held = database.ticket_held().await;
        let of = address("a@example.com");
        address_doubt(store, of.clone(), key(&of.folded()), "550 ?".into(), now()).await.unwrap();
        let asked = new(&site.page_id, SubscriptionOp::Add, "A@example.com");
        let is_doubted = async |id| match request_look(store, id, held, key, now()).await.unwrap() {
            RequestTurn::Send { doubted, .. } => doubted,
            turn => panic!("is not sent: {turn:?}"),
        };
        // What is captured was taken by no mail server.
        let test = ask(database, RequestNew { environment: Environment::Test, ..asked.clone() }, 0).await.id;
        assert!(!is_doubted(test).await);
        let live = ask(database, asked, 0).await.id;
        assert!(is_doubted(live).await);
        request_sent(store, live, Some(key(&of.folded())), now()).await.unwrap();
        assert_eq!(database.count("addresses WHERE doubted_at IS NOT NULL").await, 0);
        assert_eq!(database.count("subscription_requests WHERE sent_at IS NOT NULL").await, 1);
    }

    async fn copies_at_once_make_one_subscriber_and_one_mail(database: &Database) {
        let page_id = database.site().await.page_id;
        let mut ids = Vec::new();
        for _ in 0..10 {
            ids.push(request_note(&database.store, new(&page_id, SubscriptionOp::Add, "a@example.com"), now()).await.unwrap());
        }
        let decisions: Vec<_> = ids
            .into_iter()
            .map(|id| {
                let store = database.store.clone();
                tokio::spawn(async move { request_decide(&store, id, RequestCaps::default(), key, now()).await })
            })
            .collect();
        let mut mails = 0;
        for decision in decisions {
            mails += u32::from(decision.await.unwrap().unwrap().mail.is_some());
        }
        assert_eq!((mails, database.count("subscribers").await), (1, 1));
    }

    async fn which_mail_answers_depends_on_the_subscriber(database: &Database) {
        use SubscriptionOp::{Add, Remove, Replace};
        let page_id = database.site().await.page_id;
        let asked = async |op, of: &str| ask(database, new(&page_id, op, of), 0).await;
        for (op, mail) in [(Replace, None), (Remove, None), (Add, Some(RequestMail::Confirm))] {
            let request = asked(op, "unknown@example.com").await;
            assert_eq!(request.mail, mail, "{op}");
            let state = if mail.is_some() { RequestState::Mailed } else { RequestState::Ignored };
            assert_eq!(request.state, state);
        }
        for (number, (op, mail)) in
            [(Add, RequestMail::Remind), (Replace, RequestMail::Change), (Remove, RequestMail::Leave)].into_iter().enumerate()
        {
            let of = format!("confirmed{number}@example.com");
            database.subscriber(&page_id, &of, &["major"], None).await;
            assert_eq!(asked(op, &of).await.mail, Some(mail), "{op}");
        }
        let left = database.subscriber(&page_id, "left@example.com", &["major"], None).await;
        subscriber_unsubscribe(&database.store, left, now()).await.unwrap();
        assert_eq!(asked(Remove, "left@example.com").await.mail, None);
        let again = asked(Add, "left@example.com").await;
        assert_eq!((again.mail, again.subscriber_id), (Some(RequestMail::Confirm), Some(left)));
        // Until they say yes, they are gone.
        assert_eq!(subscriber(database, left).await.state, SubscriberState::Unsubscribed);
    }

    async fn test_and_live_are_apart(database: &Database) {
        let page_id = database.site().await.page_id;
        let live = database.subscriber(&page_id, "a@example.com", &["major"], None).await;
        let asked = RequestNew { environment: Environment::Test, ..new(&page_id, SubscriptionOp::Add, "a@example.com") };
        let request = ask(database, asked, 0).await;
        assert_eq!(request.mail, Some(RequestMail::Confirm));
        assert_ne!(request.subscriber_id, Some(live));
    }

    async fn a_subscriber_gets_a_mail_in_a_quarter_of_an_hour_and_three_a_day(database: &Database) {
        let page_id = database.site().await.page_id;
        let mails = async |minutes: &[i64]| {
            let mut sent = Vec::new();
            for &minutes in minutes {
                // However it is written.
                let of = if minutes % 2 == 0 { "a@example.com" } else { "A@EXAMPLE.com" };
                let asked = new(&page_id, SubscriptionOp::Add, of);
                if ask(database, asked, minutes).await.mail.is_some() {
                    sent.push(minutes);
                }
            }
            sent
        };
        assert_eq!(mails(&[0, 14, 15, 16, 29, 30, 45, 1_000, 1_439]).await, [0, 15, 30]);
        // The first of them was a day ago.
        assert_eq!(mails(&[1_440, 1_456]).await, [1_440, 1_456]);
    }

    async fn a_person_gets_ten_mails_a_day_whatever_the_page_or_alias(database: &Database) {
        let site = database.site().await;
        let mut mails = 0;
        for number in 0..12 {
            let page = database.page(site.organization_id, &format!("Page {number}")).await.id;
            let of = format!("ada+{number}@example.com");
            mails += u32::from(ask(database, new(&page, SubscriptionOp::Add, &of), 0).await.mail.is_some());
        }
        assert_eq!((mails, database.count("address_mails").await), (10, 10));
        let page_id = &site.page_id;
        assert_eq!(ask(database, new(page_id, SubscriptionOp::Add, "ada@example.com"), 1_439).await.mail, None);
        let day = ask(database, new(page_id, SubscriptionOp::Add, "ada@example.com"), 1_440).await;
        assert_eq!(day.mail, Some(RequestMail::Confirm));
    }

    async fn a_page_has_a_cap(database: &Database) {
        let page_id = database.site().await.page_id;
        let caps = RequestCaps { page_daily: 2, ..RequestCaps::default() };
        let mut mails = Vec::new();
        for number in 0..4 {
            let of = format!("r{number}@example.com");
            let id = request_note(&database.store, new(&page_id, SubscriptionOp::Add, &of), now()).await.unwrap();
            mails.push(request_decide(&database.store, id, caps, key, now()).await.unwrap().mail.is_some());
        }
        assert_eq!(mails, [true, true, false, false]);
        // What gets no mail makes no subscriber.
        assert_eq!(database.count("subscribers").await, 2);
    }

    async fn test_mail_uses_no_cap_of_live_mail(database: &Database) {
        let page_id = database.site().await.page_id;
        let caps = RequestCaps { page_daily: 2, address_daily: 1, ..RequestCaps::default() };
        for (environment, of, mailed) in [
            (Environment::Test, "ada@example.com", true),
            (Environment::Test, "ada+2@example.com", true),
            (Environment::Test, "ada+3@example.com", false),
            (Environment::Live, "ada@example.com", true),
            (Environment::Live, "ada+2@example.com", false),
            (Environment::Live, "bob@example.com", true),
            (Environment::Live, "eve@example.com", false),
        ] {
            let asked = RequestNew { environment, ..new(&page_id, SubscriptionOp::Add, of) };
            let id = request_note(&database.store, asked, now()).await.unwrap();
            let decided = request_decide(&database.store, id, caps, key, now()).await.unwrap();
            assert_eq!(decided.mail.is_some(), mailed, "{environment} {of}");
        }
        assert_eq!(database.count("address_mails").await, 2);
    }

    async fn a_suppressed_address_or_a_hidden_page_sends_nothing(database: &Database) {
        let page_id = database.site().await.page_id;
        let bounced = address("Bounced@example.com");
        address_suppress(&database.store, bounced.clone(), key(&bounced.folded()), "550".into(), now()).await.unwrap();
        assert_eq!(ask(database, new(&page_id, SubscriptionOp::Add, "bounced@example.com"), 0).await.mail, None);
        // An alias is another address, although it is counted with it.
        let alias = ask(database, new(&page_id, SubscriptionOp::Add, "bounced+x@example.com"), 0).await;
        assert_eq!(alias.mail, Some(RequestMail::Confirm));
        database.execute("UPDATE pages SET published = false").await;
        assert_eq!(ask(database, new(&page_id, SubscriptionOp::Add, "a@example.com"), 0).await.mail, None);
    }
}
