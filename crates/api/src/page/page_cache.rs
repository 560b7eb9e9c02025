//! Pages kept in memory, so that reading a version costs neither a query nor a thread (design, HTTP).
//!
//! A page has a generation, raised in the same transaction as any change that shows. What is kept of it is good for a
//! second after its generation was last found current, and after a change on this server not at all until it was looked
//! up again. A task looks up the generations of all pages in use, twice a second and in one query, so that the requests
//! themselves need not. With the database gone, what is kept stays good for a minute.

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use quick_cache::{Weighter, sync::Cache};
use releasepage_http::{change_counter::ChangeCounter, metrics::CacheCounts, state::AppState};
use releasepage_storage::{
    Store, StoreError,
    pages::snapshots::{page_generations, page_snapshot},
};
use tokio::sync::Mutex;
use url::Url;

use super::cached_page::CachedPage;

/// How long a page is taken to be current without looking, in milliseconds.
const FRESH: u64 = 1_000;

/// How long a page is served that could not be looked up, in milliseconds.
const STALE: u64 = 60_000;

/// How long no request tries again after a look-up failed, in milliseconds: each would wait for the database, one after
/// the other. The task that refreshes goes on trying.
const PAUSE: u64 = 5_000;

/// How often the pages in use are looked up.
const REFRESH_EVERY: Duration = Duration::from_millis(500);

/// How long a page counts as in use after a request for it, in milliseconds.
const IN_USE: u64 = 10_000;

/// How long a request waits for a look-up while it could be answered without.
const CHECK_TIMEOUT: Duration = Duration::from_secs(1);

/// Pages that one query looks up.
const CHECKED_AT_ONCE: usize = 500;

/// Bytes that all pages together may take, about.
const BYTES_MAX: u64 = 32 * 1024 * 1024;

/// Pages that are in memory at once on a busy server, about.
const PAGES_EXPECTED: usize = 5_000;

/// How many pages can be loaded at once. Two pages that share a turn only wait for each other without need.
const TURNS: usize = 32;

/// The pages that this server has in memory.
#[derive(Debug)]
pub struct PageCache {
    entries: Cache<String, Arc<Entry>, EntryWeight>,
    /// The changes on this server that readers may see.
    changes: Arc<ChangeCounter>,
    /// Of several requests for one page, one looks and the others wait for it.
    turns: [Mutex<()>; TURNS],
    public_url: Url,
    started: Instant,
    /// Where requests are counted by what they found; `None` where nobody wants to know.
    counts: Option<Arc<CacheCounts>>,
}

/// A page and what is known of its being current. All times are milliseconds since the start.
#[derive(Debug)]
struct Entry {
    page: Arc<CachedPage>,
    /// When a look-up that found it current began.
    checked_at: AtomicU64,
    /// When a look-up last failed; 0 for never.
    failed_at: AtomicU64,
    /// The changes on this server at that time: a later one shows that the database is back.
    failed_changes: AtomicU64,
    /// The changes on this server that the look-up has seen.
    changes: AtomicU64,
    used_at: AtomicU64,
}

/// Weighs an entry in bytes, about.
#[derive(Clone, Copy, Debug)]
struct EntryWeight;

impl Weighter<String, Arc<Entry>> for EntryWeight {
    fn weight(&self, _id: &String, entry: &Arc<Entry>) -> u64 {
        entry.page.weight()
    }
}

/// What may be done with an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Freshness {
    /// Serve it.
    Good,
    /// Look whether it is current.
    Unknown,
    /// Nobody could look for too long.
    Gone,
}

/// A moment on this server.
#[derive(Clone, Copy, Debug)]
struct Moment {
    millis: u64,
    changes: u64,
}

impl Entry {
    fn new(page: Arc<CachedPage>, moment: Moment) -> Self {
        Self {
            page,
            checked_at: AtomicU64::new(moment.millis),
            failed_at: AtomicU64::new(0),
            failed_changes: AtomicU64::new(0),
            changes: AtomicU64::new(moment.changes),
            used_at: AtomicU64::new(moment.millis),
        }
    }

    fn freshness(&self, moment: Moment) -> Freshness {
        let checked_at = self.checked_at.load(Ordering::Acquire);
        let age = moment.millis.saturating_sub(checked_at);
        if age < FRESH && self.changes.load(Ordering::Acquire) == moment.changes {
            return Freshness::Good;
        }
        let failed_at = self.failed_at.load(Ordering::Acquire);
        let pausing = failed_at > checked_at
            && moment.millis.saturating_sub(failed_at) < PAUSE
            && self.failed_changes.load(Ordering::Acquire) == moment.changes;
        if !pausing {
            return Freshness::Unknown;
        }
        if age < STALE { Freshness::Good } else { Freshness::Gone }
    }

