//! The codes of the Releases API. Codes that `/v1` also has mean the same here. The others are declared here.

use releasepage_http::error::ErrorCode;

/// The body or the query is a form that cannot be read.
pub const FORM_INVALID: ErrorCode = ErrorCode {
    code: "form-invalid",
    status: 400,
    description: "The form cannot be read",
    cause: "A form or a query holds text that is not UTF-8, or the parts of a multipart form cannot be told apart.",
    cure: "Percent-encode forms as UTF-8, and let the client write the multipart boundary by itself.",
};

/// The `Idempotency-Key` is invalid.
pub const IDEMPOTENCY_KEY_INVALID: ErrorCode = ErrorCode {
    code: "idempotency-key-invalid",
    status: 400,
    description: "The Idempotency-Key is invalid",
    cause: "The `Idempotency-Key` is empty, too long, repeated, or holds blanks or characters beyond ASCII.",
    cure: "Send one key of 1 to 255 visible ASCII characters, such as a UUID.",
};

/// No key pair came with the request.
pub const CREDENTIALS_MISSING: ErrorCode = ErrorCode {
    code: "credentials-missing",
    status: 401,
    description: "The key pair of a project is needed",
    cause: "No key pair of a project came with the request.",
    cure: "Send `Authorization: Basic base64(api_key:secret_key)`; with curl: `--user \"$API_KEY:$SECRET_KEY\"`.",
};

/// The key pair is unknown.
pub const CREDENTIALS_INVALID: ErrorCode = ErrorCode {
    code: "credentials-invalid",
    status: 401,
    description: "The key pair is unknown or was replaced",
    cause: "The key pair is mistyped, unknown, or was replaced by a rotation.",
    cure: "Copy the project's current `api_key` and `secret_key`; a secret key that was lost is replaced by a rotation.",
};

/// The key pair is one of another region.
pub const REGION_OTHER: ErrorCode = ErrorCode {
    code: "region-other",
    status: 401,
    description: "The key pair is of another region than this server",
    cause: "The key pair belongs to a project on a server of another region.",
    cure: "Send the request to the server of that region; the message names it where it is known.",
};

/// The key's first request has not ended.
pub const IDEMPOTENCY_KEY_IN_FLIGHT: ErrorCode = ErrorCode {
    code: "idempotency-key-in-flight",
    status: 409,
    description: "A request with this Idempotency-Key is still being worked on",
    cause: "Another request with the same `Idempotency-Key` has not been answered yet.",
    cure: "Send the request again in a moment; it gets the answer of the first one.",
};

/// The key came with other fields before.
pub const IDEMPOTENCY_KEY_REUSED: ErrorCode = ErrorCode {
    code: "idempotency-key-reused",
    status: 422,
    description: "This Idempotency-Key was used with other fields",
    cause: "The same `Idempotency-Key` came with other fields within the last 24 hours.",
    cure: "Use a new key for every new request, and the same one only to repeat it.",
};

/// The codes that only the Releases API has.
pub const RELEASES_API_OWN: &[ErrorCode] = &[
    FORM_INVALID,
    IDEMPOTENCY_KEY_INVALID,
    CREDENTIALS_MISSING,
    CREDENTIALS_INVALID,
    REGION_OTHER,
    IDEMPOTENCY_KEY_IN_FLIGHT,
    IDEMPOTENCY_KEY_REUSED,
];

/// Every code of the Releases API, by status.
pub const RELEASES_API_CODES: &[ErrorCode] = &[
    ErrorCode::REQUEST_INVALID,
    ErrorCode::JSON_INVALID,
    FORM_INVALID,
    IDEMPOTENCY_KEY_INVALID,
    CREDENTIALS_MISSING,
    CREDENTIALS_INVALID,
    REGION_OTHER,
    ErrorCode::NOT_FOUND,
    ErrorCode::METHOD_NOT_ALLOWED,
    ErrorCode::CONFLICT,
    IDEMPOTENCY_KEY_IN_FLIGHT,
    ErrorCode::BODY_TOO_LARGE,
    ErrorCode::CONTENT_TYPE_UNSUPPORTED,
    IDEMPOTENCY_KEY_REUSED,
    ErrorCode::RATE_LIMITED,
    ErrorCode::INTERNAL,
    ErrorCode::UNAVAILABLE,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_is_explained_once() {
        let explained: Vec<&str> = ErrorCode::ALL.iter().chain(RELEASES_API_OWN).map(|code| code.code).collect();
        for code in RELEASES_API_CODES {
            assert_eq!(explained.iter().filter(|explained| **explained == code.code).count(), 1, "{}", code.code);
        }
    }
}
