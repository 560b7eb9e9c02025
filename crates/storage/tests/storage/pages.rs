//! Tests of the folder `pages`.

mod components;
mod deletion;
mod edits;
mod keys;
mod ranges;
mod releases;
mod snapshots;
