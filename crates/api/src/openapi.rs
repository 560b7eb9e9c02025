//! The names that the annotations of handlers use: text formats, enumerations and parameters as schemas.

pub mod names;
pub mod parameters;
pub mod values;
