//! Tests of the folder `announcements`.

mod deliveries;
mod delivery_lists;
mod mailbox;
mod spreading;
