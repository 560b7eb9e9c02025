//! The tables, for diesel. A test holds them against both databases.

diesel::table! {
    organizations (id) {
        id -> BigInt,
        name -> Text,
        slug -> Text,
        created_at -> Timestamp,
    }
}

diesel::table! {
    users (id) {
        id -> BigInt,
        email -> Text,
        email_folded -> Text,
        password_hash -> Nullable<Text>,
        created_at -> Timestamp,
    }
}

diesel::table! {
    memberships (organization_id, user_id) {
        organization_id -> BigInt,
        user_id -> BigInt,
        role -> Text,
    }
}

diesel::table! {
    setup_links (token_hash) {
        token_hash -> Text,
        user_id -> BigInt,
        expires_at -> Timestamp,
        used_at -> Nullable<Timestamp>,
    }
}

diesel::table! {
    sessions (token_hash) {
        token_hash -> Text,
        user_id -> BigInt,
        created_at -> Timestamp,
        expires_at -> Timestamp,
    }
}

diesel::table! {
    access_tokens (id) {
        id -> BigInt,
        token_hash -> Text,
        user_id -> BigInt,
        organization_id -> BigInt,
        name -> Text,
        scopes -> Text,
        created_at -> Timestamp,
        expires_at -> Nullable<Timestamp>,
        last_used_at -> Nullable<Timestamp>,
    }
}

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
    release_tokens (token, release_id) {
        token -> Text,
        release_id -> Text,
    }
}

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

diesel::joinable!(memberships -> organizations (organization_id));
diesel::joinable!(memberships -> users (user_id));
diesel::joinable!(setup_links -> users (user_id));
diesel::joinable!(sessions -> users (user_id));
diesel::joinable!(access_tokens -> users (user_id));
diesel::joinable!(access_tokens -> organizations (organization_id));
diesel::joinable!(repositories -> organizations (organization_id));
diesel::joinable!(repository_hooks -> repositories (repository_id));
diesel::joinable!(repository_sources -> repositories (repository_id));
diesel::joinable!(hook_deliveries -> repositories (repository_id));
diesel::joinable!(source_releases -> repositories (repository_id));
diesel::joinable!(source_releases -> releases (release_id));
diesel::joinable!(projects -> repositories (repository_id));
diesel::joinable!(idempotency_keys -> repositories (repository_id));
diesel::joinable!(pages -> organizations (organization_id));
diesel::joinable!(page_slugs -> pages (page_id));
diesel::joinable!(slug_owners -> organizations (organization_id));
diesel::joinable!(page_keys -> pages (page_id));
diesel::joinable!(components -> pages (page_id));
diesel::joinable!(components -> repositories (repository_id));
diesel::joinable!(releases -> repositories (repository_id));
diesel::joinable!(component_releases -> components (component_id));
diesel::joinable!(component_releases -> releases (release_id));
diesel::joinable!(release_tokens -> releases (release_id));
diesel::joinable!(subscribers -> pages (page_id));
diesel::joinable!(subscriber_components -> subscribers (subscriber_id));
diesel::joinable!(subscriber_components -> components (component_id));
diesel::joinable!(subscription_requests -> pages (page_id));
diesel::joinable!(announcements -> pages (page_id));
diesel::joinable!(announcements -> releases (release_id));
diesel::joinable!(announcements -> groups (group_id));
diesel::joinable!(groups -> pages (page_id));
diesel::joinable!(group_members -> groups (group_id));
diesel::joinable!(group_members -> releases (release_id));
diesel::joinable!(group_members -> pages (page_id));
diesel::joinable!(deliveries -> announcements (announcement_id));
diesel::joinable!(mailbox -> pages (page_id));
diesel::joinable!(annotation_categories -> repositories (repository_id));
diesel::joinable!(annotations -> repositories (repository_id));
diesel::joinable!(annotations -> annotation_categories (category_id));
diesel::allow_tables_to_appear_in_same_query!(
    annotation_categories,
    annotations,
    organizations,
    users,
    memberships,
    setup_links,
    sessions,
    access_tokens,
    repositories,
    repository_hooks,
    repository_sources,
    hook_deliveries,
    source_releases,
    projects,
    idempotency_keys,
    pages,
    page_slugs,
    slug_owners,
    page_keys,
    components,
    releases,
    component_releases,
    release_tokens,
    subscribers,
    subscriber_components,
    subscription_requests,
    addresses,
    address_mails,
    announcements,
    groups,
    group_members,
    deliveries,
    mailbox,
    jobs,
    job_turns,
    job_holds,
    schedules,
);
