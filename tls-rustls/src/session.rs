//! What rustls says about a finished handshake.

use loopline_core::tls::{Session, TlsVersion};
use rustls::{CipherSuite, CommonState, HandshakeKind, ProtocolVersion};

/// The session of a connection whose handshake is done.
pub(crate) fn of(state: &CommonState, server_name: Option<&str>) -> Session {
    let version = match state.protocol_version() {
        Some(ProtocolVersion::TLSv1_2) => TlsVersion::Tls12,
        // rustls knows no third version.
        _ => TlsVersion::Tls13,
    };
    let suite = state
        .negotiated_cipher_suite()
        .map_or(CipherSuite::Unknown(0), |suite| suite.suite());
    let mut session = Session::new(version, u16::from(suite), suite_name(suite));
    session.alpn = state.alpn_protocol().map(<[u8]>::to_vec);
    session.server_name = server_name.map(str::to_owned);
    session.peer_certificates = state
        .peer_certificates()
        .unwrap_or_default()
        .iter()
        .map(|certificate| certificate.to_vec())
        .collect();
    session.resumed = state.handshake_kind() == Some(HandshakeKind::Resumed);
    session
}

/// IANA's name: rustls' own has another beginning for the suites of TLS 1.3.
fn suite_name(suite: CipherSuite) -> String {
    match suite.as_str() {
        Some(name) => match name.strip_prefix("TLS13_") {
            Some(rest) => format!("TLS_{rest}"),
            None => name.to_owned(),
        },
        None => format!("0x{:04x}", u16::from(suite)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Names and numbers of <https://www.iana.org/assignments/tls-parameters>.
    #[test]
    fn suites_have_the_names_of_the_registry() {
        for (number, name) in [
            (0x1301, "TLS_AES_128_GCM_SHA256"),
            (0x1302, "TLS_AES_256_GCM_SHA384"),
            (0x1303, "TLS_CHACHA20_POLY1305_SHA256"),
            (0xc02b, "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"),
            (0xc02c, "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384"),
            (0xc02f, "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"),
            (0xc030, "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384"),
            (0xcca8, "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256"),
            (0xcca9, "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256"),
            (0xfaf0, "0xfaf0"),
        ] {
            assert_eq!(suite_name(CipherSuite::from(number)), name);
        }
    }
}
