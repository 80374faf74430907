//! A context out of files and switches.

use std::path::PathBuf;
use std::sync::Arc;

use loopline_core::tls::{
    ClientAuth, ConfigError, Identities, Identity, KeyLogFile, Pem, ServerCheck, TlsConfig,
    TlsError, TlsVersion,
};
use openssl::error::ErrorStack;
use openssl::ssl::{
    AlpnError, SslContext, SslContextBuilder, SslMethod, SslMode, SslOptions, SslSessionCacheMode,
    SslVerifyMode, SslVersion,
};
use openssl::stack::Stack;
use openssl::x509::verify::X509VerifyFlags;

use crate::certificates::{self, library};
use crate::context::{Makes, OpensslContext};
use crate::identities::{self, Chooser};
use crate::sys::Resuming;

/// The parts of an [`OpensslContext`]: a [`TlsConfig`].
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct Builder {
    config: TlsConfig,
}

impl From<TlsConfig> for Builder {
    fn from(config: TlsConfig) -> Self {
        Self { config }
    }
}

impl Builder {
    /// The certificate, followed by those between it and a root, and its key: a
    /// server's, or what a client shows to a server that asks for it.
    pub fn identity(mut self, chain: Pem, key: Pem) -> Self {
        let identities = std::mem::take(&mut self.config.identities);
        self.config.identities = identities.any(Identity { chain, key });
        self
    }

    /// A server's certificates and keys, chosen by the name that a client asks
    /// for. They can be replaced later:
    /// [`TlsContext::replace_identities`](loopline_core::tls::TlsContext::replace_identities).
    pub fn identities(mut self, identities: Identities) -> Self {
        self.config.identities = identities;
        self
    }

    /// Roots to verify the peer by. The first call replaces the system's, every
    /// further one adds. A server needs them for [`client_auth`](Self::client_auth).
    pub fn roots(mut self, roots: Pem) -> Self {
        self.config.roots.push(roots);
        self
    }

    /// Whether a server asks for certificates. It needs [`roots`](Self::roots):
    /// who may connect is not for the system to say.
    pub fn client_auth(mut self, client_auth: ClientAuth) -> Self {
        self.config.client_auth = client_auth;
        self
    }

    /// The protocols to offer or accept, best first (RFC 7301, line B36). A
    /// server refuses a client that offers others only.
    pub fn alpn<P: Into<Vec<u8>>>(mut self, protocols: impl IntoIterator<Item = P>) -> Self {
        self.config.alpn = protocols.into_iter().map(Into::into).collect();
        self
    }

    /// The lowest version to accept.
    pub fn min_version(mut self, version: TlsVersion) -> Self {
        self.config.min_version = version;
        self
    }

    /// The highest version to offer.
    pub fn max_version(mut self, version: TlsVersion) -> Self {
        self.config.max_version = version;
        self
    }

    /// Whether sessions are kept and resumed: a client's cache, a server's
    /// tickets and cache.
    pub fn resumption(mut self, on: bool) -> Self {
        self.config.resumption = on;
        self
    }

