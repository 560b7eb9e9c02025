//! Tests of the folder `repositories`.

mod edits;
mod projects;
mod search;
