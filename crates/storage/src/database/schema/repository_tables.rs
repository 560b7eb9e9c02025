//! Repositories, and what connects them with their forges.

diesel::table! {
    repositories (id) {
        id -> BigInt,
        organization_id -> BigInt,
        name -> Text,
        name_folded -> Text,
        origin -> Text,
        created_at -> Timestamp,
        revision -> BigInt,
        version_rules -> BigInt,
    }
}

diesel::table! {
    repository_hooks (repository_id) {
        repository_id -> BigInt,
        secret -> Text,
        source_id -> Nullable<BigInt>,
        source_name -> Nullable<Text>,
        last_delivery -> Nullable<Text>,
        last_event -> Nullable<Text>,
        last_result -> Nullable<Text>,
        last_message -> Nullable<Text>,
        last_at -> Nullable<Timestamp>,
    }
}

diesel::table! {
    repository_sources (repository_id) {
        repository_id -> BigInt,
        api_url -> Nullable<Text>,
        name -> Nullable<Text>,
        token -> Nullable<Text>,
        polls -> Bool,
        backfill -> Text,
        walk -> Nullable<Text>,
        walk_started_at -> Nullable<Timestamp>,
        walk_fetched -> BigInt,
        walk_etag -> Nullable<Text>,
        next_page -> Nullable<Text>,
        walked_at -> Nullable<Timestamp>,
        etag -> Nullable<Text>,
        next_poll_at -> Nullable<Timestamp>,
        last_poll_at -> Nullable<Timestamp>,
        wait_until -> Nullable<Timestamp>,
        last_result -> Nullable<Text>,
        last_message -> Nullable<Text>,
        fetched -> BigInt,
        added -> BigInt,
        refused -> BigInt,
        refusals -> Text,
    }
}

diesel::table! {
    hook_deliveries (id) {
        id -> BigInt,
        repository_id -> BigInt,
        delivery -> Text,
        event -> Nullable<Text>,
        standing -> Text,
        received_at -> Timestamp,
        digest -> Nullable<Text>,
    }
}

diesel::table! {
    source_releases (repository_id, source_id) {
        repository_id -> BigInt,
        source_id -> Text,
        release_id -> Nullable<Text>,
        stage -> Text,
        stage_at -> Nullable<Timestamp>,
        stage_rank -> Integer,
        text_at -> Nullable<Timestamp>,
        text_rank -> Nullable<Integer>,
        made_at -> Nullable<Timestamp>,
        heard_at -> Nullable<Timestamp>,
        listed_at -> Nullable<Timestamp>,
    }
}

diesel::table! {
    projects (repository_id) {
        repository_id -> BigInt,
        name -> Text,
        api_key -> Text,
        secret_hash -> Text,
        created_at -> Timestamp,
        revision -> BigInt,
    }
}