    /// Appends the secrets of every connection to a file, for a packet analyser
    /// (the format of NSS' `SSLKEYLOGFILE`). Who can read it can read the
    /// connections.
    pub fn key_log_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.config.key_log = Some(path.into());
        self
    }

    /// Takes identities that have expired. Peers refuse them.
    pub fn allow_expired_identities(mut self) -> Self {
        self.config.allow_expired_identities = true;
        self
    }

    /// Lets a client accept **any** certificate of a server. Whoever sits in
    /// between can read and change everything: for tests.
    pub fn danger_accept_any_certificate(mut self) -> Self {
        self.config.server_check = ServerCheck::DangerNothing;
        self
    }

    /// Lets a client accept a certificate that is valid, but for **another**
    /// name. Whoever has any valid certificate can sit in between.
    pub fn danger_accept_any_name(mut self) -> Self {
        self.config.server_check = ServerCheck::DangerNotTheName;
        self
    }

    /// A client's context. Reads the files.
    ///
    /// # Errors
    ///
    /// [`Config`](loopline_core::tls::TlsErrorKind::Config) with a
    /// [`ConfigError`] that names the file.
    pub fn build_client(self) -> Result<OpensslContext, TlsError> {
        self.config.check()?;
        let mut context = self.context(SslMethod::tls_client())?;
        let check = self.config.server_check;
        if check != ServerCheck::DangerNothing {
            context.set_cert_store(match &*self.config.roots {
                [] => certificates::system_roots()?,
                given => certificates::store(certificates::given_roots(given)?)?,
            });
        }
        let allow_expired = self.config.allow_expired_identities;
        let load = |identity: &_| certificates::load(identity, allow_expired);
        if let Some(identity) = self.config.identities.load(load)?.any() {
            identity.show(&mut context).map_err(library)?;
        }
        if !self.config.alpn.is_empty() {
            let protocols = self.config.alpn_wire();
            context.set_alpn_protos(&protocols).map_err(library)?;
        }
        let makes = if self.config.resumption {
            Makes::Resuming(Resuming::new(context).map_err(library)?)
        } else {
            Makes::Fresh(context.build())
        };
        Ok(OpensslContext::of_client(makes, Some(check)))
    }

    /// A server's context. Reads the files.
    ///
    /// # Errors
    ///
    /// [`Config`](loopline_core::tls::TlsErrorKind::Config) with a
    /// [`ConfigError`] that names the file.
    pub fn build_server(self) -> Result<OpensslContext, TlsError> {
        self.config.check()?;
        let allow_expired = self.config.allow_expired_identities;
        let identities = identities::load(&self.config.identities, allow_expired)?;
        let bare = self.server_context()?.build();
        let mut context = self.server_context()?;
        let chooser = Arc::new(Chooser::new(identities, bare, allow_expired));
        chooser.show_first(&mut context).map_err(library)?;
        let chooses = Arc::clone(&chooser);
        context.set_servername_callback(move |ssl, alert| chooses.answer(ssl, alert));
        Ok(OpensslContext::with_chooser(context.build(), chooser))
    }

    /// A server's without an identity.
    fn server_context(&self) -> Result<SslContextBuilder, ConfigError> {
        let mut context = self.context(SslMethod::tls_server())?;
        self.verify_clients(&mut context)?;
        if !self.config.alpn.is_empty() {
            let protocols = self.config.alpn.clone();
            context.set_alpn_select_callback(move |_, offered| {
                choose_protocol(&protocols, offered).ok_or(AlpnError::ALERT_FATAL)
            });
        }
        if self.config.resumption {
            // OpenSSL refuses to resume sessions with client certificates
            // without one; the cache is this context's alone.
            let id = context.set_session_id_context(b"loopline");
            id.map_err(library)?;
        } else {
            context.set_options(SslOptions::NO_TICKET);
            context.set_session_cache_mode(SslSessionCacheMode::OFF);
            context.set_num_tickets(0).map_err(library)?;
        }
        Ok(context)
    }

    /// What both sides have.
    fn context(&self, method: SslMethod) -> Result<SslContextBuilder, ConfigError> {
        let mut context = SslContext::builder(method).map_err(library)?;
        // A renegotiation is refused with a warning.
        context.set_options(SslOptions::NO_RENEGOTIATION | SslOptions::CIPHER_SERVER_PREFERENCE);
        // An idle connection has no buffers, which are 34 KB and cost a quarter
        // of a microsecond for each record; and what is behind one's own
        // certificate is what was given, and not what OpenSSL finds.
        context.set_mode(SslMode::RELEASE_BUFFERS | SslMode::NO_AUTO_CHAIN);
        let (min, max) = (self.config.min_version, self.config.max_version);
        set_versions(&mut context, min, max).map_err(library)?;
        if let Some(path) = &self.config.key_log {
            let file = KeyLogFile::open(path)?;
            context.set_keylog_callback(move |_, line| file.append(line));
        }
        Ok(context)
    }

    fn verify_clients(&self, context: &mut SslContextBuilder) -> Result<(), ConfigError> {
        let mode = match self.config.client_auth {
            ClientAuth::None => return Ok(()),
            ClientAuth::Optional => SslVerifyMode::PEER,
            ClientAuth::Required => SslVerifyMode::PEER | SslVerifyMode::FAIL_IF_NO_PEER_CERT,
        };
        context.set_verify(mode);
        let roots = certificates::given_roots(&self.config.roots)?;
        // Clients that have several certificates choose by these names.
        let mut names = Stack::new().map_err(library)?;
        for root in &roots {
            let name = root.subject_name().to_owned();
            name.and_then(|name| names.push(name)).map_err(library)?;
        }
        context.set_client_ca_list(names);
        context.set_cert_store(certificates::store(roots)?);
        Ok(())
    }
}

fn set_versions(
    context: &mut SslContextBuilder,
    min: TlsVersion,
    max: TlsVersion,
) -> Result<(), ErrorStack> {
    let of = |version| match version {
        TlsVersion::Tls12 => SslVersion::TLS1_2,
        // There is no third one.
        _ => SslVersion::TLS1_3,
    };
    context.set_min_proto_version(Some(of(min)))?;
    context.set_max_proto_version(Some(of(max)))?;
    // Each root that was given is trusted, also one that another has signed.
    context
        .verify_param_mut()
        .set_flags(X509VerifyFlags::PARTIAL_CHAIN)
}

/// The first of the server's protocols that the client offers (RFC 7301, section
/// 3.2); OpenSSL has checked that the offer is well-formed.
fn choose_protocol<'a>(server: &[Vec<u8>], offer: &'a [u8]) -> Option<&'a [u8]> {
    server.iter().find_map(|protocol| {
        let mut rest = offer;
        while let Some((length, after)) = rest.split_first() {
            let (offered, after) = after.split_at_checked(usize::from(*length))?;
            if offered == protocol {
                return Some(offered);
            }
            rest = after;
        }
        None
    })
}

#[cfg(test)]
mod tests {
    use super::choose_protocol;

    #[test]
    fn the_server_prefers_and_the_client_offers() {
        let server = [b"h2".to_vec(), b"http/1.1".to_vec()];
        for (offer, chosen) in [
            (&b"\x08http/1.1\x02h2"[..], Some(&b"h2"[..])),
            (b"\x04imap\x08http/1.1", Some(b"http/1.1")),
            (b"\x03\x02h2", None),
            (b"\x04imap", None),
            (b"", None),
        ] {
            assert_eq!(choose_protocol(&server, offer), chosen, "{offer:?}");
        }
    }
}
