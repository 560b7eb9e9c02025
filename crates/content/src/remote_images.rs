//! The choice to show images from other servers.

/// The choice to show images from other servers or not. Those servers would learn who reads the notes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RemoteImages {
    /// An image becomes a link to it, named by its alternative text.
    Refused,
    /// `http` and `https` images are shown, loaded lazily and without a referrer.
    Allowed,
}
