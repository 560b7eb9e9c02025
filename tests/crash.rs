//! Mail survives `kill -9`. No message is missing, and a message comes twice only if its worker was killed while it was
//! on its way. `docs/testing.md` says how to run it at length.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use serde_json::json;

use crate::support::app::App;
use crate::support::both_databases;
use crate::support::page::Page;
use crate::support::process::Process;
use crate::support::smtp::Received;
use crate::support::wait::eventually;

/// Workers at once.
const WORKERS: usize = 3;
/// The number of jobs that one worker runs at once, and the number of unrecorded messages of one job. Their product can
/// be on the way at once.
const CONCURRENCY: usize = 2;
const CONNECTIONS: usize = 4;
/// The lease of a job, in seconds. The jobs of a killed worker wait this long.
const LEASE: u64 = 4;
/// A message is surely recorded if it came this long before its worker was killed, even on a slow machine.
const IN_FLIGHT: Duration = Duration::from_secs(10);

both_databases! {
    async fn no_announcement_is_lost_when_workers_are_killed(setup: Setup) {
        let app = setup
            .with("jobs.lease_seconds", LEASE)
            .with("jobs.heartbeat_seconds", 1)
            .with("jobs.concurrency", CONCURRENCY)
            .with("mail.connections", CONNECTIONS)
            .with("log.filter", "info")
            .without_worker()
            .start()
            .await;
        let plan = Plan::of_environment();
        let mut crew = Crew::start(&app);
        let page = app.page("Acme").with_component("acme/api").with_rate_limit(1_000_000).await;
        subscribe_all(&app, &page, plan.subscribers).await;
        // The mail server answers slowly, so that kills fall between the end of a message and its 250.
        app.sink().delay(Duration::from_millis(2));

        let begin = Instant::now();
        let confirmations = app.sink().count();
        let mut dice = Dice(plan.seed);
        let mut next_kill = confirmations;
        for release in 1..=plan.releases {
            page.publish("acme/api", &format!("v{release}.0.0")).await;
            for _ in plan.kills_until(release - 1)..plan.kills_until(release) {
                // All expected messages belong to published releases, so the shares add up to them.
                next_kill += 1 + dice.below(plan.share());
                eventually("mail goes on arriving", async || (app.sink().count() >= next_kill).then_some(())).await;
                crew.expect_alive();
                crew.kill_one(&app, dice.below(WORKERS));
            }
        }
        announcements_arrive(&app, &mut crew, confirmations, plan.messages()).await;
        let elapsed = begin.elapsed();
        everything_left_is_sent(&app, &page).await;
        crew.expect_alive();

        let received = app.sink().received().split_off(confirmations);
        let received = received.into_iter().filter(|received| !subject(received).contains(LAST)).collect();
        let duplicates = check(received, &crew, plan.messages());
        let Plan { seed, .. } = plan;
        report(&format!(
            "{} messages, {} kills, seed {seed}: 0 missing, {duplicates} twice, in {:.1} s",
            plan.messages(),
            crew.killed.len(),
            elapsed.as_secs_f64()
        ));
    }
}

/// The amount of mail and the number of kills.
#[derive(Clone, Copy)]
struct Plan {
    kills: usize,
    subscribers: usize,
    releases: usize,
    seed: u64,
}

impl Plan {
    fn of_environment() -> Self {
        let number = |name: &str, default: u64| match std::env::var(name) {
            Ok(text) => text.parse().unwrap_or_else(|_| panic!("{name} is not a number: {text}")),
            Err(_) => default,
        };
        let size = |name, default| usize::try_from(number(name, default)).expect("a number of this machine");
        let messages = size("RELEASEPAGE_TEST_ANNOUNCEMENTS", 120).max(2);
        let subscribers = (messages / 2).min(100);
        let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("the clock is past 1970");
        let seed = number("RELEASEPAGE_TEST_SEED", u64::from(now.subsec_nanos()));
        report(&format!("seed {seed}"));
        Self { kills: size("RELEASEPAGE_TEST_KILLS", 3), subscribers, releases: messages / subscribers, seed }
    }

    fn messages(&self) -> usize {
        self.subscribers * self.releases
    }

    /// The number of kills up to the end of a release, spread evenly.
    fn kills_until(&self, release: usize) -> usize {
        self.kills * release / self.releases
    }

    /// The most messages between two kills.
    fn share(&self) -> usize {
        self.messages() / self.kills.max(1)
    }
}

/// Random numbers that a seed can repeat (SplitMix64).
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        usize::try_from((mixed ^ (mixed >> 31)) % bound.max(1) as u64).expect("less than the bound")
    }
}

