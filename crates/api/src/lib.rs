//! The JSON APIs of ReleasePage, one module for each contract: `page` (`releasepage-v1.md`), `management`
//! (`management-v1.md`), `amplitude` (`amplitude-2.md`) and `hooks`.
//!
//! No module uses another. Each has its operations, its part of the OpenAPI document, its error codes and its own data.
//! Handlers are short. They turn the input into domain types, call one function of storage, and render the answer.
//!
//! This crate never writes SQL, never sends mail, and never decides the state of a release or a subscription.

pub mod amplitude;
mod body;
pub mod hooks;
pub mod management;
pub mod openapi;
pub mod operation;
pub mod page;
mod subscription_fields;

use actix_web::web::{Data, ServiceConfig};
use releasepage_http::state::AppState;

/// The data of single surfaces, shared by all threads of a server.
#[derive(Clone, Debug)]
pub struct ApiData {
    /// The pages in memory.
    pub page_cache: Data<page::page_cache::PageCache>,
    keys_in_flight: Data<amplitude::idempotency::KeysInFlight>,
    hook_decoy: Data<hooks::access::HookDecoy>,
    import_slots: Data<management::subscriber_import::ImportSlots>,
}

impl ApiData {
    /// Makes the data of a starting server.
    pub fn new(state: &AppState) -> Self {
        Self {
            page_cache: Data::new(page::page_cache::PageCache::new(state)),
            keys_in_flight: Data::default(),
            hook_decoy: Data::new(hooks::access::HookDecoy::new(state)),
            import_slots: Data::default(),
        }
    }

    /// Registers the data with an application.
    pub fn configure(&self, config: &mut ServiceConfig) {
        config
            .app_data(self.page_cache.clone())
            .app_data(self.keys_in_flight.clone())
            .app_data(self.hook_decoy.clone())
            .app_data(self.import_slots.clone());
    }
}
