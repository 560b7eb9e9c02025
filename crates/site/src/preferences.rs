//! A subscriber's preferences, behind the link in every email.

use actix_web::{
    HttpResponse,
    http::StatusCode,
    web::{Data, Path},
};
use releasepage_auth::link::{LinkPurpose, LinkSigner};
use releasepage_domain::subscriber::{Following, Preferences as Chosen, SubscriberState};
use releasepage_http::{form::Form, state::AppState};
use releasepage_storage::{
    StoreError,
    subscribers::{
        changes::{subscriber_change, subscriber_get},
        row::Subscriber,
    },
};
use releasepage_web::{
    confirm::LinkFault,
    preferences::{ComponentChoice, Notice, Preferences, Standing},
};

use crate::{
    document::{Reach, document, document_with},
    error::PageError,
    paths,
};

/// Answers `GET /preferences/{token}` with the form.
pub(crate) async fn preferences_show(state: Data<AppState>, token: Path<String>) -> Result<HttpResponse, PageError> {
    let subscriber = subscriber_of(&state, &token).await?;
    Ok(document(&view(&state, &subscriber, &token, None), Reach::Link))
}

/// Answers `POST /preferences/{token}` by saving them. A person who had unsubscribed is subscribed again.
pub(crate) async fn preferences_save(
    state: Data<AppState>,
    token: Path<String>,
    form: Form,
) -> Result<HttpResponse, PageError> {
    let subscriber = subscriber_of(&state, &token).await?;
    let kinds: Vec<&str> = form.all("kind").collect();
    let following = following_chosen(&form, &subscriber)?;
    let missing = if kinds.is_empty() {
        Some(Notice::KindMissing)
    } else if following == Following::Only(Vec::new()) {
        Some(Notice::ComponentMissing)
    } else {
        None
    };
    if missing.is_some() {
        return Ok(document_with(StatusCode::BAD_REQUEST, &view(&state, &subscriber, &token, missing), Reach::Link));
    }
    let chosen = Chosen::parse("kind", &kinds).map_err(|_| PageError::RequestInvalid)?;
    match subscriber_change(&state.store, subscriber.id, chosen, following, state.now()).await {
        Ok(saved) => Ok(document(&view(&state, &saved, &token, Some(Notice::Saved)), Reach::Link)),
        // The subscriber is not confirmed or is suppressed. The document explains it.
        Err(StoreError::NotFound | StoreError::Conflict(_)) => {
            let subscriber = subscriber_of(&state, &token).await?;
            Ok(document_with(StatusCode::CONFLICT, &view(&state, &subscriber, &token, None), Reach::Link))
        }
        Err(error) => Err(error.into()),
    }
}

/// Returns the subscriber of a link, if the link has the current generation.
async fn subscriber_of(state: &AppState, token: &str) -> Result<Subscriber, PageError> {
    let invalid = || PageError::Link { fault: LinkFault::Invalid, page_href: None };
    let id = LinkSigner::row(token).ok_or_else(invalid)?;
    let subscriber = match subscriber_get(&state.store, id).await {
        Err(StoreError::NotFound) => return Err(invalid()),
        found => found?,
    };
    if state.links.verify(LinkPurpose::Preferences, token, subscriber.link_generation) {
        Ok(subscriber)
    } else {
        Err(invalid())
    }
}

/// Returns the components that a form chooses, or an empty choice if none is ticked.
fn following_chosen(form: &Form, subscriber: &Subscriber) -> Result<Following, PageError> {
    if form.has("all_components") || subscriber.components.is_empty() {
        return Ok(Following::All);
    }
    let id_of =
        |repo: &str| subscriber.components.iter().find(|component| component.repo == repo).map(|found| found.id);
    let ids = form.all("component").map(id_of).collect::<Option<_>>().ok_or(PageError::RequestInvalid)?;
    Ok(Following::only(ids))
}

fn view(state: &AppState, subscriber: &Subscriber, token: &str, notice: Option<Notice>) -> Preferences {
    let components = subscriber.components.iter().map(|component| ComponentChoice {
        repo: component.repo.clone(),
        name: component.name.clone(),
        chosen: subscriber.following.holds(component.id),
    });
    Preferences {
        page_title: subscriber.page.title.clone(),
        page_href: paths::page(&subscriber.page.slug),
        address: subscriber.address.masked(),
        standing: match subscriber.state {
            SubscriberState::Pending => Standing::Pending,
            SubscriberState::Confirmed => Standing::Confirmed,
            SubscriberState::Unsubscribed => Standing::Unsubscribed,
            SubscriberState::Suppressed => Standing::Suppressed,
        },
        kinds: subscriber.preferences.bumps().to_vec(),
        all_components: subscriber.following == Following::All,
        components: components.collect(),
        notice,
        action: paths::preferences(token),
        unsubscribe_action: paths::unsubscribe(&state.links.token(LinkPurpose::Unsubscribe, subscriber.id, 0)),
        csrf: None,
    }
}
