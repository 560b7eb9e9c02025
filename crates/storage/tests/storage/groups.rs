//! Tests of the folder `groups`.

mod announcements;
mod edits;
mod histories;
mod history;
mod joining;
mod lists;
mod site;
mod switching;
