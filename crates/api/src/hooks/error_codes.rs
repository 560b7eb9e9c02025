//! The codes of answers to forges that `/v1` does not have.

use releasepage_http::error::ErrorCode;

/// The signature is missing or wrong, or there is no such repository. The answer does not tell which.
pub const SIGNATURE_INVALID: ErrorCode = ErrorCode {
    code: "signature-invalid",
    status: 401,
    description: "The delivery is not signed with the secret of this repository's webhook, or more than five minutes ago",
    cause: "The signature or token is missing, wrong, made with SHA-1 alone, or its time is more than five minutes off, or there is no such repository.",
    cure: "Enter the repository's `hook_url` and its secret at the forge again. A secret that was lost is replaced by a rotation. Where a time is signed, see to both clocks.",
};

/// The delivery is of another repository of the forge.
pub const REPOSITORY_OTHER: ErrorCode = ErrorCode {
    code: "repository-other",
    status: 409,
    description: "The delivery is of another repository",
    cause: "The repository takes the deliveries of one repository of the forge, and this one is of another. The first delivery decides which one that is, if its repository has the same name.",
    cure: "Make a repository for each one of the forge. If this is the one, and has another name here, give it or its `source` the name that it has there. If it was made anew there, set `source_id` to `null`, and the next delivery counts.",
};

/// The delivery is authentic, but its content cannot be used.
pub const PAYLOAD_INVALID: ErrorCode = ErrorCode {
    code: "payload-invalid",
    status: 422,
    description: "The delivery cannot be used",
    cause: "Fields that are used are missing or too large, such as notes of more than 1 MiB.",
    cure: "Mend every field that `error_causes` names at the forge; it delivers the release again when it is saved.",
};

/// The codes that `/v1` does not have.
pub const HOOK_CODES: &[ErrorCode] = &[SIGNATURE_INVALID, REPOSITORY_OTHER, PAYLOAD_INVALID];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_new() {
        for code in HOOK_CODES {
            assert!(ErrorCode::ALL.iter().all(|known| known.code != code.code), "{}", code.code);
        }
    }
}
