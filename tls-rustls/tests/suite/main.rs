//! The coder and the context, against each other and against a peer that breaks
//! every rule.
#![allow(
    clippy::unwrap_used,
    unreachable_pub,
    reason = "a test that cannot go on has failed, and nothing is reached from outside"
)]

mod certs;
mod end;
mod forge;
mod library;
mod pair;
mod random;

mod alpn_and_names;
mod bad_certificates;
mod bad_input;
mod client_certificates;
mod closing;
mod configuration;
mod data;
mod forged_records;
mod handshakes;
mod identities;
mod key_updates;
mod own_handshakes;
mod own_names;
mod own_records;
mod own_sessions;
mod pending_fragment;
mod resumption;
mod volume;
