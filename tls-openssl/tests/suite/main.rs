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
mod library;
#[path = "../../../tls-rustls/tests/suite/pair.rs"]
mod pair;
#[path = "../../../tls-rustls/tests/suite/random.rs"]
mod random;

#[path = "../../../tls-rustls/tests/suite/alpn_and_names.rs"]
mod alpn_and_names;
#[path = "../../../tls-rustls/tests/suite/bad_certificates.rs"]
mod bad_certificates;
#[path = "../../../tls-rustls/tests/suite/bad_input.rs"]
mod bad_input;
#[path = "../../../tls-rustls/tests/suite/client_certificates.rs"]
mod client_certificates;
#[path = "../../../tls-rustls/tests/suite/closing.rs"]
mod closing;
#[path = "../../../tls-rustls/tests/suite/configuration.rs"]
mod configuration;
mod cross;
#[path = "../../../tls-rustls/tests/suite/data.rs"]
mod data;
#[path = "../../../tls-rustls/tests/suite/forged_records.rs"]
mod forged_records;
#[path = "../../../tls-rustls/tests/suite/handshakes.rs"]
mod handshakes;
#[path = "../../../tls-rustls/tests/suite/identities.rs"]
mod identities;
mod key_updates;
mod own_handshakes;
mod own_names;
mod own_records;
mod own_sessions;
mod pending_fragment;
#[path = "../../../tls-rustls/tests/suite/resumption.rs"]
mod resumption;
mod volume;
