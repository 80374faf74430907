//! A peer with the keys of a real connection and no rules: it seals whatever it
//! is told to.

use std::sync::Arc;

use loopline_core::tls::{Progress, TlsContext, TlsVersion};
use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, Nonce, UnboundKey};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{
    CipherSuite, ClientConfig, ClientConnection, Connection, ConnectionTrafficSecrets,
    RootCertStore, ServerConfig, ServerConnection, SupportedProtocolVersion, version,
};

use crate::certs::{AUTHORITY, SERVER};
use crate::end::{End, records};
use crate::library::{client, server};
use crate::pair::name;

pub const ALERT: u8 = 21;
pub const HANDSHAKE: u8 = 22;
pub const DATA: u8 = 23;

/// Which side the coder under test is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Victim {
    Client,
    Server,
}

pub const VICTIMS: [Victim; 2] = [Victim::Client, Victim::Server];

/// One direction.
struct Keys {
    key: LessSafeKey,
    iv: [u8; 12],
    number: u64,
}

impl Keys {
    fn new((number, secrets): (u64, ConnectionTrafficSecrets)) -> Self {
        let ConnectionTrafficSecrets::Chacha20Poly1305 { key, iv } = secrets else {
            panic!("the suites were chosen to be of ChaCha20");
        };
        Self {
            key: LessSafeKey::new(UnboundKey::new(&CHACHA20_POLY1305, key.as_ref()).unwrap()),
            iv: iv.as_ref().try_into().unwrap(),
            number,
        }
    }

    /// The nonce of the next record (RFC 8446, section 5.3; RFC 7905).
    fn nonce(&mut self) -> (u64, Nonce) {
        let number = self.number;
        self.number += 1;
        let mut nonce = self.iv;
        for (byte, of_number) in nonce[4..].iter_mut().zip(number.to_be_bytes()) {
            *byte ^= of_number;
        }
        (number, Nonce::assume_unique_for_key(nonce))
    }
}

/// The peer.
pub struct Forger {
    version: TlsVersion,
    seals: Keys,
    opens: Keys,
}

impl Forger {
    /// A record of any type with any content.
    pub fn record(&mut self, kind: u8, content: &[u8]) -> Vec<u8> {
        let mut sealed = content.to_vec();
        let (number, nonce) = self.seals.nonce();
        let (outer, aad) = match self.version {
            TlsVersion::Tls12 => (kind, aad12(number, kind, content.len())),
            _ => {
                sealed.push(kind);
                (DATA, header(DATA, sealed.len() + 16).to_vec())
            }
        };
        self.seals
            .key
            .seal_in_place_append_tag(nonce, Aad::from(aad), &mut sealed)
            .unwrap();
        let mut record = header(outer, sealed.len()).to_vec();
        record.extend_from_slice(&sealed);
        record
    }

    /// What the coder under test has sent: types and contents.
    pub fn open(&mut self, wire: &[u8]) -> Vec<(u8, Vec<u8>)> {
        let mut opened = Vec::new();
        for (start, end) in records(wire) {
            let record = &wire[start..end];
            let mut sealed = record[5..].to_vec();
            let (number, nonce) = self.opens.nonce();
            let aad = match self.version {
                TlsVersion::Tls12 => aad12(number, record[0], sealed.len() - 16),
                _ => record[..5].to_vec(),
            };
            let plain = self
                .opens
                .key
                .open_in_place(nonce, Aad::from(aad), &mut sealed);
            let plain = plain.unwrap();
            opened.push(match self.version {
                TlsVersion::Tls12 => (record[0], plain.to_vec()),
                _ => (plain[plain.len() - 1], plain[..plain.len() - 1].to_vec()),
            });
        }
        opened
    }
}

fn header(kind: u8, len: usize) -> [u8; 5] {
    let len = (len as u16).to_be_bytes();
    [kind, 3, 3, len[0], len[1]]
}

fn aad12(number: u64, kind: u8, len: usize) -> Vec<u8> {
    let mut aad = number.to_be_bytes().to_vec();
    aad.extend_from_slice(&header(kind, len));
    aad
}

fn suites() -> Arc<CryptoProvider> {
    let mut provider = rustls::crypto::ring::default_provider();
    provider.cipher_suites.retain(|suite| {
        matches!(
            suite.suite(),
            CipherSuite::TLS13_CHACHA20_POLY1305_SHA256
                | CipherSuite::TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256
        )
    });
    Arc::new(provider)
}

fn peer(victim: Victim, version: TlsVersion) -> Connection {
    let versions: [&'static SupportedProtocolVersion; 1] = match version {
        TlsVersion::Tls12 => [&version::TLS12],
        _ => [&version::TLS13],
    };
    match victim {
        Victim::Server => {
            let mut roots = RootCertStore::empty();
            let root = CertificateDer::from_pem_slice(AUTHORITY.root.as_bytes()).unwrap();
            roots.add(root).unwrap();
            let mut config = ClientConfig::builder_with_provider(suites())
                .with_protocol_versions(&versions)
                .unwrap()
                .with_root_certificates(roots)
                .with_no_client_auth();
            config.enable_secret_extraction = true;
            Connection::Client(ClientConnection::new(Arc::new(config), name()).unwrap())
        }
        Victim::Client => {
            let chain = CertificateDer::from_pem_slice(SERVER.chain.as_bytes()).unwrap();
            let key = PrivateKeyDer::from_pem_slice(SERVER.key.as_bytes()).unwrap();
            let mut config = ServerConfig::builder_with_provider(suites())
                .with_protocol_versions(&versions)
                .unwrap()
                .with_no_client_auth()
                .with_single_cert(vec![chain], key)
                .unwrap();
            config.enable_secret_extraction = true;
            Connection::Server(ServerConnection::new(Arc::new(config)).unwrap())
        }
    }
}

/// A coder whose handshake with a real peer is done, and the forger that has
/// taken that peer's place.
pub fn victim(side: Victim, version: TlsVersion) -> (End, Forger) {
    let coder = match side {
        Victim::Client => client(version).build_client().unwrap().client(&name()),
        Victim::Server => server(version).build_server().unwrap().server(),
    };
    let mut end = End::started(coder.unwrap());
    let mut peer = peer(side, version);
    loop {
        let mut to_end = Vec::new();
        while peer.wants_write() {
            peer.write_tls(&mut to_end).unwrap();
        }
        let to_peer = end.take_wire();
        if to_end.is_empty() && to_peer.is_empty() {
            break;
        }
        end.arrive(&to_end).unwrap();
        let mut rest = &to_peer[..];
        while !rest.is_empty() {
            peer.read_tls(&mut rest).unwrap();
            peer.process_new_packets().unwrap();
        }
    }
    assert_eq!(end.progress, Progress::Open);
    let secrets = match peer {
        Connection::Client(peer) => peer.dangerous_extract_secrets(),
        Connection::Server(peer) => peer.dangerous_extract_secrets(),
    };
    let secrets = secrets.unwrap();
    let forger = Forger {
        version,
        seals: Keys::new(secrets.tx),
        opens: Keys::new(secrets.rx),
    };
    (end, forger)
}
