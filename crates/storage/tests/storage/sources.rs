//! Tests of the folder `sources`.

mod forge;
mod hook_deliveries;
mod releases;
mod settings;
mod walks;