    /// Notes a look-up that began at `moment` and found the page current.
    fn found_current(&self, moment: Moment) {
        self.checked_at.fetch_max(moment.millis, Ordering::AcqRel);
        self.changes.fetch_max(moment.changes, Ordering::AcqRel);
    }

    /// Notes a look-up that failed at `moment`.
    fn look_up_failed(&self, moment: Moment) {
        self.failed_changes.fetch_max(moment.changes, Ordering::AcqRel);
        self.failed_at.fetch_max(moment.millis, Ordering::AcqRel);
    }
}

impl PageCache {
    /// Begins with nothing in memory.
    pub(crate) fn new(state: &AppState) -> Self {
        Self {
            entries: Cache::with_weighter(PAGES_EXPECTED, BYTES_MAX, EntryWeight),
            changes: Arc::clone(&state.changes),
            turns: std::array::from_fn(|_| Mutex::new(())),
            public_url: state.settings.public_url.clone(),
            started: Instant::now(),
            counts: state.operations.cache_counts(),
        }
    }

    fn moment(&self) -> Moment {
        let millis = u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX);
        // 0 stands for never.
        Moment { millis: millis.saturating_add(1), changes: self.changes.count() }
    }

    /// A page that can be answered from memory right now.
    fn in_memory(&self, page_id: &str, moment: Moment) -> Option<Arc<Entry>> {
        let entry = self.entries.get(page_id)?;
        // Written now and then only, so that the threads do not fight over the line of memory.
        if moment.millis.saturating_sub(entry.used_at.load(Ordering::Relaxed)) > FRESH {
            entry.used_at.store(moment.millis, Ordering::Relaxed);
        }
        Some(entry)
    }

    /// A page that can be answered from memory right now, without asking the database.
    pub(crate) fn page_warm(&self, page_id: &str) -> Option<Arc<CachedPage>> {
        let moment = self.moment();
        let entry = self.in_memory(page_id, moment)?;
        if entry.freshness(moment) != Freshness::Good {
            return None;
        }
        self.hit();
        Some(Arc::clone(&entry.page))
    }

    fn hit(&self) {
        if let Some(counts) = &self.counts {
            counts.hit();
        }
    }

    fn miss(&self) {
        if let Some(counts) = &self.counts {
            counts.miss();
        }
    }

    /// A page, published or not; `None` where there is none.
    ///
    /// Fails with [`StoreError::Unavailable`] where nobody could look for more than a minute.
    pub(crate) async fn page(&self, store: &Store, page_id: &str) -> Result<Option<Arc<CachedPage>>, StoreError> {
        if let Some(page) = self.page_warm(page_id) {
            return Ok(Some(page));
        }
        let _turn = self.turn_of(page_id).lock().await;
        let moment = self.moment();
        let Some(entry) = self.in_memory(page_id, moment) else {
            self.miss();
            return self.load(store, page_id, moment).await;
        };
        match entry.freshness(moment) {
            Freshness::Good => {
                self.hit();
                return Ok(Some(Arc::clone(&entry.page)));
            }
            Freshness::Gone => return Err(unreachable_error()),
            Freshness::Unknown => {}
        }
        let look_up = page_generations(store, vec![page_id.to_owned()]);
        let found = tokio::time::timeout(CHECK_TIMEOUT, look_up).await.unwrap_or_else(|_| Err(unreachable_error()));
        match found {
            Ok(generations) if generations.iter().any(|(_, generation)| *generation == entry.page.generation) => {
                entry.found_current(moment);
                self.hit();
                Ok(Some(Arc::clone(&entry.page)))
            }
            Ok(_) => {
                self.miss();
                self.load(store, page_id, moment).await
            }
            Err(error) => {
                let after = self.moment();
                entry.look_up_failed(after);
                if entry.freshness(after) == Freshness::Good {
                    self.hit();
                    Ok(Some(Arc::clone(&entry.page)))
                } else {
                    Err(error)
                }
            }
        }
    }

    /// A page that is in memory, brought up to date; `None` where it is not in memory.
    pub(crate) async fn page_kept(&self, store: &Store, page_id: &str) -> Result<Option<Arc<CachedPage>>, StoreError> {
        if self.entries.contains_key(page_id) { self.page(store, page_id).await } else { Ok(None) }
    }

    /// Reads a page from the database and keeps it. `moment` is one before the reading.
    async fn load(&self, store: &Store, page_id: &str, moment: Moment) -> Result<Option<Arc<CachedPage>>, StoreError> {
        let Some(read) = page_snapshot(store, page_id.to_owned()).await? else {
            self.entries.remove(page_id);
            return Ok(None);
        };
        let page = Arc::new(CachedPage::new(read, &self.public_url));
        let entry = Arc::new(Entry::new(Arc::clone(&page), moment));
        self.entries.insert(page_id.to_owned(), entry);
        Ok(Some(page))
    }

    fn turn_of(&self, page_id: &str) -> &Mutex<()> {
        let sum = page_id.bytes().fold(0_usize, |sum, byte| sum.wrapping_mul(31).wrapping_add(byte.into()));
        &self.turns[sum % TURNS]
    }

    /// Keeps the pages that are in use current, until it is dropped.
    pub async fn refresh_forever(&self, store: &Store) {
        let mut every = tokio::time::interval(REFRESH_EVERY);
        every.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            every.tick().await;
            self.refresh(store).await;
        }
    }

    async fn refresh(&self, store: &Store) {
        let now = self.moment();
        let used = |entry: &Entry| now.millis.saturating_sub(entry.used_at.load(Ordering::Relaxed)) < IN_USE;
        let in_use: Vec<(String, Arc<Entry>)> = self.entries.iter().filter(|(_, entry)| used(entry)).collect();
        for part in in_use.chunks(CHECKED_AT_ONCE) {
            self.refresh_part(store, part).await;
        }
    }

    async fn refresh_part(&self, store: &Store, part: &[(String, Arc<Entry>)]) {
        let moment = self.moment();
        let ids = part.iter().map(|(id, _)| id.clone()).collect();
        let Ok(generations) = page_generations(store, ids).await else {
            let failed = self.moment();
            part.iter().for_each(|(_, entry)| entry.look_up_failed(failed));
            return;
        };
        let generations: HashMap<String, i64> = generations.into_iter().collect();
        for (id, entry) in part {
            if generations.get(id) == Some(&entry.page.generation) {
                entry.found_current(moment);
                continue;
            }
            let _turn = self.turn_of(id).lock().await;
            let moment = self.moment();
            if self.load(store, id, moment).await.is_err() {
                entry.look_up_failed(self.moment());
            }
        }
    }
}

