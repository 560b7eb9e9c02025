//! Subscribers and addresses.

diesel::table! {
    subscribers (id) {
        id -> BigInt,
        page_id -> Text,
        environment -> Text,
        address -> Text,
        address_folded -> Text,
        state -> Text,
        preferences -> Text,
        wants_major -> Bool,
        wants_minor -> Bool,
        wants_patch -> Bool,
        wants_prerelease -> Bool,
        all_components -> Bool,
        link_generation -> Integer,
        created_at -> Timestamp,
        confirmed_at -> Nullable<Timestamp>,
        unsubscribed_at -> Nullable<Timestamp>,
        consent_source -> Nullable<Text>,
        consent_at -> Nullable<Timestamp>,
    }
}

diesel::table! {
    subscriber_components (subscriber_id, component_id) {
        subscriber_id -> BigInt,
        component_id -> BigInt,
    }
}

diesel::table! {
    subscription_requests (id) {
        id -> BigInt,
        page_id -> Text,
        environment -> Text,
        op -> Text,
        address -> Text,
        address_folded -> Text,
        preferences -> Text,
        components -> Nullable<Text>,
        state -> Text,
        mail -> Nullable<Text>,
        created_at -> Timestamp,
        decided_at -> Nullable<Timestamp>,
        sent_at -> Nullable<Timestamp>,
        used_at -> Nullable<Timestamp>,
    }
}

diesel::table! {
    addresses (address_key) {
        address_key -> Text,
        suppressed_at -> Nullable<Timestamp>,
        suppressed_because -> Nullable<Text>,
        doubted_at -> Nullable<Timestamp>,
    }
}

diesel::table! {
    address_mails (id) {
        id -> BigInt,
        address_key -> Text,
        sent_at -> Timestamp,
    }
}
