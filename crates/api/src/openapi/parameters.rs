//! Parameters that several operations share.

use serde_json::{Value, json};
use utoipa::IntoParams;

/// Which part of a list that is sorted by time is asked for.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes the query, which is read parameter by parameter")]
pub struct TimeListParameters {
    /// How many entries the answer has at most.
    #[param(minimum = 1, maximum = 100, default = 20, value_type = Option<u32>)]
    limit: Option<u32>,
    /// Where the part begins: `next` of the part before it.
    #[param(pattern = "^(0([0-2][0-9a-f]|3[0-7])[0-9a-f]{13}[0-9A-Za-z]{1,64})?$")]
    cursor: Option<String>,
}

/// Which part of a list that is sorted by number is asked for.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes the query, which is read parameter by parameter")]
pub struct ListParameters {
    /// How many entries the answer has at most.
    #[param(minimum = 1, maximum = 100, default = 20, value_type = Option<u32>)]
    limit: Option<u32>,
    /// Where the part begins: `next` of the part before it.
    #[param(pattern = "^([0-7][0-9a-f]{15})?$")]
    cursor: Option<String>,
}

/// Which part of a list of deliveries is asked for.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes the query, which is read parameter by parameter")]
pub struct DeliveryListParameters {
    /// How many entries the answer has at most.
    #[param(minimum = 1, maximum = 100, default = 20, value_type = Option<u32>)]
    limit: Option<u32>,
    /// Where the part begins: `next` of the part before it.
    #[param(pattern = "^([0-7][0-9a-f]{15}[0-7][0-9a-f]{15})?$")]
    cursor: Option<String>,
}

/// Which part of a list of annotations is asked for.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes the query, which is read parameter by parameter")]
pub struct AnnotationListParameters {
    /// How many entries the answer has at most.
    #[param(minimum = 1, maximum = 1000, default = 1000, value_type = Option<u32>)]
    limit: Option<u32>,
    /// Where the part begins: `next` of the part before it.
    #[param(pattern = "^(0([0-2][0-9a-f]|3[0-7])[0-9a-f]{13}[0-9]{1,18})?$")]
    cursor: Option<String>,
}

/// Which part of a list of categories of annotations is asked for.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes the query, which is read parameter by parameter")]
pub struct CategoryListParameters {
    /// How many entries the answer has at most.
    #[param(minimum = 1, maximum = 1000, default = 1000, value_type = Option<u32>)]
    limit: Option<u32>,
    /// Where the part begins: `next` of the part before it.
    #[param(pattern = "^([0-7][0-9a-f]{15})?$")]
    cursor: Option<String>,
}

/// The parameters of paths, by their name in `routes.rs`: schema and description.
pub fn path_parameter(name: &str) -> Option<Value> {
    let number = json!({ "type": "integer", "format": "int64", "minimum": 1 });
    let (schema, description) = match name {
        "page_id" => (json!({ "$ref": "#/components/schemas/PageId" }), "The page"),
        "release_id" => (json!({ "$ref": "#/components/schemas/ReleaseId" }), "The release"),
        "component_id" => (number, "The component"),
        "group_id" => (number, "The group"),
        "repository_id" => (number, "The repository"),
        "app_id" => (number, "The project"),
        "subscriber_id" => (number, "The subscriber"),
        "delivery_id" => (number, "The delivery"),
        "announcement_id" => (number, "The announcement"),
        "suppression_id" => {
            (json!({ "type": "string", "minLength": 1, "maxLength": 254 }), "The subscriber's id, or the address")
        }
        "job_id" => (number, "The job"),
        "token_id" => (number, "The token"),
        "message_id" => (number, "The message"),
        "annotation_id" => (number, "The annotation"),
        "category_id" => (number, "The category of annotations"),
        _ => return None,
    };
    Some(json!({ "name": name, "in": "path", "required": true, "description": description, "schema": schema }))
}
