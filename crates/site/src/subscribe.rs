//! The form to subscribe, on the public page.

use actix_web::{
    HttpRequest, HttpResponse,
    http::StatusCode,
    web::{Data, Path},
};
use releasepage_domain::{
    environment::Environment,
    subscriber::{Preferences, SubscriberAddress},
    subscription::SubscriptionOp,
};
use releasepage_http::{
    form::{Form, FormToken},
    session::Visitor,
    state::AppState,
};
use releasepage_storage::subscribers::requests::{RequestNew, request_note};
use releasepage_web::page::SubscribeDone;

use crate::{
    document::{Reach, document, document_with},
    error::PageError,
    mailbox::mailbox_is_open,
    paths,
    public_page::{ListQuery, SubscribeTyped, page_readable, page_view},
    throttle::subscribe_allow,
};

/// Answers `POST /p/{slug}/subscribe` by storing the request. The answer never shows what is known of the address.
pub(crate) async fn subscribe(
    state: Data<AppState>,
    request: HttpRequest,
    visitor: Visitor,
    slug: Path<String>,
    form: Form,
) -> Result<HttpResponse, PageError> {
    let page = page_readable(&state, &visitor, slug.into_inner()).await?;
    if !page.published {
        return Err(PageError::NotFound);
    }
    let kinds: Vec<&str> = form.all("kind").collect();
    let address = form.text("address").trim();
    let (address, preferences) =
        match (SubscriberAddress::parse("address", address), Preferences::parse("kind", &kinds)) {
            (Ok(address), Ok(preferences)) => (address, preferences),
            (parsed, kinds) => {
                let error = match parsed {
                    Err(_) => "Please type one mail address, such as you@example.com.",
                    Ok(_) => "Please choose at least one kind of release.",
                };
                let typed = SubscribeTyped {
                    address: address.to_owned(),
                    kinds: kinds.unwrap_or_default(),
                    error: Some(error.to_owned()),
                };
                let token = FormToken::of(&request, &state);
                let view = page_view(&state, page, ListQuery::default(), typed, &token).await?;
                return Ok(token.kept(document_with(StatusCode::BAD_REQUEST, &view, Reach::Open), &state)?);
            }
        };
    subscribe_allow(&state, &request)?;
    let done = SubscribeDone {
        page_title: page.title,
        page_href: paths::page(&page.slug),
        address: address.as_str().to_owned(),
        mailbox_href: mailbox_is_open(&state, &request).then(|| paths::MAILBOX.to_owned()),
    };
    let new = RequestNew {
        page_id: page.id,
        environment: Environment::Live,
        op: SubscriptionOp::Add,
        address,
        preferences,
        components: None,
    };
    request_note(&state.store, new, state.now()).await?;
    Ok(document(&done, Reach::Private))
}
