//! The page API, version 1 (`releasepage-v1.md`): for readers and their programs, with the key of a page.

mod access;
mod badge;
mod cached_page;
mod changes;
pub mod page_cache;
mod release_json;
mod releases;
mod subscribers;
mod version;
mod version_json;

crate::operations! {
    /// The page API.
    pub struct PageApi;
    version::version_show.hot(),
    badge::badge_show,
    releases::releases_list,
    releases::release_show,
    changes::changes_show,
    subscribers::subscribers_change.readers_see_nothing(),
}
