//! `releasepage groups`: releases of several components that readers see as one version (`docs/groups.md`).

use std::{io::Read, path::Path};

use chrono::Duration;
use releasepage_domain::{
    fault::{Fault, Faults},
    group::{GROUP_MEMBERS_MAX, GroupState},
    release::{NOTES_MAX, release_id_is_valid, release_notes_check},
    time::time_iso8601,
};
use releasepage_storage::{
    Store, StoreError,
    database::{change::Change, clock::Clock},
    groups::{
        edits::{GroupChange, GroupNew, group_create, group_edit, group_withdraw},
        lists::{group_get, groups_list},
        row::{Group, GroupMember},
    },
    pages::{ranges::release_rank, row::Page, slugs::page_by_slug},
    releases::row::ReleaseContext,
};

use super::{block_on, print};
use crate::{
    arguments::{GroupArgument, GroupEdit, GroupsCommand, PageArgument},
    failure::Failure,
    settings::Settings,
    wiring::store_open,
};

/// Runs a subcommand on the groups of a page.
pub(super) fn groups(settings: &Settings, command: GroupsCommand) -> Result<(), Failure> {
    let store = store_open(settings)?;
    let text = block_on(async {
        match command {
            GroupsCommand::List { page, state, limit } => list(&store, &page, (state, limit)).await,
            GroupsCommand::Show { group } => show(&store, &group).await,
            GroupsCommand::Create { page, version, notes_file, silent, releases } => {
                let page = page_find(&store, &page).await?;
                let notes = notes_read(notes_file.as_deref())?;
                let ids = release_ids(&store, &page, &releases).await?;
                let new = GroupNew { version, releases: ids, notes, notify: !silent };
                create(&store, (&page, new, &releases), context(settings)).await
            }
            GroupsCommand::Edit { group, edit: change } => edit(&store, &group, change).await,
            GroupsCommand::Withdraw { group } => withdraw(&store, &group).await,
        }
    })?;
    print(&text)
}

fn context(settings: &Settings) -> ReleaseContext {
    let notify_delay = Duration::seconds(settings.notify.delay_seconds.into());
    ReleaseContext { notify_delay, now: Clock::system().now(), is_news: true }
}

/// Returns the page with this slug, of any organization.
async fn page_find(store: &Store, page: &PageArgument) -> Result<Page, Failure> {
    let found = page_by_slug(store, page.page.clone()).await?;
    found.ok_or_else(|| Failure::Said(format!("there is no page /p/{}", page.page)))
}

/// The message for a group that the page does not have, or that cannot be changed.
fn group_failure(error: StoreError, group: &GroupArgument) -> Failure {
    let (id, slug) = (group.id, &group.page.page);
    match error {
        StoreError::NotFound => Failure::Said(format!(
            "/p/{slug} has no group {id}: `releasepage groups list --page {slug}` shows those it has"
        )),
        StoreError::Conflict(why) => Failure::Said(format!("group {id}: {why}")),
        other => other.into(),
    }
}

async fn list(
    store: &Store,
    page: &PageArgument,
    (state, limit): (Option<GroupState>, u32),
) -> Result<String, Failure> {
    let page = page_find(store, page).await?;
    let part = groups_list(store, page.organization_id, page.id, state, None, limit).await?;
    if part.rows.is_empty() {
        return Ok(match state {
            Some(state) => format!("No group of /p/{} is {state}.\n", page.slug),
            None => format!("/p/{} has no group; its grouping is {}.\n", page.slug, page.grouping.mode),
        });
    }
    let mut text = format!("{:>8}  {:<12}  {:<9}  {:<20}  RELEASES\n", "ID", "VERSION", "STATE", "PUBLISHED");
    for group in &part.rows {
        let version = group.version.as_deref().unwrap_or("-");
        let published_at = group.published_at.map_or_else(|| "-".to_owned(), time_iso8601);
        let members: Vec<String> = group.members.iter().map(member_name).collect();
        let (state, members) = (group.state.as_str(), members.join(", "));
        text.push_str(&format!("{:>8}  {version:<12}  {state:<9}  {published_at:<20}  {members}\n", group.id));
    }
    if part.next.is_some() {
        text.push_str(&format!("… and more; these are the last {limit}: --limit shows others\n"));
    }
    Ok(text)
}

/// A member as `create` takes it. If readers do not see the member, its tag in brackets.
fn member_name(member: &GroupMember) -> String {
    match &member.shown {
        Some(shown) => format!("{}@{}", shown.component.repo, shown.version),
        None => format!("({})", member.tag),
    }
}

async fn show(store: &Store, group: &GroupArgument) -> Result<String, Failure> {
    let page = page_find(store, &group.page).await?;
    let found = group_get(store, page.organization_id, page.id, group.id).await;
    Ok(described(&found.map_err(|error| group_failure(error, group))?))
}

