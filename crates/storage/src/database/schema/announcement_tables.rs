//! Announcements and their messages.

diesel::table! {
    announcements (id) {
        id -> BigInt,
        page_id -> Text,
        release_id -> Text,
        component_id -> BigInt,
        prerelease -> Bool,
        state -> Text,
        bump -> Nullable<Text>,
        spread_to -> BigInt,
        audience -> BigInt,
        created_at -> Timestamp,
        group_id -> Nullable<BigInt>,
    }
}

diesel::table! {
    deliveries (id) {
        id -> BigInt,
        announcement_id -> BigInt,
        subscriber_id -> BigInt,
        state -> Text,
        attempts -> Integer,
        next_attempt_at -> Timestamp,
        created_at -> Timestamp,
        finished_at -> Nullable<Timestamp>,
        result -> Nullable<Text>,
        fault -> Nullable<Text>,
    }
}

diesel::table! {
    mailbox (id) {
        id -> BigInt,
        page_id -> Text,
        environment -> Text,
        message_id -> Text,
        recipient -> Text,
        subject -> Text,
        text_body -> Text,
        html_body -> Text,
        source -> Text,
        created_at -> Timestamp,
    }
}
