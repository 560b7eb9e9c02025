//! The queue.

diesel::table! {
    jobs (id) {
        id -> BigInt,
        lane -> Integer,
        turn -> Text,
        payload -> Text,
        state -> Text,
        run_at -> Timestamp,
        attempts -> Integer,
        fence -> BigInt,
        leased_until -> Nullable<Timestamp>,
        last_error -> Nullable<Text>,
        created_at -> Timestamp,
    }
}

diesel::table! {
    job_turns (lane, turn) {
        lane -> Integer,
        turn -> Text,
        served_at -> Timestamp,
    }
}

diesel::table! {
    job_holds (name) {
        name -> Text,
        because -> Text,
        held_at -> Timestamp,
    }
}

diesel::table! {
    schedules (name) {
        name -> Text,
        next_run_at -> Timestamp,
    }
}
