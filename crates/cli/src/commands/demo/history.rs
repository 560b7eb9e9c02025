//! The releases of the sample product.

/// One release of the sample history.
pub(super) struct HistoryEntry {
    pub(super) tag: &'static str,
    pub(super) days_ago: i64,
    pub(super) title: &'static str,
    pub(super) author: &'static str,
    pub(super) notes: &'static str,
}

const fn entry(
    tag: &'static str,
    days_ago: i64,
    title: &'static str,
    author: &'static str,
    notes: &'static str,
) -> HistoryEntry {
    HistoryEntry { tag, days_ago, title, author, notes }
}

/// Releases of the sample history that form one version for readers.
pub(super) struct GroupEntry {
    pub(super) version: &'static str,
    /// The server's tags in it.
    pub(super) server: &'static [&'static str],
    /// The app's tags in it.
    pub(super) app: &'static [&'static str],
    pub(super) notes: Option<&'static str>,
}

const fn group(version: &'static str, server: &'static [&'static str], app: &'static [&'static str]) -> GroupEntry {
    GroupEntry { version, server, app, notes: None }
}

/// The versions of the whole product, oldest first.
pub(super) const GROUPS: &[GroupEntry] = &[
    group("v1.0.0", &["v1.0.0"], &["1.0.0"]),
    group("v1.1.0", &["v1.1.0", "v1.1.1"], &["1.1.0"]),
    group("v1.2.0", &["v1.2.0", "v1.2.1"], &["1.2.0", "1.2.1"]),
    group("v1.3.0", &["v1.3.0"], &[]),
    GroupEntry {
        notes: Some("The API moves to one address, and the app brings a new map. Update the **server first**."),
        ..group("v2.0.0", &["v2.0.0", "v2.0.1"], &["2.0.0"])
    },
    group("v2.0.1", &[], &["2.0.1"]),
    group("v2.1.0", &["v2.1.0", "v2.1.1"], &["2.1.0", "2.1.1"]),
    group("v2.2.0", &["v2.2.0"], &[]),
    GroupEntry {
        notes: Some("How warm is it down there? Stations measure it, and the app shows it."),
        ..group("v2.3.0", &["v2.3.0"], &["2.2.0"])
    },
    group("v2.3.1", &[], &["2.2.1"]),
];

/// The server that collects the measurements of the stations.
pub(super) const SERVER: &[HistoryEntry] = &[
    entry(
        "v1.0.0",
        412,
        "Ready for the season",
        "ines",
        "The first release that we promise to keep compatible.\n\n- Stations report wind, pressure and temperature every minute\n- History of **two years** for each station\n- `GET /stations/{id}/latest` is stable",
    ),
    entry(
        "v1.1.0",
        371,
        "Tides",
        "ines",
        "- Tide tables for 2,400 harbours\n- `GET /tides` takes a position and answers with the nearest harbour",
    ),
    entry(
        "v1.1.1",
        365,
        "Tides on the southern hemisphere",
        "tomasz",
        "The sign of the latitude was lost when a position was rounded. Harbours south of the equator get their own tides again.",
    ),
    entry(
        "v1.2.0",
        318,
        "Alerts",
        "amara",
        "- Stations can raise an **alert** when a gust passes a limit\n- Alerts are kept for 90 days",
    ),
    entry(
        "v1.2.1",
        310,
        "Alerts arrive once",
        "amara",
        "A station that reconnected in the middle of an alert sent it twice.",
    ),
    entry(
        "v1.3.0",
        247,
        "Faster history",
        "tomasz",
        "Reading a month of measurements takes 40 ms instead of 900 ms.\n\n| range | before | now |\n|---|---|---|\n| day | 60 ms | 9 ms |\n| month | 900 ms | 40 ms |\n| year | 11 s | 0.4 s |",
    ),
    entry(
        "v2.0.0",
        183,
        "One address for everything",
        "ines",
        "**Breaking:** the API moved below `/api`. Stations with firmware 1.4 or newer follow by themselves.\n\n### To do\n\n1. Update stations to firmware 1.4\n2. Replace `https://HOST/stations` by `https://HOST/api/stations` in your scripts\n\nOld paths answer with a redirect until the end of the year.",
    ),
    entry(
        "v2.0.1",
        180,
        "Redirects keep their query",
        "amara",
        "Redirects from the old paths dropped everything after the question mark.",
    ),
    entry(
        "v2.1.0",
        121,
        "Share a station",
        "amara",
        "- Invite others to see a station, or to look after it\n- Every change shows who made it",
    ),
    entry(
        "v1.3.1",
        96,
        "A fix for the 1.3 line",
        "tomasz",
        "For those who have not moved to 2.0 yet: certificates of stations are renewed in time.",
    ),
    entry("v2.1.1", 88, "Quieter logs", "tomasz", "A station that is switched off no longer fills the log."),
    entry(
        "v2.2.0",
        41,
        "Forecasts beside measurements",
        "ines",
        "- Pick a forecast model for each station\n- See at a glance how wrong it was yesterday",
    ),
    entry(
        "v2.3.0",
        12,
        "Water temperature",
        "ines",
        "- Stations with a probe below the waterline report its temperature\n- Exports have a new column, `water_celsius`, at the end",
    ),
];

/// The app on sailors' phones.
pub(super) const APP: &[HistoryEntry] = &[
    entry("1.0.0", 402, "Hello, sailor", "jonas", "See your station from wherever you are."),
    entry(
        "1.1.0",
        352,
        "Tides in your pocket",
        "jonas",
        "Tide tables for the harbours around you, also without a connection.",
    ),
    entry(
        "1.2.0",
        300,
        "Alerts",
        "mei",
        "- Your phone rings when a gust passes your limit\n- Night mode that keeps your eyes used to the dark",
    ),
    entry("1.2.1", 295, "Alerts wake sleeping phones", "mei", "Some phones slept through the alert. Not any more."),
    entry(
        "2.0.0",
        170,
        "A new map",
        "jonas",
        "- The map is drawn on the phone: **sharp at every zoom**, and small enough to keep\n- Needs the server 2.0 or newer",
    ),
    entry("2.0.1", 162, "Smaller battery appetite", "mei", "The map stops moving when nobody looks at it."),
    entry("2.1.0", 74, "Widgets", "mei", "Wind and pressure on your home screen."),
    entry("2.1.1", 61, "Widgets survive a restart", "mei", "Widgets came back empty after the phone was switched off."),
    entry(
        "2.2.0",
        9,
        "Water temperature",
        "jonas",
        "Shows the temperature of the water where the station measures it.",
    ),
    entry("2.2.1", 3, "Fahrenheit, too", "mei", "The water temperature follows the unit that you chose."),
];
