//! Groups: releases of several components that readers see as one version.

pub mod closing;
pub mod edits;
pub mod history;
pub mod lists;
pub(crate) mod member_row;
pub(crate) mod members;
pub mod row;
pub(crate) mod switching;
pub mod timeline;
