//! Imports of a history, such as a changelog: batch by batch, each a transaction, told to nobody.

use std::collections::{HashMap, HashSet};

use diesel::prelude::*;
use releasepage_domain::{
    fault::Fault,
    release::{ReleaseEvent, ReleaseInput},
    release_import::{ImportBefore, ImportKept, ImportStep, ReleaseImport, import_step},
    time::UtcTime,
};

use crate::{
    AnyConnection, QueryResult, Scope, Store, StoreError,
    database::schema::source_releases,
    pages::component_releases::repository_recompute,
    releases::{
        batch::releases_add_quietly,
        changes::release_change,
        row::{Release, ReleaseContext, releases_of_tags},
    },
};

/// The number of releases that are imported in one transaction: few enough that nobody waits long for it.
pub const IMPORT_BATCH: usize = 100;

/// The outcome of an import for one of its releases.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ImportResult {
    /// It is new.
    Added,
    /// It was there, and is as the import tells of it now.
    Changed,
    /// It was there like that.
    Same,
    /// It was there, and is left as it is.
    Kept(ImportKept),
    /// It cannot be stored, and was not.
    Refused(Fault),
}

/// The work to be done for each release of a batch.
enum Plan {
    Add(ReleaseInput),
    Change(Box<Release>, ReleaseInput),
    Leave,
}

/// Imports a batch of releases into a repository, in one transaction: at most [`IMPORT_BATCH`] of them, or it takes as
/// long as there are more. Answers what became of each, in their order; one that cannot be stored does not keep the
/// others from it. Nobody is told of them, and done again it changes nothing.
///
/// The same release is what has the same platforms and the same tag, with or without a `v` in front; that of a release
/// that is there stays. `ids` makes candidates for new releases' ids.
pub async fn release_import(
    store: &Store,
    repository_id: i64,
    batch: Vec<ReleaseImport>,
    ids: impl Fn() -> String + Send + 'static,
    context: ReleaseContext,
) -> Result<Vec<ImportResult>, StoreError> {
    store
        .write(&[Scope::Repository(repository_id)], move |connection| {
            let mut results = Vec::with_capacity(batch.len());
            let mut added = Vec::new();
            for (plan, result) in batch_plan(connection, repository_id, &batch, context.now)? {
                results.push(result);
                match plan {
                    Plan::Add(input) => added.push(input),
                    Plan::Change(before, input) => {
                        release_change(connection, *before, input, ReleaseEvent::Edit, context)?;
                    }
                    Plan::Leave => {}
                }
            }
            if !added.is_empty() {
                releases_add_quietly(connection, repository_id, added, &ids, context.now)?;
                repository_recompute(connection, repository_id)?;
            }
            Ok(results)
        })
        .await
}

/// Answers what [`release_import`] would make of each release of a batch now; nothing is written.
pub async fn release_import_plan(
    store: &Store,
    repository_id: i64,
    batch: Vec<ReleaseImport>,
    now: UtcTime,
) -> Result<Vec<ImportResult>, StoreError> {
    store
        .read(move |connection| {
            let plans = batch_plan(connection, repository_id, &batch, now)?;
            Ok(plans.into_iter().map(|(_, result)| result).collect())
        })
        .await
}

/// Decides on every release of a batch, with one look at what is there.
fn batch_plan(
    connection: &mut AnyConnection,
    repository_id: i64,
    batch: &[ReleaseImport],
    now: UtcTime,
) -> QueryResult<Vec<(Plan, ImportResult)>> {
    let tags: HashSet<String> = batch.iter().flat_map(ReleaseImport::tags).collect();
    let there = releases_of_tags(connection, repository_id, &tags)?;
    let of_forge = releases_of_forge(connection, repository_id, &there)?;
    let there: HashMap<(String, String), Release> = there
        .into_iter()
        .map(|release| ((release.input.tag.clone(), release.input.platforms.key()), release))
        .collect();
    let mut named = HashSet::new();
    let plan = |told: &ReleaseImport| {
        let refuse = |fault| (Plan::Leave, ImportResult::Refused(fault));
        if let Err(fault) = told.check() {
            return refuse(fault);
        }
        let platforms = told.input.platforms.key();
        let keys: Vec<_> = told.tags().into_iter().map(|tag| (tag, platforms.clone())).collect();
        if keys.iter().any(|key| named.contains(key)) {
            return refuse(Fault::taken("tag", "must be named once in an import"));
        }
        let before = keys.iter().find_map(|key| there.get(key));
        named.extend(keys);
        let facts = before.map(|before| ImportBefore {
            input: &before.input,
            state: before.state,
            is_of_forge: of_forge.contains(&before.id),
        });
        match (import_step(facts, told, now), before) {
            (ImportStep::Change(input), Some(before)) => {
                (Plan::Change(Box::new(before.clone()), *input), ImportResult::Changed)
            }
            (ImportStep::Add(input) | ImportStep::Change(input), _) => (Plan::Add(*input), ImportResult::Added),
            (ImportStep::Same, _) => (Plan::Leave, ImportResult::Same),
            (ImportStep::Keep(kept), _) => (Plan::Leave, ImportResult::Kept(kept)),
        }
    };
    Ok(batch.iter().map(plan).collect())
}

/// Finds those of these releases that their forge tells of.
fn releases_of_forge(
    connection: &mut AnyConnection,
    repository_id: i64,
    releases: &[Release],
) -> QueryResult<HashSet<String>> {
    let ids: Vec<&str> = releases.iter().map(|release| release.id.as_str()).collect();
    let told: Vec<Option<String>> = source_releases::table
        .filter(source_releases::repository_id.eq(repository_id).and(source_releases::release_id.eq_any(ids)))
        .select(source_releases::release_id)
        .load(connection)?;
    Ok(told.into_iter().flatten().collect())
}
