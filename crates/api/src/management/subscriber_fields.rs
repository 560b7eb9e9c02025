//! What programs say of subscribers: in bodies, and in the queries of lists.

use actix_web::HttpRequest;
use releasepage_domain::{
    bump::Bump,
    consent::{ConfirmWay, Confirmation, Consent, consent_source_check, consent_time_check},
    environment::Environment,
    fault::{Fault, Faults},
    subscriber::{Following, Preferences, SubscriberAddress},
    text::{names_expected, names_joined},
    time::UtcTime,
};
use releasepage_http::{error::V1Error, field::Fields, query::Query};
use releasepage_storage::{
    database::cursor::IdCursor,
    pages::row::PageComponent,
    subscribers::{additions::SubscriberNew, lists::SubscribersFilter},
};

const ADDRESS_EXPECTED: &str = "must be an e-mail address";
pub(super) const COMPONENTS_EXPECTED: &str = "must be a list of repo values of this page, at least one";
pub(super) const TIME_EXPECTED: &str = "must be a time in ISO 8601 with an offset, such as 2024-05-01T12:00:00Z";

/// Longest address in a query, in characters.
const ADDRESS_MAX: usize = 254;

/// Reads a subscriber whom a back end hands over, and for which environment.
pub(super) fn subscriber_fields_new(
    fields: &Fields<'_>,
    components: &[PageComponent],
    now: UtcTime,
) -> Result<(SubscriberNew, Environment), V1Error> {
    let mut faults = Faults::new();
    let address = fields.text_checked(&mut faults, "email", ADDRESS_EXPECTED, SubscriberAddress::parse);
    let preferences = preferences_parse(fields, &mut faults);
    let following = following_parse(fields, &mut faults, components);
    let environment = fields.named_optional(&mut faults, "environment", &names_expected::<Environment>());
    let confirm = fields.named_optional(&mut faults, "confirm", &names_expected::<ConfirmWay>());
    let confirmation = match confirm {
        Some(Some(ConfirmWay::Vouched)) => consent_parse(fields, &mut faults, now).map(Confirmation::Vouched),
        _ => Some(Confirmation::Mail { again: true }),
    };
    Ok(faults.finish(|| {
        let new = SubscriberNew {
            address: address?,
            preferences: preferences?,
            following: following?,
            confirmation: confirmation?,
        };
        Some((new, environment?.unwrap_or(Environment::Live)))
    })?)
}

fn preferences_parse(fields: &Fields<'_>, faults: &mut Faults) -> Option<Preferences> {
    let expected = format!("must be a list of {}", names_joined::<Bump>("and"));
    match fields.texts_optional(faults, "preferences", &expected)? {
        None => Some(Preferences::default()),
        Some(names) => faults.take(Preferences::parse("preferences", &names)),
    }
}

fn following_parse(fields: &Fields<'_>, faults: &mut Faults, components: &[PageComponent]) -> Option<Following> {
    match fields.texts_optional(faults, "components", COMPONENTS_EXPECTED)? {
        None => Some(Following::All),
        Some(repos) => faults.take(following_of("components", &repos, components)),
    }
}

/// Who follows these components of a page, whatever the case of their names.
pub(super) fn following_of(field: &str, repos: &[&str], components: &[PageComponent]) -> Result<Following, Fault> {
    let id_of = |repo: &&str| {
        let component = components.iter().find(|component| component.repo.eq_ignore_ascii_case(repo))?;
        Some(component.id)
    };
    let ids: Option<Vec<i64>> = repos.iter().map(id_of).collect();
    let mut ids = ids.filter(|ids| !ids.is_empty()).ok_or_else(|| Fault::invalid(field, COMPONENTS_EXPECTED))?;
    ids.sort_unstable();
    ids.dedup();
    Ok(Following::Only(ids))
}

