//! A client's sessions. OpenSSL tells of them and leaves it to others to keep
//! them.

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::sync::{Mutex, PoisonError};

use openssl::ssl::{SslSession, SslSessionRef, SslVersion};

/// How many servers are remembered; the one that was met first is forgotten
/// first.
const SERVERS: usize = 256;

/// How many tickets of a server are kept.
const TICKETS: usize = 8;

/// Sessions by the name of the server.
#[derive(Default)]
pub(crate) struct Sessions(Mutex<Kept>);

#[derive(Default)]
struct Kept {
    by_server: HashMap<Box<str>, VecDeque<SslSession>>,
    /// The servers in the order in which they were met.
    order: VecDeque<Box<str>>,
}

impl Sessions {
    /// Keeps a session.
    pub(crate) fn note(&self, server: &str, session: SslSession) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !kept.by_server.contains_key(server) {
            if kept.order.len() == SERVERS {
                if let Some(first) = kept.order.pop_front() {
                    kept.by_server.remove(&first);
                }
            }
            kept.order.push_back(server.into());
        }
        let tickets = kept.by_server.entry(server.into()).or_default();
        if !is_used_once(&session) {
            tickets.clear();
        } else if tickets.len() == TICKETS {
            tickets.pop_front();
        }
        tickets.push_back(session);
    }

    /// A session with the server, which is no longer kept if it may be used but
    /// once.
    pub(crate) fn take(&self, server: &str) -> Option<SslSession> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let tickets = kept.by_server.get_mut(server)?;
        let newest = tickets.pop_back()?;
        if !is_used_once(&newest) {
            tickets.push_back(newest.clone());
        }
        Some(newest)
    }
}

/// A ticket of TLS 1.3 that is used again lets an observer join connections
/// (RFC 8446, section C.4).
fn is_used_once(session: &SslSessionRef) -> bool {
    session.protocol_version() == SslVersion::TLS1_3
}

impl fmt::Debug for Sessions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sessions").finish_non_exhaustive()
    }
}
