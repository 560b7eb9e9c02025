//! Pages kept in memory, so that reading a version costs neither a query nor a thread (design, HTTP).
//!
//! A page has a generation. Each visible change raises it in its own transaction. A copy in memory is valid for a
//! second after its generation was last found current. After a change on this server, it is valid only once it was
//! looked up again. A task looks up the generations of all pages in use, twice a second and in one query, so that
//! requests need not do it. If the database fails, copies stay valid for a minute.

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

/// The time for which a page counts as current without a look-up, in milliseconds.
const FRESH: u64 = 1_000;

/// The time for which a page is served although it could not be looked up, in milliseconds.
const STALE: u64 = 60_000;

/// The time after a failed look-up in which no request tries again, in milliseconds. Otherwise each request would wait
/// for the database, one after the other. The task that refreshes goes on trying.
const PAUSE: u64 = 5_000;

/// The time between two look-ups of the pages in use.
const REFRESH_EVERY: Duration = Duration::from_millis(500);

/// The time for which a page counts as in use after a request for it, in milliseconds.
const IN_USE: u64 = 10_000;

/// The time that a request waits for a look-up if it could be answered without one.
const CHECK_TIMEOUT: Duration = Duration::from_secs(1);

/// The number of pages that one query looks up.
const CHECKED_AT_ONCE: usize = 500;

/// The approximate number of bytes that all pages together may take.
const BYTES_MAX: u64 = 32 * 1024 * 1024;

/// The approximate number of pages in memory at once on a busy server.
const PAGES_EXPECTED: usize = 5_000;

/// The number of pages that can be loaded at once. Two pages that share a turn only wait for each other needlessly.
const TURNS: usize = 32;

/// The pages that this server has in memory.
#[derive(Debug)]
pub struct PageCache {
    entries: Cache<String, Arc<Entry>, EntryWeight>,
    /// The count of changes on this server that readers may see.
    changes: Arc<ChangeCounter>,
    /// One lock for each turn. Of several requests for one page, one looks it up and the others wait for it.
    turns: [Mutex<()>; TURNS],
    public_url: Url,
    started: Instant,
    /// The counts of requests by their result in the cache; `None` if metrics are off.
    counts: Option<Arc<CacheCounts>>,
}

/// A page and the state of its look-ups. All times are milliseconds since the start.
#[derive(Debug)]
struct Entry {
    page: Arc<CachedPage>,
    /// The time at which the last successful look-up began.
    checked_at: AtomicU64,
    /// The time at which a look-up last failed; 0 for never.
    failed_at: AtomicU64,
    /// The count of changes on this server at that time. A higher count shows that the database works again.
    failed_changes: AtomicU64,
    /// The count of changes on this server that the look-up includes.
    changes: AtomicU64,
    used_at: AtomicU64,
}

/// The weigher of the cache. An entry's weight is its approximate size in bytes.
#[derive(Clone, Copy, Debug)]
struct EntryWeight;

impl Weighter<String, Arc<Entry>> for EntryWeight {
    fn weight(&self, _id: &String, entry: &Arc<Entry>) -> u64 {
        entry.page.weight()
    }
}

/// The state of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Freshness {
    /// It may be served.
    Good,
    /// Its generation must be looked up.
    Unknown,
    /// It could not be looked up for too long.
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

    /// Records a look-up that began at `moment` and found the page current.
    fn found_current(&self, moment: Moment) {
        self.checked_at.fetch_max(moment.millis, Ordering::AcqRel);
        self.changes.fetch_max(moment.changes, Ordering::AcqRel);
    }

    /// Records a look-up that failed at `moment`.
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
        // 0 means never.
        Moment { millis: millis.saturating_add(1), changes: self.changes.count() }
    }

    /// Returns a page that can be answered from memory right now.
    fn in_memory(&self, page_id: &str, moment: Moment) -> Option<Arc<Entry>> {
        let entry = self.entries.get(page_id)?;
        // Written only now and then, so that the threads do not compete for the cache line.
        if moment.millis.saturating_sub(entry.used_at.load(Ordering::Relaxed)) > FRESH {
            entry.used_at.store(moment.millis, Ordering::Relaxed);
        }
        Some(entry)
    }

    /// Returns a page that can be answered from memory right now, without asking the database.
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

    /// Returns a page, published or not; `None` if there is none.
    ///
    /// Fails with [`StoreError::Unavailable`] if the page could not be looked up for more than a minute.
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

    /// Returns a page that is in memory, brought up to date; `None` if it is not in memory.
    pub(crate) async fn page_kept(&self, store: &Store, page_id: &str) -> Result<Option<Arc<CachedPage>>, StoreError> {
        if self.entries.contains_key(page_id) { self.page(store, page_id).await } else { Ok(None) }
    }

    /// Reads a page from the database and keeps it. `moment` must be before the reading.
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

    /// Keeps the pages that are in use current, until the future is dropped.
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
