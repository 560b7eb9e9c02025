//! The parameters in paths and queries of the Chart Annotations API.

use actix_web::HttpRequest;
use releasepage_domain::{
    annotation::{CategoryName, annotation_end_check, annotation_time, chart_id_check},
    fault::{Fault, Faults},
    time::UtcTime,
};
use releasepage_http::query::Query;
use releasepage_storage::{
    annotations::edits::{AnnotationCursor, AnnotationsFilter},
    database::cursor::IdCursor,
};

use super::date::{MOMENT_EXPECTED, moment_parse};
use crate::openapi::parameters::{AnnotationListParameters, CategoryListParameters};

const ID_EXPECTED: &str = "must be a whole number from 1 on";

/// The filter for annotations, and the part of their list.
pub(super) struct AnnotationsQuery {
    pub(super) filter: AnnotationsFilter,
    pub(super) after: Option<AnnotationCursor>,
    pub(super) limit: u32,
}

/// The filter for categories, and the part of their list.
pub(super) struct CategoriesQuery {
    pub(super) name: Option<CategoryName>,
    pub(super) after: IdCursor,
    pub(super) limit: u32,
}

/// The subject of a `GET` of version 2.
pub(super) enum Annotations2Query {
    /// One annotation.
    One(i64),
    /// A part of the list.
    Part(AnnotationsQuery),
}

/// Reads the query of version 2: `id`, or the part of the list.
pub(super) fn annotations_2_query(request: &HttpRequest) -> Result<Annotations2Query, Faults> {
    let query = Query::of(request);
    let mut faults = Faults::new();
    let id = query.parsed(&mut faults, "id", ID_EXPECTED, id_parse);
    let part = part_read(&mut faults, &query, AnnotationsFilter::default());
    faults.finish(|| Some(id.map_or(Annotations2Query::Part(part), Annotations2Query::One)))
}

/// Reads the query of version 3: filters, and the part of the list.
pub(super) fn annotations_3_query(request: &HttpRequest) -> Result<AnnotationsQuery, Faults> {
    let query = Query::of(request);
    let mut faults = Faults::new();
    let since = moment_read(&mut faults, &query, "start");
    let until = moment_read(&mut faults, &query, "end");
    if let Some(since) = since {
        faults.take(annotation_end_check("end", since, until));
    }
    let filter = AnnotationsFilter {
        category: category_name_read(&mut faults, &query),
        chart_id: query.checked(&mut faults, "chart_id", chart_id_check).map(ToOwned::to_owned),
        since,
        until,
    };
    let part = part_read(&mut faults, &query, filter);
    faults.finish(|| Some(part))
}

/// Reads the query of a list of categories.
pub(super) fn categories_query(request: &HttpRequest) -> Result<CategoriesQuery, Faults> {
    let query = Query::of(request);
    let mut faults = Faults::new();
    let name = category_name_read(&mut faults, &query);
    let CategoryListParameters { limit, cursor } = CategoryListParameters::read(&query, &mut faults);
    faults.finish(|| Some(CategoriesQuery { name, after: cursor.unwrap_or_default(), limit }))
}

/// Reads an id in a path; `name` is the name of the parameter.
pub(super) fn id_of_path(name: &str, text: &str) -> Result<i64, Fault> {
    id_parse(text).ok_or_else(|| Fault::invalid(name, ID_EXPECTED))
}

fn id_parse(text: &str) -> Option<i64> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|id| digits && *id > 0)
}

fn part_read(faults: &mut Faults, query: &Query, filter: AnnotationsFilter) -> AnnotationsQuery {
    let AnnotationListParameters { limit, cursor } = AnnotationListParameters::read(query, faults);
    AnnotationsQuery { filter, after: cursor, limit }
}

fn moment_read(faults: &mut Faults, query: &Query, name: &str) -> Option<UtcTime> {
    query.parsed(faults, name, MOMENT_EXPECTED, |text| moment_parse(text).map(annotation_time))
}

fn category_name_read(faults: &mut Faults, query: &Query) -> Option<CategoryName> {
    let expected = "must be the name of a category, 1 to 100 characters on one line";
    query.parsed(faults, "category", expected, |text| CategoryName::parse("category", text).ok())
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;
    use crate::amplitude::date::moment_print;

    fn request(query: &str) -> HttpRequest {
        TestRequest::with_uri(&format!("/?{query}")).to_http_request()
    }

    fn at_fault<T>(read: Result<T, Faults>) -> Vec<String> {
        let faults = read.err().unwrap_or_default();
        faults.as_slice().iter().map(|fault| fault.field.clone()).collect()
    }

    #[test]
    fn filters_are_read() {
        let read = annotations_3_query(&request(
            "category=Releases&chart_id=c4cbl1k&start=2025-11-01T07:00:00+00:00&end=2025-11-30&limit=1000",
        ));
        let read = read.expect("a query");
        assert_eq!(read.filter.category.map(|name| name.folded()).as_deref(), Some("releases"));
        assert_eq!(read.filter.chart_id.as_deref(), Some("c4cbl1k"));
        assert_eq!(read.filter.since.map(moment_print).as_deref(), Some("2025-11-01T07:00:00+00:00"));
        assert_eq!(read.filter.until.map(moment_print).as_deref(), Some("2025-11-30T00:00:00+00:00"));
        assert_eq!((read.limit, read.after), (1_000, None));
        let read = annotations_3_query(&request("category=&chart_id=&start=&end=")).expect("a query");
        assert!(read.filter.category.is_none() && read.filter.chart_id.is_none() && read.filter.since.is_none());
        assert!(matches!(annotations_2_query(&request("id=17")), Ok(Annotations2Query::One(17))));
        assert!(matches!(annotations_2_query(&request("id=")), Ok(Annotations2Query::Part(_))));
    }

    #[test]
    fn every_parameter_at_fault_is_named() {
        let all = "category=%00&chart_id=a%0ab&start=soon&end=later&limit=1001&cursor=x&id=0";
        assert_eq!(
            at_fault(annotations_3_query(&request(all))),
            ["start", "end", "category", "chart_id", "limit", "cursor"]
        );
        assert_eq!(at_fault(annotations_2_query(&request(all))), ["id", "limit", "cursor"]);
        assert_eq!(at_fault(categories_query(&request(all))), ["category", "limit", "cursor"]);
        assert_eq!(at_fault(annotations_3_query(&request("start=2025-11-02&end=2025-11-01"))), ["end"]);
    }

    #[test]
    fn ids() {
        assert_eq!(id_of_path("annotation_id", "17"), Ok(17));
        for bad in ["", "0", "-1", "+1", "1.5", "x", "99999999999999999999", "\0", "bulk"] {
            let fault = id_of_path("annotation_id", bad);
            assert_eq!(fault.map_err(|fault| fault.field), Err("annotation_id".to_owned()), "{bad}");
        }
    }
}
