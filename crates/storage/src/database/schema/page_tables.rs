//! Pages, what they show, and the groups on them.

diesel::table! {
    pages (id) {
        id -> Text,
        organization_id -> BigInt,
        slug -> Text,
        title -> Text,
        description -> Text,
        published -> Bool,
        unversioned_as -> Text,
        api_enabled -> Bool,
        rate_limit -> Integer,
        counted_by -> Text,
        generation -> BigInt,
        revision -> BigInt,
        created_at -> Timestamp,
        updated_at -> Timestamp,
        grouping -> Text,
        group_window_minutes -> Integer,
        group_initial_version -> Text,
    }
}

diesel::table! {
    page_slugs (slug) {
        slug -> Text,
        page_id -> Text,
        replaced_at -> Timestamp,
    }
}

diesel::table! {
    slug_owners (slug) {
        slug -> Text,
        organization_id -> BigInt,
    }
}

diesel::table! {
    page_keys (page_key) {
        page_key -> Text,
        page_id -> Text,
        environment -> Text,
        created_at -> Timestamp,
        revoked_at -> Nullable<Timestamp>,
    }
}

diesel::table! {
    components (id) {
        id -> BigInt,
        page_id -> Text,
        repository_id -> BigInt,
        repo -> Text,
        repo_folded -> Text,
        name -> Text,
        tag_prefix -> Nullable<Text>,
        revision -> BigInt,
        created_at -> Timestamp,
        versions -> Text,
    }
}

diesel::table! {
    component_releases (component_id, release_id) {
        component_id -> BigInt,
        release_id -> Text,
        version -> Text,
        version_key -> Text,
        bump -> Text,
        prerelease -> Bool,
        bump_fixed -> Bool,
        visible -> Bool,
        published_at -> Timestamp,
    }
}

diesel::table! {
    groups (id) {
        id -> BigInt,
        page_id -> Text,
        state -> Text,
        version -> Nullable<Text>,
        version_key -> Nullable<Text>,
        bump -> Nullable<Text>,
        closes_at -> Nullable<Timestamp>,
        closed_at -> Nullable<Timestamp>,
        published_at -> Nullable<Timestamp>,
        notes -> Nullable<Text>,
        notify -> Bool,
        revision -> BigInt,
        created_at -> Timestamp,
        updated_at -> Timestamp,
    }
}

diesel::table! {
    group_members (group_id, release_id) {
        group_id -> BigInt,
        release_id -> Text,
        page_id -> Text,
        notify -> Bool,
        joined_at -> Timestamp,
        left_at -> Nullable<Timestamp>,
    }
}
