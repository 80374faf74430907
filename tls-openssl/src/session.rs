//! What OpenSSL says about a finished handshake.

use loopline_core::tls::{Session, TlsVersion};
use openssl::ssl::{NameType, SslRef, SslVersion};
use openssl::x509::X509Ref;

/// The session of a connection whose handshake is done.
pub(crate) fn of(ssl: &SslRef, sent_name: Option<&str>) -> Session {
    let version = match ssl.version2() {
        Some(SslVersion::TLS1_3) => TlsVersion::Tls13,
        // A ready context may allow versions that came before, which have no
        // name here.
        _ => TlsVersion::Tls12,
    };
    let (number, name) = match ssl.current_cipher() {
        Some(suite) => (
            u16::from_be_bytes(suite.protocol_id()),
            suite.standard_name(),
        ),
        None => (0, None),
    };
    let name = name.map_or_else(|| format!("0x{number:04x}"), str::to_owned);
    let mut session = Session::new(version, number, name);
    session.alpn = ssl.selected_alpn_protocol().map(<[u8]>::to_vec);
    session.server_name = match ssl.is_server() {
        true => ssl.servername(NameType::HOST_NAME).map(str::to_owned),
        false => sent_name.map(str::to_owned),
    };
    session.peer_certificates = peer_certificates(ssl);
    session.resumed = ssl.session_reused();
    session
}

/// The peer's chain, its own certificate first.
fn peer_certificates(ssl: &SslRef) -> Vec<Vec<u8>> {
    let Some(own) = ssl.peer_certificate() else {
        return Vec::new();
    };
    let chain = ssl.peer_cert_chain();
    let chain = chain.map(|chain| chain.iter()).into_iter().flatten();
    // A client's chain begins with the server's certificate; a server's begins
    // with what is behind the client's, and a resumed one may be missing.
    let der = |certificate: &X509Ref| certificate.to_der().unwrap_or_default();
    let behind = chain.map(der).skip(usize::from(!ssl.is_server()));
    std::iter::once(der(&own)).chain(behind).collect()
}
