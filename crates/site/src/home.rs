//! The front page.

use actix_web::{HttpRequest, HttpResponse, web::Data};
use releasepage_http::{form::FormToken, session::Visitor, state::AppState};
use releasepage_storage::{accounts::users::organization_first, database::cursor::TimeCursor, pages::edits::page_list};
use releasepage_web::home::{Home, PageLink};

use crate::{
    account_menu::account_menu,
    document::{Reach, document},
    error::PageError,
    mailbox::mailbox_is_open,
    next_steps::next_steps,
    paths,
};

/// The most pages that the front page links to.
const PAGES_SHOWN: u32 = 20;

/// Answers `GET /` with links to the pages that the visitor may see.
pub(crate) async fn home_show(
    state: Data<AppState>,
    request: HttpRequest,
    visitor: Visitor,
) -> Result<HttpResponse, PageError> {
    let (demo, public_url) = (state.settings.mailbox_open, &state.settings.public_url);
    let organization_id = match &visitor.0 {
        Some(user) => Some(user.organization_id),
        None if demo => organization_first(&state.store).await?,
        None => None,
    };
    let pages = match organization_id {
        Some(id) => page_list(&state.store, id, TimeCursor::default(), PAGES_SHOWN).await?.rows,
        None => Vec::new(),
    };
    let links = pages
        .into_iter()
        .filter(|page| page.published || visitor.is_member_of(page.organization_id))
        .map(|page| PageLink { href: paths::page(&page.slug), title: page.title });
    let reads_mailbox = visitor.0.is_some() || mailbox_is_open(&state, &request);
    let token = FormToken::of(&request, &state);
    let view = Home {
        account: account_menu(&visitor, &token),
        sign_in_href: paths::sign_in(None),
        mailbox_href: reads_mailbox.then(|| paths::MAILBOX.to_owned()),
        pages: links.collect(),
        demo,
        // The demo prints its next steps in the terminal, and no other command finds its database.
        steps: visitor.0.as_ref().filter(|_| !demo).map_or_else(Vec::new, |user| next_steps(user, public_url)),
        api_href: paths::DOCS.to_owned(),
    };
    Ok(document(&view, if visitor.0.is_some() { Reach::Private } else { Reach::Open }))
}
