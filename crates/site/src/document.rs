//! Answers with an HTML document.

use actix_web::{
    HttpResponse,
    http::{
        StatusCode,
        header::{CACHE_CONTROL, CONTENT_TYPE, REFERRER_POLICY},
    },
};
use releasepage_web::View;

/// The visibility of a document: the browsers that may keep it and the sites that may learn its address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Anyone may read it. Browsers check it again each time, because its forms carry the token of one browser.
    Open,
    /// It is for one person, who is signed in or is signing in. It is never stored.
    Private,
    /// Its address itself gives access. It is never stored, sent to another page as a referrer, or indexed by search
    /// engines.
    Link,
}

/// Returns the answer 200 with a document.
pub fn document(view: &impl View, reach: Reach) -> HttpResponse {
    document_with(StatusCode::OK, view, reach)
}

/// Returns an answer with a document.
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
