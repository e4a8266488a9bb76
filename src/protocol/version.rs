//! The number of the protocol.

/// The number of the protocol that this program speaks.
pub const VERSION: u32 = 3;
