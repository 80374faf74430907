//! What cases of TLS are made with.

pub(crate) mod authority;
pub(crate) mod clear;
pub(crate) mod cut;
pub(crate) mod machine;
pub(crate) mod pair;
pub(crate) mod parts;
pub(crate) mod peer;
pub(crate) mod relay;
pub(crate) mod stop;
pub(crate) mod upgrade;
