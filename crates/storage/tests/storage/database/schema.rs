//! The two schemas held against each other, and `schema.rs` against both.

use std::collections::{BTreeMap, BTreeSet};

use diesel::{
    PgConnection, RunQueryDsl as _, SqliteConnection,
    prelude::QueryableByName,
    sql_types::{Bool, Text},
};
use releasepage_storage::{AnyConnection, QueryResult};

use crate::support::Database;

/// A table as both databases can have it.
#[derive(Debug, Default, PartialEq, Eq)]
struct Table {
    /// Type and whether it can be null, by name.
    columns: BTreeMap<String, (String, bool)>,
    primary_key: Vec<String>,
    uniques: BTreeSet<Vec<String>>,
    /// Columns by name.
    indexes: BTreeMap<String, Vec<String>>,
    /// Column, and the column that it refers to.
    references: BTreeSet<(String, String)>,
}

type Schema = BTreeMap<String, Table>;

/// One fact of a table: what `kind` says about `name`.
#[derive(QueryableByName)]
struct Fact {
    #[diesel(sql_type = Text)]
    table_name: String,
    #[diesel(sql_type = Text)]
    kind: String,
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Text)]
    detail: String,
    #[diesel(sql_type = Bool)]
    nullable: bool,
}

/// Index columns come in their order, so that every query sorts by position last.
const SQLITE_FACTS: &str = "
    SELECT t.name AS table_name, 'column' AS kind, c.name AS name,
           CASE WHEN c.type = 'INTEGER' AND c.pk = 1 AND t.sql LIKE '%' || c.name || ' INTEGER PRIMARY KEY%'
                THEN 'BIGINT' ELSE c.type END AS detail,
           c.\"notnull\" = 0 AS nullable, '' AS index_name, c.cid AS position
      FROM sqlite_master t JOIN pragma_table_info(t.name) c WHERE t.type = 'table'
    UNION ALL
    SELECT t.name, 'primary key', c.name, '', 0, '', c.pk
      FROM sqlite_master t JOIN pragma_table_info(t.name) c WHERE t.type = 'table' AND c.pk > 0
    UNION ALL
    SELECT t.name, CASE i.\"unique\" WHEN 1 THEN 'unique' ELSE 'index' END, i.name, k.name, 0, i.name, k.seqno
      FROM sqlite_master t JOIN pragma_index_list(t.name) i JOIN pragma_index_info(i.name) k
     WHERE t.type = 'table' AND i.origin <> 'pk'
    UNION ALL
    SELECT t.name, 'reference', f.\"from\", f.\"table\" || '.' || f.\"to\", 0, '', f.id
      FROM sqlite_master t JOIN pragma_foreign_key_list(t.name) f WHERE t.type = 'table'
    ORDER BY table_name, kind, index_name, position";

const POSTGRES_FACTS: &str = "
    SELECT table_name::text, 'column' AS kind, column_name::text AS name,
           data_type || COALESCE(' COLLATE ' || collation_name, '') AS detail,
           is_nullable = 'YES' AS nullable, '' AS index_name, ordinal_position::int AS position
      FROM information_schema.columns WHERE table_schema = 'public'
    UNION ALL
    SELECT t.relname::text,
           CASE WHEN i.indisprimary THEN 'primary key' WHEN i.indisunique THEN 'unique' ELSE 'index' END,
           CASE WHEN i.indisprimary THEN a.attname ELSE n.relname END::text, a.attname::text, false,
           n.relname::text, k.position::int
      FROM pg_index i JOIN pg_class t ON t.oid = i.indrelid JOIN pg_class n ON n.oid = i.indexrelid
           CROSS JOIN LATERAL unnest(i.indkey::int[]) WITH ORDINALITY AS k (attnum, position)
           JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = k.attnum
     WHERE t.relnamespace = 'public'::regnamespace
    UNION ALL
    SELECT t.relname::text, 'reference', a.attname::text, f.relname || '.' || b.attname, false, '', 0
      FROM pg_constraint c JOIN pg_class t ON t.oid = c.conrelid JOIN pg_class f ON f.oid = c.confrelid
           JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = c.conkey[1]
           JOIN pg_attribute b ON b.attrelid = f.oid AND b.attnum = c.confkey[1]
     WHERE c.contype = 'f' AND t.relnamespace = 'public'::regnamespace
    ORDER BY table_name, kind, index_name, position";

fn sqlite_facts(connection: &mut SqliteConnection) -> QueryResult<Vec<Fact>> {
    Ok(diesel::sql_query(SQLITE_FACTS).load(connection)?)
}

fn postgres_facts(connection: &mut PgConnection) -> QueryResult<Vec<Fact>> {
    Ok(diesel::sql_query(POSTGRES_FACTS).load(connection)?)
}

