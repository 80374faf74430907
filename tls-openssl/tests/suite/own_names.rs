//! The name a client asks for, at a callback of the user's.

use std::sync::{Arc, Mutex};

use loopline_core::tls::TlsErrorKind;
use loopline_tls_openssl::openssl::ssl::{NameType, SniError, SslAlert};

use crate::certs::NAME;
use crate::end::{Cut, kind, refused_by};
use crate::library::{client, ready_server};
use crate::pair::{Pair, VERSIONS};

#[test]
fn the_users_callback_is_asked() {
    for version in VERSIONS {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let notes = Arc::clone(&seen);
        let server = ready_server(version, |context| {
            context.set_servername_callback(move |ssl, _| {
                let name = ssl.servername(NameType::HOST_NAME).map(str::to_owned);
                notes.lock().unwrap().push(name);
                Ok(())
            });
        });
        let client = client(version).build_client().unwrap();
        let pair = Pair::new(&client, &server).opened(Cut::Whole);
        assert_eq!(pair.server.session().server_name.as_deref(), Some(NAME));
        assert_eq!(*seen.lock().unwrap(), [Some(NAME.to_owned())]);
    }
}

#[test]
fn the_users_callback_may_know_no_certificate() {
    for version in VERSIONS {
        let server = ready_server(version, |context| {
            context.set_servername_callback(|_, alert| {
                *alert = SslAlert::ACCESS_DENIED;
                Err(SniError::ALERT_FATAL)
            });
        });
        let client = client(version).build_client().unwrap();
        let mut pair = Pair::new(&client, &server);
        let error = refused_by(&mut pair.client, &mut pair.server);
        assert_eq!(*error.kind(), TlsErrorKind::Library);
        let alert = pair.server.take_wire();
        assert_eq!(kind(pair.client.arrive(&alert)), TlsErrorKind::Alert(49));
    }
}
