//! Faults of an input: each wrong field, with what would be accepted.

use std::fmt;

/// The kinds of fault, with the names that the API's `error_causes` uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FaultKind {
    /// A required field is missing.
    Missing,
    /// The field is present but cannot be used.
    Invalid,
    /// Another resource already uses the value.
    Taken,
}

crate::text::named! {
    FaultKind {
        Missing => "missing",
        Invalid => "invalid",
        Taken => "taken",
    }
}

/// One wrong field of an input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The field's name in the API. Nested fields have dots (`data.value`).
    pub field: String,
    /// The kind of fault.
    pub kind: FaultKind,
    /// The accepted input, as the rest of a sentence that begins with the field's name: `must be …`.
    pub expected: String,
}

impl Fault {
    /// Makes the fault of a required field that is missing.
    pub fn missing(field: impl Into<String>, expected: impl Into<String>) -> Self {
        Self { field: field.into(), kind: FaultKind::Missing, expected: expected.into() }
    }

    /// Makes the fault of a field that cannot be used.
    pub fn invalid(field: impl Into<String>, expected: impl Into<String>) -> Self {
        Self { field: field.into(), kind: FaultKind::Invalid, expected: expected.into() }
    }

    /// Makes the fault of a value that another resource has.
    pub fn taken(field: impl Into<String>, expected: impl Into<String>) -> Self {
        Self { field: field.into(), kind: FaultKind::Taken, expected: expected.into() }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let missing = if self.kind == FaultKind::Missing { " is missing and" } else { "" };
        write!(formatter, "{}{missing} {}", self.field, self.expected)
    }
}

/// All faults of one input, so that a client can correct them all at once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Faults(Vec<Fault>);

impl Faults {
    /// Starts without a fault.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a fault.
    pub fn push(&mut self, fault: Fault) {
        self.0.push(fault);
    }

    /// Returns the value of a check, or adds its fault.
    pub fn take<T>(&mut self, checked: Result<T, Fault>) -> Option<T> {
        checked.map_err(|fault| self.push(fault)).ok()
    }

    /// Returns the faults in the order in which they were found.
    pub fn as_slice(&self) -> &[Fault] {
        &self.0
    }

    /// True if there is no fault.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the result of `value` if there is no fault. `value` is called only then, so it can rely on every field
    /// being present. If it returns `None`, the caller has a defect, and the result is a fault of the body.
    ///
    /// # Errors
    ///
    /// The faults, if there are any.
    pub fn finish<T>(mut self, value: impl FnOnce() -> Option<T>) -> Result<T, Self> {
        if self.is_empty() {
            match value() {
                Some(value) => return Ok(value),
                None => self.push(Fault::invalid("body", "must be complete")),
            }
        }
        Err(self)
    }
}

impl From<Fault> for Faults {
    fn from(fault: Fault) -> Self {
        Self(vec![fault])
    }
}

impl fmt::Display for Faults {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, fault) in self.0.iter().enumerate() {
            if index > 0 {
                formatter.write_str("; ")?;
            }
            write!(formatter, "{fault}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Faults {}
