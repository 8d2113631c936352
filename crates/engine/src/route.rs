//! The router.

/// Version of the routing function.
pub const ROUTER_VERSION: u32 = 1;
