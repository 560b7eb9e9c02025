//! Tests of the folder `jobs`.

mod claims;
mod hold;
mod list;
mod retention;
