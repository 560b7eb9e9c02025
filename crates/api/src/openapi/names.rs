//! Enumerations of the domain as schemas: the names that a field may have are those that the code knows.

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

        /// All of them, with their names: parameters refer to them too.
        pub fn schemas() -> Vec<(String, RefOr<Schema>)> {
            vec![$(($schema::name().into_owned(), $schema::schema())),+]
        }
    };
}

names! {
    /// What tells of a repository's releases: programs, or the webhook of a forge.
    RepositoryOriginName as "RepositoryOrigin" of RepositoryOrigin;
    /// What came of a delivery of a forge.
    HookResultName as "HookResult" of HookResult;
    /// How far the fetching of a repository's history is.
    BackfillStateName as "BackfillState" of BackfillState;
    /// What came of the last request to a forge: `limited`, it wants to be asked less; `refused`, it does not hand out the
    /// releases; `failed`, it could not be asked, or its answer not be used.
    SourceResultName as "SourceResult" of SourceResult;
    /// What a release is to its readers.
    BumpName as "Bump" of Bump;
    /// Who puts a page's releases together: nobody, ReleasePage, or an editor.
    GroupingName as "Grouping" of Grouping;
    /// Where a group stands: releases still join it, it has its version, or it was taken back.
    GroupStateName as "GroupState" of GroupState;
    /// Where a release is in its life.
    ReleaseStateName as "ReleaseState" of ReleaseState;
    /// How the requests of a page key are counted: all together, or for each client address.
    CountedByName as "CountedBy" of CountedBy;
    /// What a reader asks for.
    SubscriptionOpName as "SubscriptionOp" of SubscriptionOp;
    /// Whether something is for real, or was asked for with a test key.
    EnvironmentName as "Environment" of Environment;
    /// Where a job stands.
    JobStateName as "JobState" of JobState;
    /// The lanes of the queue, in the order in which they are served.
    LaneName as "Lane" of Lane;
    /// What became of a version of a changelog.
    EntryResultName as "ChangelogVersionResult" of EntryResult;
    /// What a member may do in an organization.
    RoleName as "Role" of Role;
    /// Where a subscriber stands.
    SubscriberStateName as "SubscriberState" of SubscriberState;
    /// How somebody's yes comes to be known: they are asked by mail, or the back end vouches for their consent.
    ConfirmName as "Confirm" of ConfirmWay;
    /// Where a message to a subscriber stands.
    DeliveryStateName as "DeliveryState" of DeliveryState;
    /// What the last refusal of a message was about: the moment, the reader's address, the sender, which is for the
    /// operator to mend, the message, or nothing that can be told.
    ReplyMeaningName as "DeliveryFault" of ReplyMeaning;
    /// The style of a badge.
    BadgeStyleName as "BadgeStyle" of BadgeStyle;
    /// What a token allows, each what the one before it allows, and more.
    ScopeName as "Scope" of Scope;
}

/// The kinds of address: there is only one.
pub enum AddressKind {
    /// The address of a mailbox.
    Email,
}

impl AddressKind {
    /// The kind's name on the wire.
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
