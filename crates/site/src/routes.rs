//! The paths of the site.

use actix_web::{HttpResponse, web::ServiceConfig};
use releasepage_http::document_endpoint::DocumentEndpoint;

use crate::{
    asset, badge, confirm, error::PageError, group_page, home, mailbox, preferences, public_page, setup, sign_in,
    subscribe, unsubscribe,
};

/// Registers every path of the site.
pub fn configure(config: &mut ServiceConfig) {
    config
        .service(DocumentEndpoint::get("/", home::home_show))
        .service(DocumentEndpoint::get("/p/{slug}", public_page::page_show))
        .service(DocumentEndpoint::get("/p/{slug}/", public_page::page_show))
        .service(DocumentEndpoint::get("/p/{slug}/badge.svg", badge::badge_show))
        .service(DocumentEndpoint::get("/p/{slug}/releases/{release_id}", public_page::release_show))
        .service(DocumentEndpoint::get("/p/{slug}/groups/{group_id}", group_page::group_show))
        .service(DocumentEndpoint::post("/p/{slug}/subscribe", subscribe::subscribe).readers_see_nothing())
        .service(
            DocumentEndpoint::get("/confirm/{token}", confirm::confirm_show)
                .with_post(confirm::confirm_use)
                .link_is_authority()
                .readers_see_nothing(),
        )
        .service(
            DocumentEndpoint::get("/preferences/{token}", preferences::preferences_show)
                .with_post(preferences::preferences_save)
                .link_is_authority()
                .readers_see_nothing(),
        )
        .service(
            DocumentEndpoint::get("/unsubscribe/{token}", unsubscribe::unsubscribe_show)
                .with_post(unsubscribe::unsubscribe_use)
                .link_is_authority()
                .readers_see_nothing(),
        )
        .service(
            DocumentEndpoint::get("/setup/{token}", setup::setup_show).with_post(setup::setup).readers_see_nothing(),
        )
        .service(
            DocumentEndpoint::get("/sign-in", sign_in::sign_in_show).with_post(sign_in::sign_in).readers_see_nothing(),
        )
        .service(DocumentEndpoint::post("/sign-out", sign_in::sign_out).readers_see_nothing())
        .service(DocumentEndpoint::get("/mailbox", mailbox::mailbox_show))
        .service(DocumentEndpoint::get("/mailbox/{message_id}", mailbox::message_show))
        .service(DocumentEndpoint::get("/mailbox/{message_id}/html", mailbox::message_html))
        .service(DocumentEndpoint::get("/mailbox/{message_id}/source", mailbox::message_source))
        .service(DocumentEndpoint::get("/assets/{hash}/{file}", asset::asset_show));
}

/// Answers every path that does not exist.
pub async fn path_unknown() -> Result<HttpResponse, PageError> {
    Err(PageError::NotFound)
}
