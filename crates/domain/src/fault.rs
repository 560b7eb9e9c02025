//! What is wrong with an input: every field at fault, and what would be accepted.

use std::fmt;

/// The kinds of fault, as `error_causes` names them on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FaultKind {
    /// A required field is not there.
    Missing,
    /// The field is there and cannot be used.
    Invalid,
    /// The value is in use by another resource.
    Taken,
}

crate::text::named! {
    FaultKind {
        Missing => "missing",
        Invalid => "invalid",
        Taken => "taken",
    }
}

/// One field at fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The field's name on the wire, nested fields with dots (`data.value`).
    pub field: String,
    /// What is wrong with it.
    pub kind: FaultKind,
    /// What would be accepted, as the end of a sentence that begins with the field's name: `must be …`.
    pub expected: String,
}

impl Fault {
    /// A required field that is not there.
    pub fn missing(field: impl Into<String>, expected: impl Into<String>) -> Self {
        Self { field: field.into(), kind: FaultKind::Missing, expected: expected.into() }
    }

    /// A field that cannot be used as it is.
    pub fn invalid(field: impl Into<String>, expected: impl Into<String>) -> Self {
        Self { field: field.into(), kind: FaultKind::Invalid, expected: expected.into() }
    }

    /// A value that another resource has.
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

/// All faults of one input, so that a client can mend them in one go.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Faults(Vec<Fault>);

impl Faults {
    /// No fault yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Notes a fault.
    pub fn push(&mut self, fault: Fault) {
        self.0.push(fault);
    }

    /// Takes the value of a check, or notes its fault.
    pub fn take<T>(&mut self, checked: Result<T, Fault>) -> Option<T> {
        checked.map_err(|fault| self.push(fault)).ok()
    }

    /// The faults in the order in which they were found.
    pub fn as_slice(&self) -> &[Fault] {
        &self.0
    }

    /// Whether nothing is wrong.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// `Ok` with what `value` makes where nothing is wrong. `value` is only called then, so that it can rely on
    /// every field having been there; `None` from it is a defect of the caller and is answered as a fault of the body.
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
