//! The coder and the context, against each other and against a peer that breaks
//! every rule.
#![allow(
    clippy::unwrap_used,
    unreachable_pub,
    reason = "a test that cannot go on has failed, and nothing is reached from outside"
)]

// What both coders are tested with and for alike stands once, beside the older
// one.
#[path = "../../../tls-rustls/tests/suite/certs.rs"]
mod certs;
#[path = "../../../tls-rustls/tests/suite/end.rs"]
mod end;
#[path = "../../../tls-rustls/tests/suite/forge.rs"]
mod forge;
mod peers;
#[path = "../../../tls-rustls/tests/suite/random.rs"]
mod random;

mod alpn_and_names;
mod bad_certificates;
#[path = "../../../tls-rustls/tests/suite/bad_input.rs"]
mod bad_input;
mod client_certificates;
mod closing;
mod configuration;
mod cross;
#[path = "../../../tls-rustls/tests/suite/data.rs"]
mod data;
mod forged_records;
mod handshakes;
mod identities;
mod key_updates;
mod pending_fragment;
mod resumption;
mod volume;
