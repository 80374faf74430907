//! Certificates of an authority that lives as long as the tests.

use std::sync::LazyLock;

use loopline_core::tls::{Identity, Pem};
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, PKCS_ED25519,
};
use rustls::pki_types::PrivatePkcs8KeyDer;

/// The name that the server's certificate is for.
pub const NAME: &str = "example.test";

/// A certificate and its key, in PEM.
pub struct Issued {
    pub chain: String,
    pub key: String,
}

impl Issued {
    pub fn chain(&self) -> Pem {
        Pem::bytes(self.chain.clone())
    }

    pub fn key(&self) -> Pem {
        Pem::bytes(self.key.clone())
    }

    pub fn identity(&self) -> Identity {
        Identity {
            chain: self.chain(),
            key: self.key(),
        }
    }
}

pub struct Authority {
    pub root: String,
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    pub fn new(name: &str) -> Self {
        let mut params = CertificateParams::new([]).unwrap();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let key = KeyPair::generate().unwrap();
        let root = params.self_signed(&key).unwrap().pem();
        let issuer = Issuer::new(params, key);
        Self { root, issuer }
    }

    pub fn root(&self) -> Pem {
        Pem::bytes(self.root.clone())
    }

    /// A certificate for `name`, changed by `change`.
    pub fn issue(&self, name: &str, change: impl FnOnce(&mut CertificateParams)) -> Issued {
        self.issue_for(&KeyPair::generate().unwrap(), name, change)
    }

    /// The same for a key.
    pub fn issue_for(
        &self,
        key: &KeyPair,
        name: &str,
        change: impl FnOnce(&mut CertificateParams),
    ) -> Issued {
        let mut params = CertificateParams::new([name.to_owned()]).unwrap();
        params.extended_key_usages = vec![
            ExtendedKeyUsagePurpose::ServerAuth,
            ExtendedKeyUsagePurpose::ClientAuth,
        ];
        change(&mut params);
        let certificate = params.signed_by(key, &self.issuer).unwrap();
        Issued {
            chain: certificate.pem(),
            key: key.serialize_pem(),
        }
    }
}

/// The authority that both sides trust.
pub static AUTHORITY: LazyLock<Authority> = LazyLock::new(|| Authority::new("the root"));

/// An authority that nobody trusts.
pub static STRANGER: LazyLock<Authority> = LazyLock::new(|| Authority::new("a stranger"));

/// The server's.
pub static SERVER: LazyLock<Issued> = LazyLock::new(|| AUTHORITY.issue(NAME, |_| {}));

/// A client's.
pub static CLIENT: LazyLock<Issued> = LazyLock::new(|| AUTHORITY.issue("a-client.test", |_| {}));

/// A key of another kind than the others. rcgen writes its public half behind it
/// (RFC 5958), which OpenSSL 3.0 does not read: so that is left out.
pub fn ed25519() -> KeyPair {
    /// Version 0, the algorithm, and two strings around a seed of 32 bytes (RFC 8410,
    /// section 7).
    const HEAD: [u8; 16] = [
        0x30, 46, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 34, 4, 32,
    ];
    let whole = KeyPair::generate_for(&PKCS_ED25519)
        .unwrap()
        .serialize_der();
    let seed = &whole[HEAD.len()..HEAD.len() + 32];
    let key = PrivatePkcs8KeyDer::from([&HEAD, seed].concat());
    KeyPair::from_pkcs8_der_and_sign_algo(&key, &PKCS_ED25519).unwrap()
}
