//! The operations under `/v1`, of all surfaces.

use releasepage_api::{
    management::{Administration, Resources},
    operation::Surface,
    page::PageApi,
};
use releasepage_http::endpoint::Operation;

use crate::service;

releasepage_api::operations! {
    /// What this server is.
    pub(crate) struct Service;
    service::index_show,
    service::openapi_show,
}

/// The operations under `/v1`. Readers, with a page's key, and managers, with a token, share some of the paths.
pub(crate) fn v1_operations() -> Vec<Operation> {
    [Service::operations(), PageApi::operations(), Resources::operations(), Administration::operations()]
        .into_iter()
        .flatten()
        .collect()
}
