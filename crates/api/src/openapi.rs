//! The vocabulary of the annotations beside the handlers: texts of one form, enumerations and parameters as schemas.

pub mod names;
pub mod parameters;
pub mod values;
