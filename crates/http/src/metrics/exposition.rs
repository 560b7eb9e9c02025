//! The names of the metrics. They follow Prometheus' conventions: base units, and `_total` for counters.

use std::fmt;

use prometheus_client::{
    collector::Collector,
    encoding::{DescriptorEncoder, EncodeLabelSet, NoLabelSet},
    metrics::MetricType,
    registry::Unit,
};
use releasepage_domain::time::UtcTime;
use releasepage_storage::{database::usage::PoolUsage, jobs::standing::LaneStanding};

use super::requests::{BOUNDS_MICROS, RequestTotals};

/// All measurements at one moment.
#[derive(Debug)]
pub(crate) struct Exposition {
    pub(crate) started_at: UtcTime,
    pub(crate) now: UtcTime,
    pub(crate) requests: Vec<RequestTotals>,
    /// The look-ups of pages in memory by their result. A worker has none.
    pub(crate) cache: Option<[(&'static str, u64); 2]>,
    /// Every lane, or nothing if the database did not answer.
    pub(crate) lanes: Vec<LaneStanding>,
    pub(crate) deliveries: [(&'static str, u64); 4],
    pub(crate) pools: Vec<PoolUsage>,
}

impl Collector for Exposition {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        let encoder = &mut encoder;
        self.process(encoder)?;
        self.requests(encoder)?;
        self.queue(encoder)?;
        self.database(encoder)?;
        if let Some(cache) = self.cache {
            let lookups = cache.map(|(result, count)| ([("result", result)], count));
            let help = "Look-ups of pages in memory by what they found.";
            counters(encoder, "releasepage_snapshot_lookups", help, lookups)?;
        }
        let deliveries = self.deliveries.map(|(result, count)| ([("result", result)], count));
        let help = "Tries of this process to send a message of an announcement by how they ended.";
        counters(encoder, "releasepage_deliveries", help, deliveries)
    }
}

impl Exposition {
    fn process(&self, encoder: &mut DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        let build = ([("version", env!("CARGO_PKG_VERSION"))], 1.0);
        gauges(encoder, "releasepage_build_info", "The version of the program.", None, [build])?;
        let started = self.started_at.and_utc().timestamp_micros() as f64 / 1e6;
        let help = "When this process began, in seconds since 1970.";
        encoder
            .encode_descriptor("process_start_time", help, Some(&Unit::Seconds), MetricType::Gauge)?
            .encode_gauge(&started)
    }

    fn requests(&self, encoder: &mut DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        let statuses = self.requests.iter().flat_map(|total| {
            let labels = |status: u16| {
                [("method", total.method.clone()), ("route", total.route.clone()), ("status", status.to_string())]
            };
            total.statuses.iter().map(move |&(status, count)| (labels(status), count))
        });
        let help = "Requests by method, pattern of the route and status of the answer.";
        counters(encoder, "releasepage_http_requests", help, statuses)?;

        let help = "How long requests took until their answer began.";
        let name = "releasepage_http_request_duration";
        let mut family = encoder.encode_descriptor(name, help, Some(&Unit::Seconds), MetricType::Histogram)?;
        for total in &self.requests {
            let bounds = BOUNDS_MICROS.iter().map(|&micros| micros as f64 / 1e6).chain([f64::INFINITY]);
            let buckets: Vec<(f64, u64)> = bounds.zip(total.durations).collect();
            let labels = [("method", &*total.method), ("route", &*total.route)];
            family.encode_family(&labels)?.encode_histogram::<NoLabelSet>(
                total.micros as f64 / 1e6,
                total.durations.iter().sum(),
                &buckets,
                None,
            )?;
        }
        Ok(())
    }

    fn queue(&self, encoder: &mut DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        let jobs = self.lanes.iter().flat_map(|lane| {
            let states = [("due", lane.due), ("waiting", lane.waiting), ("running", lane.running), ("dead", lane.dead)];
            states.map(|(state, jobs)| ([("lane", lane.lane.as_str()), ("state", state)], jobs as f64))
        });
        let help = "Jobs in the queue of all workers: due, waiting for their time, held by a worker, dead letters.";
        gauges(encoder, "releasepage_queue_jobs", help, None, jobs)?;

        let ages = self.lanes.iter().map(|lane| {
            let age = lane.due_since.map_or(0, |since| self.now.signed_duration_since(since).num_milliseconds());
            ([("lane", lane.lane.as_str())], age.max(0) as f64 / 1e3)
        });
        let help = "How long the oldest due job has been waiting for a worker; 0 where none is due.";
        gauges(encoder, "releasepage_queue_oldest_age", help, Some(&Unit::Seconds), ages)
    }

    fn database(&self, encoder: &mut DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        let connections = self.pools.iter().flat_map(|pool| {
            [("in_use", pool.in_use), ("idle", pool.idle)]
                .map(|(state, count)| ([("pool", pool.pool), ("state", state)], count as f64))
        });
        let help = "Open connections of this process to the database.";
        gauges(encoder, "releasepage_database_connections", help, None, connections)?;
        let limits = self.pools.iter().map(|pool| ([("pool", pool.pool)], pool.connections_max as f64));
        let help = "The most connections that this process opens to the database.";
        gauges(encoder, "releasepage_database_connections_max", help, None, limits)?;
        let waits = self.pools.iter().map(|pool| ([("pool", pool.pool)], pool.waits));
        let help = "How often work found every connection in use and waited.";
        counters(encoder, "releasepage_database_waits", help, waits)?;
        let timeouts = self.pools.iter().map(|pool| ([("pool", pool.pool)], pool.timeouts));
        let help = "How often work waited for a connection in vain.";
        counters(encoder, "releasepage_database_wait_timeouts", help, timeouts)
    }
}

/// Writes counters. The format appends `_total` to the name.
fn counters<L: EncodeLabelSet>(
    encoder: &mut DescriptorEncoder<'_>,
    name: &str,
    help: &str,
    values: impl IntoIterator<Item = (L, u64)>,
) -> Result<(), fmt::Error> {
    let mut family = encoder.encode_descriptor(name, help, None, MetricType::Counter)?;
    for (labels, value) in values {
        family.encode_family(&labels)?.encode_counter::<NoLabelSet, _, u64>(&value, None)?;
    }
    Ok(())
}

/// Writes gauges. The format appends the unit to the name.
fn gauges<L: EncodeLabelSet>(
    encoder: &mut DescriptorEncoder<'_>,
    name: &str,
    help: &str,
    unit: Option<&Unit>,
    values: impl IntoIterator<Item = (L, f64)>,
) -> Result<(), fmt::Error> {
    let mut family = encoder.encode_descriptor(name, help, unit, MetricType::Gauge)?;
    for (labels, value) in values {
        family.encode_family(&labels)?.encode_gauge(&value)?;
    }
    Ok(())
}
