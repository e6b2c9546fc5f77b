//! Handing a prefix to consumers that know nothing of wasideps: as an overlay of the SDK
//! ([`sdk_overlay`]), or as variables ([`mod@env`]).

pub mod env;
pub mod sdk_overlay;
