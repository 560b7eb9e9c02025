//! Tests of the folder `accounts`.

mod access;
mod tokens;
mod users;
