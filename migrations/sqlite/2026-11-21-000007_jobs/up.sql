CREATE TABLE jobs (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    lane INTEGER NOT NULL,
    -- Whose turn it is: the page, or empty for work of the whole server.
    turn TEXT NOT NULL,
    payload TEXT NOT NULL,
    state TEXT NOT NULL,
    run_at TIMESTAMP NOT NULL,
    attempts INTEGER NOT NULL,
    -- Raised by every claim, so that a worker that was only asleep cannot answer for its successor.
    fence BIGINT NOT NULL,
    leased_until TIMESTAMP,
    last_error TEXT,
    created_at TIMESTAMP NOT NULL
);
CREATE INDEX jobs_ready ON jobs (state, lane, turn, run_at, id);
CREATE INDEX jobs_lease ON jobs (state, leased_until);

-- When each page was last served in each lane, so that pages take turns.
CREATE TABLE job_turns (
    lane INTEGER NOT NULL,
    turn TEXT NOT NULL,
    served_at TIMESTAMP NOT NULL,
    PRIMARY KEY (lane, turn)
);

-- Recurring work: one row for each name, so that many workers run it once.
CREATE TABLE schedules (
    name TEXT PRIMARY KEY NOT NULL,
    next_run_at TIMESTAMP NOT NULL
);
