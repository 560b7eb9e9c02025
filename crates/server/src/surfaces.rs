//! The operations under `/v1`, of all surfaces.

use releasepage_api::{
    management::{Administration, Resources},
    operation::Surface,
    page::PageApi,
};
use releasepage_http::endpoint::Operation;

use crate::service;

releasepage_api::operations! {
    /// The operations that describe this server.
    pub(crate) struct Service;
    service::index_show,
    service::openapi_show,
}

/// Returns the operations under `/v1`. Readers with a page key and managers with an access token share some of the
/// paths.
pub(crate) fn v1_operations() -> Vec<Operation> {
    [Service::operations(), PageApi::operations(), Resources::operations(), Administration::operations()]
        .into_iter()
        .flatten()
        .collect()
}
