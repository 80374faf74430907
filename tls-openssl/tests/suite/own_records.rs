//! Records that OpenSSL has an own answer to.

use loopline_core::tls::{Progress, TlsErrorKind, TlsVersion};

use crate::end::kind;
use crate::forge::{ALERT, HANDSHAKE, VICTIMS, Victim, victim};
use crate::forged_records::against_all;
use crate::pair::VERSIONS;

/// A fatal one is an end too, but in TLS 1.2 none that OpenSSL calls clean.
#[test]
fn a_close_notify_may_have_any_level() {
    for level in [1, 2] {
        against_all(ALERT, &[level, 0], |end, result| match result {
            Ok(()) => assert_eq!(end.progress, Progress::PeerClosed),
            Err(kind) => {
                assert_eq!((level, kind), (2, TlsErrorKind::Alert(0)));
                assert_eq!(end.session().version, TlsVersion::Tls12);
            }
        });
    }
}

/// A message that never ends is refused for what it says of its length, before
/// there is much of it.
#[test]
fn a_message_without_end_is_bounded() {
    for side in VICTIMS {
        for version in VERSIONS {
            for message in [4, 11, 20, 24] {
                let (mut end, mut forger) = victim(side, version);
                let first = forger.record(HANDSHAKE, &[message, 0xff, 0xff, 0xff]);
                assert_eq!(kind(end.arrive(&first)), TlsErrorKind::BadRecord);
            }
        }
    }
    // The longest that may come: a ticket of 64 KiB.
    let (mut end, mut forger) = victim(Victim::Client, TlsVersion::Tls13);
    end.arrive(&forger.record(HANDSHAKE, &[4, 0, 0xff, 0xff]))
        .unwrap();
    for _ in 0..4 {
        end.arrive(&forger.record(HANDSHAKE, &[0; 16_000])).unwrap();
    }
    let last = forger.record(HANDSHAKE, &[0; 16_000]);
    assert_eq!(kind(end.arrive(&last)), TlsErrorKind::BadRecord);
}
