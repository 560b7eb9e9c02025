-- While there is a row, no job is taken: after a restore, until somebody says to go on.
CREATE TABLE job_holds (
    -- There is one hold, of the whole queue; the name is what makes it one.
    name TEXT COLLATE "C" PRIMARY KEY NOT NULL,
    because TEXT COLLATE "C" NOT NULL,
    held_at TIMESTAMP NOT NULL
);
