//! The fields of subscribers, in bodies and in the queries of lists.

use actix_web::HttpRequest;
use releasepage_domain::{
    consent::{ConfirmWay, Confirmation, Consent, consent_source_check, consent_time_check},
    environment::Environment,
    fault::{Fault, Faults},
    fields::Fields,
    subscriber::{ADDRESS_EXPECTED, Following, Preferences, SubscriberAddress},
    text::names_expected,
    time::UtcTime,
};
use releasepage_http::{error::V1Error, query::Query};
use releasepage_storage::{
    database::cursor::IdCursor,
    pages::row::PageComponent,
    subscribers::{additions::SubscriberNew, lists::SubscribersFilter},
};

use crate::{
    body::body,
    openapi::{
        names::{BumpName, ConfirmName, EnvironmentName},
        parameters::ListParameters,
        values::{EmailAddress, Repo, TimeGiven},
    },
    subscription_fields::{components_find, components_read, preferences_read},
};

/// The longest address in a query, in characters.
const ADDRESS_MAX: usize = 254;

body! {
    /// A subscriber whom a back end adds.
    #[schema(as = SubscriberNew)]
    pub(crate) struct SubscriberNewBody(page_components: &[PageComponent], now: UtcTime) {
        /// The address.
        #[schema(value_type = EmailAddress)]
        email: SubscriberAddress => text_checked(ADDRESS_EXPECTED, SubscriberAddress::parse),
        /// The bumps to mail about; `major`, `minor` and `patch` are the default.
        #[schema(required = false, min_items = 1, value_type = HashSet<BumpName>)]
        preferences: Preferences => by(preferences_read),
        /// The components to mail about, each a `repo` of this page; all are the default.
        #[schema(required = false, min_items = 1, value_type = Vec<Repo>)]
        components: Following => by(|fields, faults, field| {
            let ids = components_read(fields, faults, field, |repo| component_id(page_components, repo))?;
            Some(ids.map_or(Following::All, Following::only))
        }),
        /// The environment; `live` is the default.
        #[schema(value_type = Option<EnvironmentName>)]
        environment: Option<Environment> => named_optional(&names_expected::<Environment>()),
        /// The way the subscriber confirms; `mail`, the default, sends a confirmation email. `vouched` subscribes the
        /// address at once.
        #[schema(value_type = Option<ConfirmName>)]
        confirm: Option<ConfirmWay> => named_optional(&names_expected::<ConfirmWay>()),
        /// The source and time of the consent. `vouched` requires it; `mail` ignores it.
        consent: Option<ConsentNewBody> => by(|fields, faults, field| match confirm {
            Some(Some(ConfirmWay::Vouched)) => {
                let read = |consent: &Fields<'_>, faults: &mut Faults| ConsentNewBody::read(consent, faults, now);
                fields.object_read(faults, field, read).map(Some)
            }
            _ => Some(None),
        }),
    }
}

body! {
    /// The consent that a back end vouches for.
    #[schema(as = ConsentNew)]
    pub(crate) struct ConsentNewBody(now: UtcTime) {
        /// The source of the consent.
        #[schema(min_length = 1, max_length = 200, pattern = "LINE", examples("sign-up form"))]
        source: String => text_checked("must be where they agreed", consent_source_check),
        /// The time of the consent; not in the future.
        #[schema(value_type = TimeGiven)]
        time: UtcTime => by(|fields, faults, field| {
            let time = fields.time(faults, field)?;
            faults.take(consent_time_check(&fields.name(field), time, now))
        }),
    }
}

impl From<SubscriberNewBody> for SubscriberNew {
    fn from(body: SubscriberNewBody) -> Self {
        let confirmation = match (body.confirm, body.consent) {
            (Some(ConfirmWay::Vouched), Some(ConsentNewBody { source, time })) => {
                Confirmation::Vouched(Consent { source, time })
            }
            _ => Confirmation::Mail { again: true },
        };
        Self { address: body.email, preferences: body.preferences, following: body.components, confirmation }
    }
}

/// Finds components of a page by name, in any case, for a subscriber to follow.
pub(super) fn following_of(field: &str, repos: &[&str], components: &[PageComponent]) -> Result<Following, Fault> {
    components_find(field, repos, |repo| component_id(components, repo)).map(Following::only)
}

fn component_id(components: &[PageComponent], repo: &str) -> Option<i64> {
    components.iter().find(|component| component.repo.eq_ignore_ascii_case(repo)).map(|component| component.id)
}

/// Reads the filter of a list or an export of subscribers.
pub(super) fn subscribers_filter(query: &Query, faults: &mut Faults) -> SubscribersFilter {
    let state = query.named(faults, "state");
    let environment = query.named(faults, "environment");
    let address = query.text(faults, "email", ADDRESS_MAX).map(|text| SubscriberAddress::parse("email", text));
    let address = address.and_then(|parsed| faults.take(parsed));
    SubscribersFilter { state, environment, address }
}

/// Reads the filter and the part of a list of subscribers from a query.
pub(super) fn subscribers_query(request: &HttpRequest) -> Result<(SubscribersFilter, IdCursor, u32), V1Error> {
    let query = Query::of(request);
    let mut faults = Faults::new();
    let filter = subscribers_filter(&query, &mut faults);
    let ListParameters { limit, cursor } = ListParameters::read(&query, &mut faults);
    Ok(faults.finish(|| Some((filter, cursor.unwrap_or_default(), limit)))?)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::body::body_parse;

    fn parse(body: &Value) -> Result<SubscriberNewBody, Faults> {
        let components = [(3, "acme/api"), (1, "acme/web")].map(|(id, repo)| PageComponent {
            id,
            repo: repo.to_owned(),
            name: repo.to_owned(),
        });
        let now = releasepage_domain::time::time_parse("2024-05-10T12:00:00Z").unwrap();
        body_parse(body.as_object().unwrap(), |fields, faults| {
            SubscriberNewBody::read(fields, faults, &components, now)
        })
    }

    #[test]
    fn bodies() {
        let body = parse(&json!({ "email": "a@example.com" })).ok().unwrap();
        assert_eq!(body.environment, None);
        let new = SubscriberNew::from(body);
        assert_eq!((new.preferences, new.following), (Preferences::default(), Following::All));
        assert_eq!(new.confirmation, Confirmation::Mail { again: true });
        let consent = json!({ "source": "form", "time": "2024-05-10T14:00:00+02:00" });
        let body = parse(&json!({
            "email": "a@example.com", "preferences": ["patch"], "components": ["ACME/api", "acme/web", "acme/api"],
            "confirm": "vouched", "consent": consent, "environment": "test",
        }));
        let body = body.ok().unwrap();
        assert_eq!(body.environment, Some(Environment::Test));
        let new = SubscriberNew::from(body);
        assert_eq!((new.preferences.stored().as_str(), new.following), ("patch", Following::Only(vec![1, 3])));
        assert!(matches!(new.confirmation, Confirmation::Vouched(consent) if consent.source == "form"));
    }

    #[test]
    fn every_fault_is_named() {
        let fields = |body: &Value| {
            let faults = parse(body).err().unwrap();
            faults.as_slice().iter().map(|fault| fault.field.clone()).collect::<Vec<_>>()
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
