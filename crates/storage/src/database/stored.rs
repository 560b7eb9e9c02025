//! Reading back what the rules wrote as text.

use std::str::FromStr;

use releasepage_domain::subscriber::Following;

use crate::{QueryResult, StoreError};

/// Parses a stored name of an enumeration.
pub(crate) fn stored<T: FromStr>(text: &str, what: &'static str) -> QueryResult<T> {
    Ok(text.parse().map_err(|_| StoreError::corrupt(what))?)
}

/// Component ids as text: ascending, separated by commas; `None` for all components.
pub(crate) fn following_text(following: &Following) -> Option<String> {
    match following {
        Following::All => None,
        Following::Only(components) => Some(components.iter().map(ToString::to_string).collect::<Vec<_>>().join(",")),
    }
}

/// Reads what [`following_text`] wrote.
pub(crate) fn following_stored(text: Option<&str>) -> QueryResult<Following> {
    let Some(text) = text else { return Ok(Following::All) };
    let components =
        text.split(',').filter(|id| !id.is_empty()).map(|id| stored(id, "component")).collect::<QueryResult<_>>()?;
    Ok(Following::Only(components))
}
