//! Requests by route, method and status, and their duration.
//!
//! A route is a pattern (`/v1/pages/{page_id}/version`), never the path of a request. So the number of routes is fixed,
//! and no text of a client appears among them.

use std::{
    array,
    cell::OnceCell,
    collections::BTreeMap,
    sync::{
        Arc, OnceLock, PoisonError, RwLock,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use actix_web::{
    HttpRequest,
    http::{Method, StatusCode},
};

/// The upper bounds of the classes of duration, in microseconds: from answers out of memory to those that no client
/// waits for.
pub(crate) const BOUNDS_MICROS: [u64; 14] = [
    250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000, 2_500_000, 10_000_000,
];

/// The route of a request that matches no route.
const UNMATCHED: &str = "unmatched";

/// The methods that are counted separately. Every other method is `other`.
const METHODS: [Method; 7] =
    [Method::GET, Method::HEAD, Method::POST, Method::PUT, Method::PATCH, Method::DELETE, Method::OPTIONS];

/// The number of HTTP statuses, 100 to 599 (RFC 9110, section 15).
const STATUSES: usize = 500;

/// The requests to a server, by route.
#[derive(Debug, Default)]
pub struct RequestMetrics {
    routes: RwLock<BTreeMap<String, Arc<RouteMetrics>>>,
}

/// A reference from a route to its numbers, so that a request need not look them up by pattern. It is data of the
/// route, one for each thread.
#[derive(Default)]
pub struct RouteSlot(OnceCell<Arc<RouteMetrics>>);

/// The numbers of one route. Those of a method are created by its first request.
#[derive(Debug, Default)]
struct RouteMetrics {
    methods: [OnceLock<Box<MethodMetrics>>; METHODS.len() + 1],
}

#[derive(Debug)]
struct MethodMetrics {
    statuses: [AtomicU64; STATUSES],
    /// Counts by class of duration. The last class is for requests beyond all bounds.
    durations: [AtomicU64; BOUNDS_MICROS.len() + 1],
    micros: AtomicU64,
}

/// The totals of a route's requests with one method.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RequestTotals {
    pub(crate) route: String,
    pub(crate) method: String,
    /// Requests by status. Statuses without requests are left out.
    pub(crate) statuses: Vec<(u16, u64)>,
    /// Requests by class of duration. There is one class more than there are bounds.
    pub(crate) durations: [u64; BOUNDS_MICROS.len() + 1],
    /// The total duration of all requests, in microseconds.
    pub(crate) micros: u64,
}

impl RequestMetrics {
    /// Counts a request that was answered.
    pub fn count(&self, request: &HttpRequest, status: StatusCode, duration: Duration) {
        let method = request.method();
        match request.app_data::<RouteSlot>() {
            Some(slot) => slot.0.get_or_init(|| self.route_of(request)).count(method, status, duration),
            None => self.route_of(request).count(method, status, duration),
        }
    }

    fn route_of(&self, request: &HttpRequest) -> Arc<RouteMetrics> {
        self.route(request.match_pattern().as_deref().unwrap_or(UNMATCHED))
    }

    fn route(&self, pattern: &str) -> Arc<RouteMetrics> {
        // A panic while the lock is held cannot break the map.
        let known = self.routes.read().unwrap_or_else(PoisonError::into_inner).get(pattern).cloned();
        known.unwrap_or_else(|| {
            let mut routes = self.routes.write().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(routes.entry(pattern.to_owned()).or_default())
        })
    }

    /// Returns all counts, by route and method.
    pub(crate) fn totals(&self) -> Vec<RequestTotals> {
        let routes = self.routes.read().unwrap_or_else(PoisonError::into_inner);
        let names = METHODS.iter().map(Method::as_str).chain(["other"]);
        let of_route = |(route, metrics): (&String, &Arc<RouteMetrics>)| {
            let methods = names.clone().zip(&metrics.methods);
            let counted = methods.filter_map(|(name, method)| Some(method.get()?.totals(route, name)));
            counted.collect::<Vec<_>>()
        };
        routes.iter().flat_map(of_route).collect()
    }
}

impl RouteMetrics {
    fn count(&self, method: &Method, status: StatusCode, duration: Duration) {
        let index = METHODS.iter().position(|known| known == method).unwrap_or(METHODS.len());
        self.methods[index].get_or_init(Box::default).count(status, duration);
    }
}

impl Default for MethodMetrics {
    fn default() -> Self {
        Self {
            statuses: array::from_fn(|_| AtomicU64::new(0)),
            durations: array::from_fn(|_| AtomicU64::new(0)),
            micros: AtomicU64::new(0),
        }
    }
}

impl MethodMetrics {
    fn count(&self, status: StatusCode, duration: Duration) {
        let micros = u64::try_from(duration.as_micros()).unwrap_or(u64::MAX);
        let class = BOUNDS_MICROS.partition_point(|&bound| bound < micros);
        self.durations[class].fetch_add(1, Ordering::Relaxed);
        self.micros.fetch_add(micros, Ordering::Relaxed);
        if let Some(count) = usize::from(status.as_u16()).checked_sub(100).and_then(|index| self.statuses.get(index)) {
            count.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn totals(&self, route: &str, method: &str) -> RequestTotals {
        let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
        let statuses = (100..).zip(self.statuses.iter().map(read)).filter(|(_, count)| *count > 0);
        RequestTotals {
            route: route.to_owned(),
            method: method.to_owned(),
            statuses: statuses.collect(),
            durations: array::from_fn(|class| read(&self.durations[class])),
            micros: read(&self.micros),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counted(requests: &[(Method, u16, u64)]) -> Vec<RequestTotals> {
        let metrics = RequestMetrics::default();
        for (method, status, micros) in requests {
            let status = StatusCode::from_u16(*status).unwrap();
            metrics.route("/v1").count(method, status, Duration::from_micros(*micros));
        }
        metrics.totals()
    }

    #[test]
    fn durations_belong_to_the_class_whose_bound_they_do_not_pass() {
        for (micros, class) in
            [(0, 0), (250, 0), (251, 1), (1_000, 2), (9_999_999, 13), (10_000_000, 13), (10_000_001, 14)]
        {
            let totals = counted(&[(Method::GET, 200, micros)]);
            assert_eq!(totals[0].durations.iter().position(|&count| count == 1), Some(class), "{micros}");
            assert_eq!(totals[0].micros, micros);
        }
    }

    #[test]
    fn requests_are_counted_by_method_and_status() {
        let purge = Method::from_bytes(b"PURGE").unwrap();
        let totals = counted(&[
            (Method::GET, 200, 1),
            (Method::GET, 200, 2),
            (Method::GET, 404, 3),
            (Method::DELETE, 204, 4),
            (purge, 405, 5),
            // This is not a status of HTTP, but the request is still timed.
            (Method::PUT, 999, 6),
        ]);
        let found: Vec<_> = totals.iter().map(|total| (&*total.method, &*total.statuses, total.micros)).collect();
        assert_eq!(
            found,
            [
                ("GET", &[(200, 2), (404, 1)][..], 6),
                ("PUT", &[], 6),
                ("DELETE", &[(204, 1)], 4),
                ("other", &[(405, 1)], 5)
            ]
        );
    }
}
