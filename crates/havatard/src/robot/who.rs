//! The identity of a requester.

/// A signed-in person who asks something of the robot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Who {
    /// Their name, as shown to others: the account's, or one that they chose.
    pub name: String,
    /// The name of their account, which nobody chooses.
    pub account: String,
    /// Identifies the sign-in: two tabs of one sign-in share it.
    pub key: String,
    /// May take a held lease.
    pub admin: bool,
}