async fn schema_of(database: &Database) -> Schema {
    let facts = database.store.read(|connection| match connection {
        AnyConnection::Sqlite(connection) => sqlite_facts(connection),
        AnyConnection::Postgres(connection) => postgres_facts(connection),
    });
    let mut schema = Schema::new();
    let mut uniques: BTreeMap<(String, String), Vec<String>> = BTreeMap::new();
    for fact in facts.await.unwrap() {
        if fact.table_name.starts_with("sqlite_") || fact.table_name.starts_with("__diesel") {
            continue;
        }
        let table = schema.entry(fact.table_name.clone()).or_default();
        match fact.kind.as_str() {
            "column" => {
                table.columns.insert(fact.name, (type_of(&fact.detail).to_owned(), fact.nullable));
            }
            "primary key" => table.primary_key.push(fact.name),
            "index" => table.indexes.entry(fact.name).or_default().push(fact.detail),
            "unique" => uniques.entry((fact.table_name, fact.name)).or_default().push(fact.detail),
            "reference" => {
                table.references.insert((fact.name, fact.detail));
            }
            kind => panic!("unknown kind {kind}"),
        }
    }
    // Uniques are compared without their names: a database makes those up.
    for ((table, _), columns) in uniques {
        schema.get_mut(&table).unwrap().uniques.insert(columns);
    }
    schema
}

/// The type that diesel knows a column by.
fn type_of(detail: &str) -> &'static str {
    match detail {
        "TEXT" | "text COLLATE C" => "Text",
        "BIGINT" | "bigint" => "BigInt",
        "INTEGER" | "integer" => "Integer",
        "BOOLEAN" | "boolean" => "Bool",
        "TIMESTAMP" | "timestamp without time zone" => "Timestamp",
        other => panic!("a column of the type {other:?} does not behave alike on both databases"),
    }
}

/// The files that declare the tables.
const DECLARATIONS: [&str; 7] = [
    include_str!("../../../src/database/schema/account_tables.rs"),
    include_str!("../../../src/database/schema/announcement_tables.rs"),
    include_str!("../../../src/database/schema/job_tables.rs"),
    include_str!("../../../src/database/schema/page_tables.rs"),
    include_str!("../../../src/database/schema/release_tables.rs"),
    include_str!("../../../src/database/schema/repository_tables.rs"),
    include_str!("../../../src/database/schema/subscriber_tables.rs"),
];

/// The tables of `schema.rs`: columns and primary keys, which is all that diesel knows.
fn declared() -> Schema {
    let mut schema = Schema::new();
    for declaration in DECLARATIONS.iter().flat_map(|file| file.split("diesel::table! {").skip(1)) {
        let mut lines = declaration.lines().map(str::trim).filter(|line| !line.is_empty());
        let (name, rest) = lines.next().unwrap().split_once(" (").unwrap();
        let primary_key = rest.split_once(')').unwrap().0.split(", ").map(str::to_owned).collect();
        let columns = lines
            .map_while(|line| line.strip_suffix(',')?.split_once(" -> "))
            .map(|(column, kind)| {
                let nullable = kind.strip_prefix("Nullable<").and_then(|kind| kind.strip_suffix('>'));
                (column.to_owned(), (nullable.unwrap_or(kind).to_owned(), nullable.is_some()))
            })
            .collect();
        schema.insert(name.to_owned(), Table { columns, primary_key, ..Table::default() });
    }
    schema
}

async fn assert_declared(database: &Database) {
    let known = schema_of(database)
        .await
        .into_iter()
        .map(|(name, table)| {
            (name, Table { columns: table.columns, primary_key: table.primary_key, ..Table::default() })
        })
        .collect::<Schema>();
    assert_alike(&known, &declared());
}

/// Compares table by table, so that a difference is found in the output.
fn assert_alike(left: &Schema, right: &Schema) {
    assert_eq!(left.keys().collect::<Vec<_>>(), right.keys().collect::<Vec<_>>());
    for (name, table) in left {
        assert_eq!(Some(table), right.get(name), "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn schema_rs_is_what_sqlite_has() {
    assert_declared(&Database::sqlite()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn schema_rs_is_what_postgres_has() {
    if let Some(database) = Database::postgres() {
        assert_declared(&database).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn both_databases_have_the_same_schema() {
    let Some(postgres) = Database::postgres() else { return };
    let (sqlite, postgres) = (schema_of(&Database::sqlite()).await, schema_of(&postgres).await);
    assert!(sqlite.values().any(|table| !table.indexes.is_empty()), "indexes are seen");
    assert!(sqlite.values().any(|table| !table.uniques.is_empty()), "uniques are seen");
    assert!(sqlite.values().any(|table| !table.references.is_empty()), "references are seen");
    assert_alike(&sqlite, &postgres);
}
