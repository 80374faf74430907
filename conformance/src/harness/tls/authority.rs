//! Certificates of an authority that lives as long as the program.

use std::sync::LazyLock;

use loopline_core::tls::{Identity, Pem};
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, date_time_ymd,
};

/// The name that servers' certificates are for.
pub(crate) const NAME: &str = "example.test";

/// A name that no certificate is for.
pub(crate) const OTHER_NAME: &str = "elsewhere.test";

/// An issuer of certificates.
pub(crate) struct Authority {
    /// Its own, in PEM.
    pub(crate) root: Pem,
    issuer: Issuer<'static, KeyPair>,
}

#[allow(
    clippy::expect_used,
    reason = "what is signed is the same in every run: either all of it can be, or none"
)]
impl Authority {
    fn new(name: &str) -> Self {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let key = KeyPair::generate().expect("a key");
        let root = params.self_signed(&key).expect("a certificate");
        let root = Pem::bytes(root.pem());
        let issuer = Issuer::new(params, key);
        Self { root, issuer }
    }

    /// A certificate for names, changed by `change`.
    fn issue(
        &self,
        names: impl IntoIterator<Item = String>,
        change: impl FnOnce(&mut CertificateParams),
    ) -> Identity {
        let names: Vec<_> = names.into_iter().collect();
        let mut params = CertificateParams::new(names).expect("names");
        params.extended_key_usages = vec![
            ExtendedKeyUsagePurpose::ServerAuth,
            ExtendedKeyUsagePurpose::ClientAuth,
        ];
        change(&mut params);
        let key = KeyPair::generate().expect("a key");
        let certificate = params.signed_by(&key, &self.issuer).expect("a certificate");
        Identity {
            chain: Pem::bytes(certificate.pem()),
            key: Pem::bytes(key.serialize_pem()),
        }
    }
}

fn named() -> [String; 2] {
    [NAME.to_owned(), "127.0.0.1".to_owned()]
}

/// The authority that both sides trust.
pub(crate) static AUTHORITY: LazyLock<Authority> =
    LazyLock::new(|| Authority::new("the authority of the suite"));

/// An authority that nobody trusts.
static STRANGER: LazyLock<Authority> = LazyLock::new(|| Authority::new("a stranger"));

/// A server's.
pub(crate) static SERVER: LazyLock<Identity> = LazyLock::new(|| AUTHORITY.issue(named(), |_| {}));

/// A client's.
pub(crate) static CLIENT: LazyLock<Identity> =
    LazyLock::new(|| AUTHORITY.issue(["a-client.test".to_owned()], |_| {}));

/// A server's of which the time is over.
pub(crate) static EXPIRED: LazyLock<Identity> = LazyLock::new(|| {
    AUTHORITY.issue(named(), |params| {
        params.not_before = date_time_ymd(2001, 1, 1);
        params.not_after = date_time_ymd(2002, 1, 1);
    })
});

/// A server's of which the time has not come.
pub(crate) static EARLY: LazyLock<Identity> = LazyLock::new(|| {
    AUTHORITY.issue(named(), |params| {
        params.not_before = date_time_ymd(4001, 1, 1);
        params.not_after = date_time_ymd(4002, 1, 1);
    })
});

/// A server's that nobody knows the issuer of.
pub(crate) static FOREIGN: LazyLock<Identity> = LazyLock::new(|| STRANGER.issue(named(), |_| {}));

/// One that is a client's alone.
pub(crate) static NO_SERVER: LazyLock<Identity> = LazyLock::new(|| {
    AUTHORITY.issue(named(), |params| {
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    })
});

/// A server's of 40 KB: its message spans several records.
pub(crate) static LARGE: LazyLock<Identity> = LazyLock::new(|| {
    let more = (0..800).map(|n| format!("a-name-that-takes-room-in-a-certificate-{n:05}.test"));
    AUTHORITY.issue(named().into_iter().chain(more), |_| {})
});
