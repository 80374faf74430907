//! What the two ends agree on besides keys (lines B7, B32, B36).

use loopline_core::tls::{ServerName, TlsContext, TlsErrorKind, TlsVersion};

use crate::certs::{AUTHORITY, NAME};
use crate::end::{Cut, End, exchange, kind, refused_by};
use crate::library::{client, for_all, server};
use crate::pair::{Pair, VERSIONS};

#[test]
fn the_server_chooses_the_protocol() {
    for_all(|_, _, version, cut| {
        let client = client(version).alpn(["http/1.1", "h2"]);
        let server = server(version).alpn(["h2", "http/1.1"]);
        let (client, server) = (client.build_client(), server.build_server());
        let pair = Pair::new(&client.unwrap(), &server.unwrap()).opened(cut);
        assert_eq!(pair.client.session().alpn.as_deref(), Some(&b"h2"[..]));
        assert_eq!(pair.server.session().alpn.as_deref(), Some(&b"h2"[..]));
    });
}

#[test]
fn no_protocol_in_common_is_refused() {
    for version in VERSIONS {
        let client = client(version).alpn(["imap"]).build_client().unwrap();
        let server = server(version).alpn(["h2"]).build_server().unwrap();
        let mut pair = Pair::new(&client, &server);
        let error = refused_by(&mut pair.client, &mut pair.server);
        assert_eq!(*error.kind(), TlsErrorKind::Incompatible);
        let alert = pair.server.take_wire();
        // no_application_protocol (RFC 7301, section 3.2).
        assert_eq!(kind(pair.client.arrive(&alert)), TlsErrorKind::Alert(120));
    }
}

#[test]
fn one_side_without_protocols_agrees_on_none() {
    for version in VERSIONS {
        let client = client(version).alpn(["h2"]).build_client().unwrap();
        let server = server(version).build_server().unwrap();
        let pair = Pair::new(&client, &server).opened(Cut::Whole);
        assert_eq!(pair.client.session().alpn, None);
        assert_eq!(pair.server.session().alpn, None);
    }
}

/// Names of connections on one thread do not mix, also where a client sends none.
#[test]
fn every_connection_has_its_own_name() {
    let server = server(TlsVersion::Tls13).build_server().unwrap();
    let issued = AUTHORITY.issue("127.0.0.1", |_| {});
    let by_address = crate::library::server(TlsVersion::Tls13)
        .identity(issued.chain(), issued.key())
        .build_server()
        .unwrap();
    let client = client(TlsVersion::Tls13).build_client().unwrap();
    let mut first = Pair::new(&client, &server);
    let address = ServerName::try_from("127.0.0.1").unwrap();
    let mut second = Pair {
        client: End::started(client.client(&address).unwrap()),
        server: End::started(by_address.server().unwrap()),
    };
    let hellos = (first.client.take_wire(), second.client.take_wire());
    first.server.arrive(&hellos.0).unwrap();
    second.server.arrive(&hellos.1).unwrap();
    exchange(&mut second.client, &mut second.server, Cut::Whole).unwrap();
    exchange(&mut first.client, &mut first.server, Cut::Whole).unwrap();
    assert_eq!(first.server.session().server_name.as_deref(), Some(NAME));
    assert_eq!(second.server.session().server_name, None);
    assert_eq!(second.client.session().server_name, None);
}

/// RFC 6066, section 3: the name is sent without the dot that ends it.
#[test]
fn the_dot_behind_a_name_is_not_sent() {
    for version in VERSIONS {
        let client = client(version).build_client().unwrap();
        let server = server(version).build_server().unwrap();
        let dotted = ServerName::try_from(format!("{NAME}.")).unwrap();
        let mut client = End::started(client.client(&dotted).unwrap());
        let mut server = End::started(server.server().unwrap());
        exchange(&mut client, &mut server, Cut::Whole).unwrap();
        assert_eq!(client.session().server_name.as_deref(), Some(NAME));
        assert_eq!(server.session().server_name.as_deref(), Some(NAME));
    }
}
