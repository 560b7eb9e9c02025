//! The properties of a path that middleware and forms read.

use actix_web::{HttpRequest, http::Method};

/// The properties of a path, kept as data of its resource.
#[derive(Default)]
pub(crate) struct EndpointProperties {
    /// The methods whose success changes nothing that readers see.
    pub(crate) readers_see_nothing: Vec<Method>,
    /// True if the link itself authorizes its forms: other sites and email programs may post them.
    pub(crate) link_is_authority: bool,
}

/// Returns true if the success of a request may change a page. An unknown path may.
pub(crate) fn readers_may_see(request: &HttpRequest) -> bool {
    let properties = request.app_data::<EndpointProperties>();
    !properties.is_some_and(|properties| properties.readers_see_nothing.contains(request.method()))
}

/// Returns true if the link of a request itself authorizes the form.
pub(crate) fn link_is_authority(request: &HttpRequest) -> bool {
    request.app_data::<EndpointProperties>().is_some_and(|properties| properties.link_is_authority)
}
