//! Enumerations of the domain as schemas. A schema lists exactly the names that the code knows.

use std::str::FromStr;

use releasepage_auth::scope::Scope;
use releasepage_domain::{
    account::Role,
    announcement::DeliveryState,
    bump::Bump,
    consent::ConfirmWay,
    environment::Environment,
    group::{GroupState, Grouping},
    hook_delivery::HookResult,
    job::{JobState, Lane},
    page::CountedBy,
    release::ReleaseState,
    reply::ReplyMeaning,
    repository::RepositoryOrigin,
    repository_source::{BackfillState, SourceResult},
    subscriber::SubscriberState,
    subscription::SubscriptionOp,
    text::UnknownName,
};
use releasepage_sources::changelog_import::EntryResult;
use releasepage_web::badge::BadgeStyle;
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{ObjectBuilder, RefOr, Schema, schema::Type},
};

/// Declares a schema for each enumeration, to be named as the `value_type` of a field or a parameter.
macro_rules! names {
    ($($(#[doc = $documentation:literal])+ $schema:ident as $name:literal of $type:ty;)+) => {
        $(
            $(#[doc = $documentation])+
            pub enum $schema {}

            impl PartialSchema for $schema {
                fn schema() -> RefOr<Schema> {
                    names_schema(concat!($($documentation),+), <$type>::ALL.iter().map(|value| value.as_str()))
                }
            }

            impl ToSchema for $schema {
                fn name() -> std::borrow::Cow<'static, str> {
                    $name.into()
                }
            }
        )+

        /// Returns all schemas with their names, because parameters refer to them too.
        pub fn schemas() -> Vec<(String, RefOr<Schema>)> {
            vec![$(($schema::name().into_owned(), $schema::schema())),+]
        }
    };
}

names! {
    /// The source that reports a repository's releases: programs, or the webhook of a forge.
    RepositoryOriginName as "RepositoryOrigin" of RepositoryOrigin;
    /// The result of a webhook delivery from a forge.
    HookResultName as "HookResult" of HookResult;
    /// The state of the backfill of a repository.
    BackfillStateName as "BackfillState" of BackfillState;
    /// The result of the last request to a forge. `limited`: the forge wants fewer requests. `refused`: the forge does
    /// not give out the releases. `failed`: the request failed, or its answer cannot be used.
    SourceResultName as "SourceResult" of SourceResult;
    /// The size of a release for its readers.
    BumpName as "Bump" of Bump;
    /// The way a page's releases are grouped: not at all, by ReleasePage, or by an editor.
    GroupingName as "Grouping" of Grouping;
    /// The state of a group: releases still join it, it has its version, or it was withdrawn.
    GroupStateName as "GroupState" of GroupState;
    /// The state of a release.
    ReleaseStateName as "ReleaseState" of ReleaseState;
    /// The way the requests of a page key are counted: all together, or for each client address.
    CountedByName as "CountedBy" of CountedBy;
    /// The action that a reader asks for.
    SubscriptionOpName as "SubscriptionOp" of SubscriptionOp;
    /// The environment: for real use, or for tests with a test key.
    EnvironmentName as "Environment" of Environment;
    /// The state of a job.
    JobStateName as "JobState" of JobState;
    /// The lanes of the queue, in the order in which they are served.
    LaneName as "Lane" of Lane;
    /// The result for one version of a changelog.
    EntryResultName as "ChangelogVersionResult" of EntryResult;
    /// The role of a member in an organization.
    RoleName as "Role" of Role;
    /// The state of a subscriber.
    SubscriberStateName as "SubscriberState" of SubscriberState;
    /// The way consent becomes known: by a confirmation email, or because the back end vouches for it.
    ConfirmName as "Confirm" of ConfirmWay;
    /// The state of a message to a subscriber.
    DeliveryStateName as "DeliveryState" of DeliveryState;
    /// The cause of the last refusal of a message: a temporary problem, the reader's address, the sender (the operator
    /// must fix it), the message, or an unknown cause.
    ReplyMeaningName as "DeliveryFault" of ReplyMeaning;
    /// The style of a badge.
    BadgeStyleName as "BadgeStyle" of BadgeStyle;
    /// The scope of a token. Each scope allows all that the one before it allows, and more.
    ScopeName as "Scope" of Scope;
}

/// The kinds of address. There is only one.
pub enum AddressKind {
    /// The address of a mailbox.
    Email,
}

impl AddressKind {
    /// Returns the kind's name on the wire.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Email => "email",
        }
    }
}

impl FromStr for AddressKind {
    type Err = UnknownName;

    fn from_str(name: &str) -> Result<Self, UnknownName> {
        if name == Self::Email.as_str() { Ok(Self::Email) } else { Err(UnknownName) }
    }
}

impl PartialSchema for AddressKind {
    fn schema() -> RefOr<Schema> {
        names_schema("The kind of an address.", std::iter::once(Self::Email.as_str()))
    }
}

impl ToSchema for AddressKind {}

fn names_schema(documentation: &str, names: impl Iterator<Item = &'static str>) -> RefOr<Schema> {
    let object = ObjectBuilder::new().schema_type(Type::String).description(Some(documentation.trim()));
    object.enum_values(Some(names)).into()
}
