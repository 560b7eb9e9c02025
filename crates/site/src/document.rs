//! Answers with an HTML document.

use actix_web::{
    HttpResponse,
    http::{
        StatusCode,
        header::{CACHE_CONTROL, CONTENT_TYPE, REFERRER_POLICY},
    },
};
use releasepage_web::View;

/// Who may keep a document, and whether its address may be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Anyone may read it. Browsers ask again each time, since its forms carry the token of one browser.
    Open,
    /// Only for whoever is signed in, or signs in: kept nowhere.
    Private,
    /// Its address is an authority: kept nowhere, told to no other page, found by no search.
    Link,
}

/// An answer of 200 with a document.
pub fn document(view: &impl View, reach: Reach) -> HttpResponse {
    document_with(StatusCode::OK, view, reach)
}

/// An answer with a document.
pub fn document_with(status: StatusCode, view: &impl View, reach: Reach) -> HttpResponse {
    let mut response = HttpResponse::build(status);
    response.insert_header((CONTENT_TYPE, "text/html; charset=utf-8"));
    match reach {
        Reach::Open => response.insert_header((CACHE_CONTROL, "private, no-cache")),
        Reach::Private => response.insert_header((CACHE_CONTROL, "no-store")),
        Reach::Link => response
            .insert_header((CACHE_CONTROL, "no-store"))
            .insert_header((REFERRER_POLICY, "no-referrer"))
            .insert_header(("x-robots-tag", "noindex")),
    };
    response.body(view.html())
}