/// A group, in lines.
fn described(group: &Group) -> String {
    let mut text =
        format!("Group {}: {}, {}", group.id, group.version.as_deref().unwrap_or("no version yet"), group.state);
    if let Some(bump) = group.bump {
        text.push_str(&format!(", {bump}"));
    }
    if let Some(closes_at) = group.closes_at.filter(|_| group.state == GroupState::Open) {
        text.push_str(&format!(", closes at {}", time_iso8601(closes_at)));
    }
    text.push('\n');
    for member in &group.members {
        let bump = member.shown.as_ref().map_or("not shown", |shown| shown.bump.as_str());
        let published_at = time_iso8601(member.published_at);
        text.push_str(&format!("  {}  {published_at}  {bump:<9}  {}\n", member.release_id, member_name(member)));
    }
    if let Some(notes) = &group.notes {
        text.push_str(&format!("\n{}\n", notes.trim_end()));
    }
    text
}

async fn create(
    store: &Store,
    (page, new, named): (&Page, GroupNew, &[String]),
    context: ReleaseContext,
) -> Result<String, Failure> {
    let created = group_create(store, page.organization_id, page.id.clone(), new, context).await;
    let group = created.map_err(|error| match error {
        StoreError::Conflict(why) => Failure::Said(format!("/p/{}: {why}", page.slug)),
        StoreError::Faults(faults) => Failure::Said(faults_said(&faults, named)),
        other => other.into(),
    })?;
    Ok(described(&group))
}

/// The faults of a new group, with the names of the command's arguments.
fn faults_said(faults: &Faults, named: &[String]) -> String {
    let typed = |fault: &Fault| {
        let index = fault.field.strip_prefix("release_ids.").and_then(|index| index.parse::<usize>().ok());
        let name = index.and_then(|index| named.get(index)).unwrap_or(&fault.field);
        format!("{name} {}", fault.expected)
    };
    faults.as_slice().iter().map(typed).collect::<Vec<_>>().join("; ")
}

/// Returns the ids of releases, which are given as `REPO@VERSION` or as ids. Fails with all releases that do not exist.
async fn release_ids(store: &Store, page: &Page, releases: &[String]) -> Result<Vec<String>, Failure> {
    if releases.len() > GROUP_MEMBERS_MAX {
        return Err(Failure::Said(format!("a group has at most {GROUP_MEMBERS_MAX} releases")));
    }
    let (mut ids, mut unknown) = (Vec::with_capacity(releases.len()), Vec::new());
    for release in releases {
        match release_id(store, page, release).await? {
            Some(id) => ids.push(id),
            None => unknown.push(release.as_str()),
        }
    }
    if unknown.is_empty() {
        return Ok(ids);
    }
    let (slug, unknown) = (&page.slug, unknown.join(" and no "));
    Err(Failure::Said(format!("readers of /p/{slug} see no {unknown}: a release is REPO@VERSION, or its id")))
}

async fn release_id(store: &Store, page: &Page, release: &str) -> Result<Option<String>, Failure> {
    let Some((repo, version)) = release.split_once('@') else {
        return Ok(release_id_is_valid(release).then(|| release.to_owned()));
    };
    match release_rank(store, page.id.clone(), repo.to_owned(), Some(version.to_owned())).await {
        Ok(found) => Ok(found.map(|rank| rank.id)),
        Err(StoreError::NotFound) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

async fn edit(store: &Store, group: &GroupArgument, edit: GroupEdit) -> Result<String, Failure> {
    let page = page_find(store, &group.page).await?;
    let notes = match (&edit.notes_file, edit.no_notes) {
        (Some(file), _) => Change::Set(notes_read(Some(file))?),
        (None, true) => Change::Set(None),
        (None, false) => Change::Keep,
    };
    let change = GroupChange { revision: None, version: edit.version.map_or(Change::Keep, Change::Set), notes };
    let edited = group_edit(store, page.organization_id, page.id, group.id, change, Clock::system().now()).await;
    Ok(described(&edited.map_err(|error| group_failure(error, group))?))
}

async fn withdraw(store: &Store, group: &GroupArgument) -> Result<String, Failure> {
    let page = page_find(store, &group.page).await?;
    let withdrawn = group_withdraw(store, page.organization_id, page.id, group.id, Clock::system().now()).await;
    withdrawn.map_err(|error| group_failure(error, group))?;
    Ok(format!("Group {} is taken back; its releases stand by themselves.\n", group.id))
}

/// Reads notes from a file. `-` is standard input.
fn notes_read(file: Option<&Path>) -> Result<Option<String>, Failure> {
    let Some(file) = file else { return Ok(None) };
    let name = file.display();
    let mut notes = String::new();
    // One byte over the limit is read, to detect a file that is too large.
    let limit = u64::try_from(NOTES_MAX).unwrap_or(u64::MAX).saturating_add(1);
    let read = if file == Path::new("-") {
        std::io::stdin().take(limit).read_to_string(&mut notes)
    } else {
        std::fs::File::open(file).and_then(|file| file.take(limit).read_to_string(&mut notes))
    };
    read.map_err(Failure::io(format!("{name} cannot be read")))?;
    release_notes_check(&name.to_string(), &notes).map_err(|fault| Failure::Said(fault.to_string()))?;
    Ok(Some(notes))
}
