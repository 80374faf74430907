//! Who one is: certificates with their keys, chosen by name.

use std::collections::HashMap;

use rustls_pki_types::DnsName;

use super::{ConfigError, Pem};

/// A certificate, followed by those between it and a root, and its key.
#[derive(Clone, Debug)]
pub struct Identity {
    /// The chain of certificates, one's own first.
    pub chain: Pem,
    /// The key of the first.
    pub key: Pem,
}

/// The identities of a server, chosen by the name that a client asks for; a
/// client has at most the one that is for any name.
///
/// ```
/// use loopline_core::tls::{Identities, Identity, Pem};
///
/// let of = |name| Identity {
///     chain: Pem::file(format!("{name}/chain.pem")),
///     key: Pem::file(format!("{name}/key.pem")),
/// };
/// let identities = Identities::new()
///     .any(of("main"))
///     .named("example.test", of("example"))
///     .named("*.example.test", of("wildcard"));
/// # assert!(!identities.is_empty());
/// ```
#[derive(Clone, Debug, Default)]
pub struct Identities {
    any: Option<Identity>,
    named: Vec<(String, Identity)>,
}

impl Identities {
    /// None yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The one for clients that ask for no name, or for one that is not listed.
    /// Without it they are refused.
    #[must_use]
    pub fn any(mut self, identity: Identity) -> Self {
        self.any = Some(identity);
        self
    }

    /// The one for a name, or for all names one label below another:
    /// `*.example.test`. The exact name wins; a name that is given again
    /// replaces.
    #[must_use]
    pub fn named(mut self, name: impl Into<String>, identity: Identity) -> Self {
        self.named.push((name.into(), identity));
        self
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.any.is_none() && self.named.is_empty()
    }

    /// Makes of each what the library needs to show it.
    ///
    /// # Errors
    ///
    /// [`ConfigError::Name`] for a name that no client can ask for, and what
    /// `load` answers.
    pub fn load<T>(
        &self,
        mut load: impl FnMut(&Identity) -> Result<T, ConfigError>,
    ) -> Result<ByName<T>, ConfigError> {
        let mut loaded = ByName {
            any: self.any.as_ref().map(&mut load).transpose()?,
            named: HashMap::new(),
        };
        for (name, identity) in &self.named {
            let host = name.strip_prefix("*.").unwrap_or(name);
            if DnsName::try_from(host).is_err() {
                return Err(ConfigError::Name { name: name.clone() });
            }
            loaded.named.insert(key(name), load(identity)?);
        }
        Ok(loaded)
    }
}

/// Something for each name, and perhaps for any: what [`Identities::load`] has
/// made.
#[derive(Clone, Debug)]
pub struct ByName<T> {
    any: Option<T>,
    named: HashMap<String, T>,
}

impl<T> ByName<T> {
    /// The one for the name that a client asks for: the exact one, the one for
    /// all names beside it, the one for any (RFC 6125, section 6.4.3).
    #[must_use]
    pub fn choose(&self, asked: Option<&str>) -> Option<&T> {
        let named = asked.filter(|_| !self.named.is_empty()).and_then(|name| {
            let name = key(name);
            let beside = || self.named.get(&format!("*.{}", name.split_once('.')?.1));
            self.named.get(&name).or_else(beside)
        });
        named.or(self.any.as_ref())
    }

    /// The one for any name.
    #[must_use]
    pub fn any(&self) -> Option<&T> {
        self.any.as_ref()
    }
}

/// Names differ neither by case nor by the dot that ends them (RFC 6066, section
/// 3).
fn key(name: &str) -> String {
    name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn identity(name: &str) -> Identity {
        Identity {
            chain: Pem::file(name),
            key: Pem::file(name),
        }
    }

    fn chosen(identities: &Identities, asked: Option<&str>) -> Option<String> {
        let load = |identity: &Identity| Ok(identity.chain.origin().to_string());
        let loaded = identities.load(load).ok()?;
        loaded.choose(asked).cloned()
    }

    #[test]
    fn the_nearest_name_wins() {
        let all = Identities::new()
            .any(identity("any"))
            .named("a.test", identity("a"))
            .named("*.A.test", identity("below a"))
            .named("x.a.test", identity("x"));
        for (asked, expected) in [
            (None, "any"),
            (Some("b.test"), "any"),
            (Some("test"), "any"),
            (Some("A.TEST."), "a"),
            (Some("y.a.test"), "below a"),
            (Some("x.a.test"), "x"),
            (Some("z.y.a.test"), "any"),
        ] {
            assert_eq!(chosen(&all, asked).as_deref(), Some(expected), "{asked:?}");
        }
        let some = Identities::new().named("a.test", identity("a"));
        assert_eq!(chosen(&some, None), None);
        assert_eq!(chosen(&some, Some("b.test")), None);
    }

    #[test]
    fn none_is_none_whatever_the_name() {
        assert!(Identities::new().is_empty());
        assert!(!Identities::new().any(identity("any")).is_empty());
        let named = Identities::new().named("a.test", identity("a"));
        assert!(!named.is_empty());
    }

    #[test]
    fn no_name_is_refused() {
        for name in ["", ".", "a b", "*", "*.", "a.*.test", "127.0.0.1 "] {
            let identities = Identities::new().named(name, identity("x"));
            let error = identities.load(|_| Ok(())).err();
            assert!(matches!(error, Some(ConfigError::Name { .. })), "{name:?}");
        }
    }
}