fn consent_parse(fields: &Fields<'_>, faults: &mut Faults, now: UtcTime) -> Option<Consent> {
    let consent = fields.object(faults, "consent")?;
    let source = consent.text_checked(faults, "source", "must be where they agreed", consent_source_check);
    let time = match consent.time_optional(faults, "time")? {
        None => {
            faults.push(Fault::missing(consent.name("time"), TIME_EXPECTED));
            None
        }
        Some(time) => faults.take(consent_time_check(&consent.name("time"), time, now)),
    };
    Some(Consent { source: source?, time: time? })
}

/// Which subscribers a list or an export has.
pub(super) fn subscribers_filter(query: &Query, faults: &mut Faults) -> SubscribersFilter {
    let state = query.named(faults, "state");
    let environment = query.named(faults, "environment");
    let address = query.text(faults, "email", ADDRESS_MAX).map(|text| SubscriberAddress::parse("email", text));
    let address = address.and_then(|parsed| faults.take(parsed));
    SubscribersFilter { state, environment, address }
}

/// Which part of which list of subscribers is asked for.
pub(super) fn subscribers_query(request: &HttpRequest) -> Result<(SubscribersFilter, IdCursor, u32), V1Error> {
    let query = Query::of(request);
    let mut faults = Faults::new();
    let filter = subscribers_filter(&query, &mut faults);
    let limit = query.limit(&mut faults);
    let cursor = query.cursor(&mut faults, IdCursor::parse);
    Ok(faults.finish(|| Some((filter, cursor.unwrap_or_default(), limit)))?)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn parse(body: &Value) -> Result<(SubscriberNew, Environment), V1Error> {
        let components = [(3, "acme/api"), (1, "acme/web")].map(|(id, repo)| PageComponent {
            id,
            repo: repo.to_owned(),
            name: repo.to_owned(),
        });
        let now = releasepage_domain::time::time_parse("2024-05-10T12:00:00Z").unwrap();
        subscriber_fields_new(&Fields::new(body.as_object().unwrap()), &components, now)
    }

    #[test]
    fn bodies() {
        let (new, environment) = parse(&json!({ "email": "a@example.com" })).unwrap();
        assert_eq!((new.preferences, new.following), (Preferences::default(), Following::All));
        assert_eq!((new.confirmation, environment), (Confirmation::Mail { again: true }, Environment::Live));
        let consent = json!({ "source": "form", "time": "2024-05-10T14:00:00+02:00" });
        let (new, environment) = parse(&json!({
            "email": "a@example.com", "preferences": ["patch"], "components": ["ACME/api", "acme/web", "acme/api"],
            "confirm": "vouched", "consent": consent, "environment": "test",
        }))
        .unwrap();
        assert_eq!((new.preferences.stored().as_str(), new.following), ("patch", Following::Only(vec![1, 3])));
        assert!(matches!(new.confirmation, Confirmation::Vouched(consent) if consent.source == "form"));
        assert_eq!(environment, Environment::Test);
    }

    #[test]
    fn every_fault_is_named() {
        let fields = |body: &Value| {
            let url = url::Url::parse("https://example.com").unwrap();
            let causes = parse(body).map(|_| ()).unwrap_err().body(&url, None)["error_causes"].clone();
            causes
                .as_array()
                .unwrap()
                .iter()
                .map(|cause| cause["field"].as_str().unwrap().to_owned())
                .collect::<Vec<_>>()
        };
        let bad = json!({
            "email": "a", "preferences": "major", "components": ["acme/none"], "environment": 5, "confirm": "vouched",
            "consent": { "source": "", "time": "2024-05-10T12:00:01Z" },
        });
        let named = ["email", "preferences", "components", "environment", "consent.source", "consent.time"];
        assert_eq!(fields(&bad), named);
        assert_eq!(fields(&json!({ "confirm": "vouched" })), ["email", "consent"]);
        let half = json!({ "email": "a@example.com", "confirm": "vouched", "consent": {} });
        assert_eq!(fields(&half), ["consent.source", "consent.time"]);
        assert_eq!(
            fields(&json!({ "email": "a@example.com", "confirm": "no", "components": [] })),
            ["components", "confirm"]
        );
    }
}
