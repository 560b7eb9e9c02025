//! `releasepage migrate`: migrates the database to this binary's schema and makes the secret key of a new one.

use super::print;
use crate::{
    failure::Failure,
    secret::secret_key,
    settings::{Settings, database_url_masked},
    wiring::{data_dir_make, database_file_make},
};

/// Applies the missing migrations and prints them.
pub(super) fn migrate(settings: &Settings) -> Result<(), Failure> {
    data_dir_make(settings)?;
    let url = settings.database_url();
    let is_made = database_file_make(&url)?;
    secret_key(settings)?;
    if is_made {
        print(&format!("Made a new database at {}.\n", database_url_masked(&url)))?;
    }
    match releasepage_storage::migrate(&url)? {
        0 => print("The database has this binary's schema already.\n"),
        1 => print("Applied 1 migration.\n"),
        applied => print(&format!("Applied {applied} migrations.\n")),
    }
}
