//! `/v1/suppressions`: subscribers whose addresses are suppressed, and lifting a suppression.

use actix_web::{
    HttpRequest,
    web::{Data, Path},
};
use releasepage_auth::scope::Scope;
use releasepage_domain::{
    fault::Faults,
    subscriber::{ADDRESS_EXPECTED, SubscriberAddress},
    time::time_iso8601,
};
use releasepage_http::{caller::TokenCaller, error::V1Error, limits::Bucket, query::Query, state::AppState};
use releasepage_storage::subscribers::suppressions::{
    Suppression, SuppressionName, SuppressionsOf, suppression_lift, suppression_list,
};
use serde::Serialize;
use utoipa::ToSchema;

use super::resource::{Answer, List, not_found, number_of_path, resource_gone, resource_list, writer};
use crate::openapi::{
    parameters::ListParameters,
    values::{EmailAddress, PageId, Time},
};

/// A subscriber whose address is suppressed: no mail is sent to it.
#[derive(Serialize, ToSchema)]
#[schema(as = Suppression)]
pub(crate) struct SuppressionBody {
    /// The subscriber's id.
    #[schema(examples(17))]
    id: i64,
    /// The page that they subscribed to.
    #[schema(value_type = PageId)]
    page_id: String,
    /// Their address.
    #[schema(value_type = EmailAddress)]
    email: String,
    /// The time at which the address was suppressed.
    #[schema(required = true, value_type = Option<Time>)]
    suppressed_at: Option<String>,
    /// The reply of the mail server.
    #[schema(required = true, examples("RCPT TO: 5.1.1 no such user (550)"))]
    reason: Option<String>,
}

impl From<Suppression> for SuppressionBody {
    fn from(suppression: Suppression) -> Self {
        Self {
            id: suppression.id,
            page_id: suppression.page_id,
            email: suppression.address,
            suppressed_at: suppression.suppressed_at.map(time_iso8601),
            reason: suppression.because,
        }
    }
}

/// `GET /v1/suppressions`, in the order in which they subscribed, optionally filtered by `email`.
#[utoipa::path(
    get,
    path = "/v1/suppressions",
    tag = "Deliveries",
    summary = "List to whom no mail goes",
    description = "The readers of the organization's pages whose address was refused for good, or twice without a clear \
                   reason, days apart. Whoever reads several pages is listed for each.",
    security(("token" = ["manage"])),
    params(
        ListParameters,
        ("email" = Option<EmailAddress>, Query, description = "Only those with exactly this address, in whatever case"),
    ),
    responses((status = 200, description = "A part of the list", body = List<SuppressionBody>)),
)]
pub(crate) async fn suppressions_read(request: HttpRequest, state: Data<AppState>) -> Answer {
    let caller = TokenCaller::of(&request, &state, Bucket::Read, Scope::Manage).await?;
    let (query, mut faults) = (Query::of(&request), Faults::new());
    let address =
        query.parsed(&mut faults, "email", ADDRESS_EXPECTED, |text| SubscriberAddress::parse("email", text).ok());
    let ListParameters { limit, cursor } = ListParameters::read(&query, &mut faults);
    faults.finish(|| Some(()))?;
    let of = SuppressionsOf::Organization(caller.user.organization_id);
    let keys = state.address_keys.clone();
    let key = move |address: &str| keys.key(address);
    let part = suppression_list(&state.store, of, address, key, cursor.unwrap_or_default(), limit).await?;
    resource_list(part, SuppressionBody::from)
}

/// `DELETE /v1/suppressions/{subscriber}`, with the id of a subscriber or with an address.
#[utoipa::path(
    delete,
    path = "/v1/suppressions/{suppression_id}",
    tag = "Deliveries",
    summary = "Lift a suppression",
    description = "Mail goes to the address again, on every page of the server. Whoever left before, or meanwhile, stays \
                   away. The message that was refused is sent again by `POST /v1/announcements/{id}/retry`; what was \
                   announced while the address was suppressed is not sent to it. The people of the server's first \
                   organization may name any address.",
    security(("token" = ["manage"])),
    responses((status = 204, description = "It is lifted")),
)]
pub(crate) async fn suppression_remove(request: HttpRequest, name: Path<String>, state: Data<AppState>) -> Answer {
    let caller = writer(&request, &state, Scope::Manage).await?;
    let name = suppression_named(&name)?;
    let of = SuppressionsOf::Organization(caller.user.organization_id);
    let keys = state.address_keys.clone();
    suppression_lift(&state.store, of, name, move |address| keys.key(address)).await?;
    resource_gone()
}

/// Reads the name of a suppression in a path: the subscriber's id, or the address.
fn suppression_named(text: &str) -> Result<SuppressionName, V1Error> {
    if text.contains('@') {
        let address = SubscriberAddress::parse("email", text).map_err(|_| not_found())?;
        return Ok(SuppressionName::Address(address));
    }
    number_of_path(text).map(SuppressionName::Reader)
}
