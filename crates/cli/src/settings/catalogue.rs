//! The table of all settings and the queries on it.

use super::declarations::{SECTIONS, Settings};
use super::setting::{Accepts, Entry};

/// Every setting, in the order of the document.
pub(super) fn entries() -> impl Iterator<Item = &'static Entry<Settings>> {
    SECTIONS.iter().flat_map(|section| section.entries)
}

/// The entry of a key.
pub(super) fn entry(key: &str) -> Option<&'static Entry<Settings>> {
    entries().find(|entry| entry.key == key)
}

/// The table that holds a key like `server.endpoints.eu`.
pub(super) fn table_of(key: &str) -> Option<&'static Entry<Settings>> {
    let (parent, _) = key.rsplit_once('.')?;
    entry(parent).filter(|entry| matches!(entry.accepts, Accepts::Table(_)))
}

/// True if there are settings below this key.
pub(super) fn is_section(key: &str) -> bool {
    !key.is_empty() && SECTIONS.iter().any(|section| section.name == key)
}

/// The names that exist beside an unknown key, for the error message.
pub(super) fn neighbours(key: &str) -> String {
    let section = key.split('.').next().unwrap_or(key);
    if is_section(section) {
        let prefix = format!("{section}.");
        let names: Vec<_> = entries().filter_map(|entry| entry.key.strip_prefix(&prefix)).collect();
        format!("the section `{section}` accepts {}", names.join(", "))
    } else {
        let mut names: Vec<_> = entries().filter_map(|entry| entry.key.split('.').next()).collect();
        names.dedup();
        format!("accepted are {}", names.join(", "))
    }
}