/// The workers, each with the name that it gives to the mail server.
struct Crew {
    alive: Vec<(String, Process)>,
    killed: BTreeMap<String, Instant>,
}

impl Crew {
    fn start(app: &App) -> Self {
        let mut crew = Self { alive: Vec::new(), killed: BTreeMap::new() };
        (0..WORKERS).for_each(|_| crew.hire(app));
        crew
    }

    fn hire(&mut self, app: &App) {
        let name = format!("worker-{}.example.com", self.alive.len() + self.killed.len());
        let process = app.worker_start_as(&name);
        self.alive.push((name, process));
    }

    /// No other code ends a worker.
    fn expect_alive(&mut self) {
        for (name, process) in &mut self.alive {
            if let Some(status) = process.ended() {
                panic!("{name} ended by itself, with {status}");
            }
        }
    }

    /// Kills a worker and starts another one.
    fn kill_one(&mut self, app: &App, which: usize) {
        let (name, mut process) = self.alive.swap_remove(which);
        process.kill();
        self.killed.insert(name, Instant::now());
        self.hire(app);
    }
}

async fn subscribe_all(app: &App, page: &Page, subscribers: usize) {
    let addresses: Vec<String> = (0..subscribers).map(|number| format!("reader-{number}@example.com")).collect();
    for address in &addresses {
        page.subscribe(address).await.expect(200);
    }
    for address in &addresses {
        app.inbox(address).confirm().await;
    }
}

/// Waits for this number of different messages. The time limit applies to the next message, not to all.
async fn announcements_arrive(app: &App, crew: &mut Crew, confirmations: usize, messages: usize) {
    loop {
        let received = app.sink().received();
        let different: BTreeSet<String> = received[confirmations..].iter().map(Received::message_id).collect();
        if different.len() >= messages {
            return;
        }
        eventually("more announcements arrive", async || {
            crew.expect_alive();
            (app.sink().count() > received.len()).then_some(())
        })
        .await;
    }
}

/// The version of the release that is announced last.
const LAST: &str = "v1000.0.0";

/// Waits until a last release is announced. It is published when the leases of all killed workers have ended. The rest
/// of their jobs is older and goes first.
async fn everything_left_is_sent(app: &App, page: &Page) {
    let after_leases = chrono::Utc::now() + chrono::Duration::seconds(i64::try_from(LEASE).expect("small") + 1);
    page.publish_release("acme/api", &json!({ "version": LAST, "published_at": after_leases.to_rfc3339() })).await;
    app.inbox("reader-0@example.com").mail(LAST).await;
}

/// Checks the messages against the rules. Returns the number of messages that came more than once.
fn check(received: Vec<Received>, crew: &Crew, messages: usize) -> usize {
    let mut by_reader = BTreeMap::<(String, String), BTreeSet<String>>::new();
    let mut copies = BTreeMap::<String, Vec<Received>>::new();
    for received in received {
        let reader = (received.to.join(","), subject(&received));
        by_reader.entry(reader).or_default().insert(received.message_id());
        copies.entry(received.message_id()).or_default().push(received);
    }
    assert_eq!(by_reader.len(), messages, "each subscriber is told of each release");
    for (reader, ids) in &by_reader {
        assert_eq!(ids.len(), 1, "{reader:?} is told under one Message-ID: {ids:?}");
    }
    let mut in_flight = BTreeMap::<&str, usize>::new();
    for (id, copies) in &copies {
        let (last, earlier) = copies.split_last().expect("it arrived");
        for copy in earlier {
            assert_eq!(copy.message, last.message, "every copy of {id} has the same bytes");
            let Some(killed) = crew.killed.get(&copy.client) else {
                panic!("{id} was sent again although {} lives", copy.client);
            };
            let age = killed.saturating_duration_since(copy.at);
            assert!(age < IN_FLIGHT, "{id} had arrived {age:?} before {} was killed", copy.client);
            *in_flight.entry(&copy.client).or_default() += 1;
        }
    }
    for (worker, count) in in_flight {
        assert!(count <= CONCURRENCY * CONNECTIONS, "{worker} had {count} messages on their way at once");
    }
    copies.values().filter(|copies| copies.len() > 1).count()
}

fn subject(received: &Received) -> String {
    let text = String::from_utf8_lossy(&received.message);
    let line = text.lines().find_map(|line| line.strip_prefix("Subject:"));
    line.map(|subject| subject.trim().to_owned()).unwrap_or_default()
}

#[expect(clippy::print_stdout, reason = "figures of a run, shown on demand and where it fails")]
fn report(line: &str) {
    println!("{line}");
}
