//! Handing a prefix to consumers that know nothing of wasideps: as a view of the SDK ([`view`]), or
//! as variables ([`mod@env`]).

pub mod env;
pub mod view;
