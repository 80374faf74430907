//! A certificate for whoever has none.

use loopline::tls::{Identity, Pem};

use crate::exit::Failure;

/// A certificate that was made up for this process.
pub(crate) struct SelfSigned {
    /// In PEM, as the key is.
    pub(crate) certificate: String,
    key: String,
}

impl SelfSigned {
    /// For localhost, by name and by address, and for further names.
    ///
    /// # Errors
    ///
    /// Why there is no certificate.
    pub(crate) fn make(further: impl IntoIterator<Item = String>) -> Result<Self, Failure> {
        let names = ["localhost", "127.0.0.1", "::1"].map(str::to_owned);
        let mut names: Vec<_> = names.into_iter().chain(further).collect();
        names.sort_unstable();
        names.dedup();
        let made = rcgen::generate_simple_self_signed(names)
            .map_err(|error| Failure::job(format_args!("cannot make a certificate: {error}")))?;
        Ok(Self {
            certificate: made.cert.pem(),
            key: made.signing_key.serialize_pem(),
        })
    }

    /// What a server shows.
    pub(crate) fn identity(&self) -> Identity {
        Identity {
            chain: Pem::bytes(self.certificate.as_bytes()),
            key: Pem::bytes(self.key.as_bytes()),
        }
    }
}
