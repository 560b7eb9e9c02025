-- Which organization had each slug that a page has or had: links to it stand in mails, and lead to nobody else's page.
CREATE TABLE slug_owners (
    slug TEXT PRIMARY KEY NOT NULL,
    organization_id BIGINT NOT NULL REFERENCES organizations (id)
);
INSERT INTO slug_owners (slug, organization_id) SELECT slug, organization_id FROM pages;
INSERT INTO slug_owners (slug, organization_id)
SELECT page_slugs.slug, pages.organization_id FROM page_slugs JOIN pages ON pages.id = page_slugs.page_id
WHERE NOT EXISTS (SELECT 1 FROM slug_owners WHERE slug_owners.slug = page_slugs.slug);