fn unreachable_error() -> StoreError {
    StoreError::Unavailable("the page could not be looked up".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: u64, changes: u64) -> Moment {
        Moment { millis, changes }
    }

    #[test]
    fn how_long_a_page_is_good() {
        let page = releasepage_storage::pages::row::PageIdentity {
            id: "0767f57acc44".into(),
            title: "Acme".into(),
            slug: "acme".into(),
            published: true,
        };
        let read = releasepage_storage::pages::snapshots::PageSnapshot {
            page,
            organization_id: 1,
            generation: 1,
            api_enabled: true,
            rate_limit: 60,
            counted_by: releasepage_domain::page::CountedBy::Key,
            keys: Vec::new(),
            components: Vec::new(),
            latest: Vec::new(),
            latest_grouped: None,
        };
        let url = Url::parse("http://localhost").unwrap();
        let entry = Entry::new(Arc::new(CachedPage::new(read, &url)), at(10, 0));
        assert_eq!(entry.freshness(at(1_009, 0)), Freshness::Good);
        assert_eq!(entry.freshness(at(1_010, 0)), Freshness::Unknown, "after a second");
        assert_eq!(entry.freshness(at(11, 1)), Freshness::Unknown, "after a change here");
        entry.found_current(at(1_500, 1));
        assert_eq!(entry.freshness(at(2_499, 1)), Freshness::Good);
        entry.look_up_failed(at(3_000, 1));
        assert_eq!(entry.freshness(at(3_500, 1)), Freshness::Good, "the database is gone");
        assert_eq!(entry.freshness(at(3_500, 2)), Freshness::Unknown, "but something was stored since");
        assert_eq!(entry.freshness(at(8_000, 1)), Freshness::Unknown, "it may be back");
        entry.look_up_failed(at(61_400, 1));
        assert_eq!(entry.freshness(at(61_499, 1)), Freshness::Good);
        assert_eq!(entry.freshness(at(61_500, 1)), Freshness::Gone, "a minute after it was last current");
        entry.found_current(at(61_600, 1));
        assert_eq!(entry.freshness(at(61_700, 1)), Freshness::Good, "it is back");
    }
}
