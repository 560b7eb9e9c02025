-- Slugs that pages had before: links to them go on leading to the page, until another page takes the slug.
CREATE TABLE page_slugs (
    slug TEXT COLLATE "C" PRIMARY KEY NOT NULL,
    page_id TEXT COLLATE "C" NOT NULL REFERENCES pages (id),
    replaced_at TIMESTAMP NOT NULL
);
CREATE INDEX page_slugs_page ON page_slugs (page_id);
