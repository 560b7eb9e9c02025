//! Releases, and what belongs to a repository beside them.

diesel::table! {
    idempotency_keys (repository_id, idempotency_key) {
        repository_id -> BigInt,
        idempotency_key -> Text,
        fingerprint -> Text,
        answer -> Text,
        created_at -> Timestamp,
    }
}

diesel::table! {
    releases (id) {
        id -> Text,
        repository_id -> BigInt,
        tag -> Text,
        platforms_key -> Text,
        platforms -> Text,
        title -> Text,
        notes -> Nullable<Text>,
        author -> Nullable<Text>,
        state -> Text,
        prerelease -> Bool,
        notify -> Nullable<Bool>,
        chart_visibility -> Bool,
        params -> Text,
        published_at -> Timestamp,
        ends_at -> Nullable<Timestamp>,
        updated_by -> Nullable<Text>,
        created_at -> Timestamp,
        updated_at -> Timestamp,
        revision -> BigInt,
        quiet -> Bool,
        prerelease_said -> Bool,
    }
}

diesel::table! {
    release_tokens (token, release_id) {
        token -> Text,
        release_id -> Text,
    }
}

diesel::table! {
    annotation_categories (id) {
        id -> BigInt,
        repository_id -> BigInt,
        name -> Text,
        name_folded -> Text,
        created_at -> Timestamp,
    }
}

diesel::table! {
    annotations (id) {
        id -> BigInt,
        repository_id -> BigInt,
        category_id -> Nullable<BigInt>,
        label -> Text,
        details -> Nullable<Text>,
        starts_at -> Timestamp,
        ends_at -> Nullable<Timestamp>,
        chart_id -> Nullable<Text>,
        created_at -> Timestamp,
    }
}
