-- The jobs of a page that is deleted.
CREATE INDEX jobs_turn ON jobs (turn, id);
-- What is given up where the mail that waits is: announcements, requests that are not answered, releases that are due.
CREATE INDEX announcements_state ON announcements (state);
CREATE INDEX subscription_requests_state ON subscription_requests (state, sent_at);
CREATE INDEX releases_state_time ON releases (state, published_at);
