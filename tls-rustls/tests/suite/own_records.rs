//! Records that rustls has an own answer to.

use loopline_core::tls::{Progress, TlsErrorKind};

use crate::end::kind;
use crate::forge::{ALERT, HANDSHAKE, VICTIMS, victim};
use crate::forged_records::against_all;
use crate::pair::{Pair, VERSIONS};

#[test]
fn a_close_notify_may_have_any_level() {
    for level in [1, 2] {
        against_all(ALERT, &[level, 0], |end, result| {
            result.unwrap();
            assert_eq!(end.progress, Progress::PeerClosed);
        });
    }
}

/// A message that never ends: the coder takes nothing of it, so that the caller
/// sees it grow; and it ends at what a message may have.
#[test]
fn a_message_without_end_is_bounded() {
    for side in VICTIMS {
        for version in VERSIONS {
            let (mut end, mut forger) = victim(side, version);
            end.arrive(&forger.record(HANDSHAKE, &[24, 0, 0xff, 0xff]))
                .unwrap();
            for part in 1..=3 {
                end.arrive(&forger.record(HANDSHAKE, &[0; 16_000])).unwrap();
                assert!(end.input.len() > part * 16_000);
                end.send(b"between").unwrap();
            }
            let (mut end, mut forger) = victim(side, version);
            // One that says that it is 16 MiB long is refused for that.
            let first = forger.record(HANDSHAKE, &[24, 0xff, 0xff, 0xff]);
            assert_eq!(kind(end.arrive(&first)), TlsErrorKind::BadRecord);
        }
    }
}

/// What files over TLS are encrypted into is never cleared in between.
#[test]
fn data_is_encrypted_into_memory_that_is_there() {
    for version in VERSIONS {
        let mut pair = Pair::open(version);
        let mut room = [0; 1000];
        for _ in 0..3 {
            let filled = pair.client.send_into(b"0123456789", &mut room).unwrap();
            pair.server.arrive(&room[..filled]).unwrap();
            assert_eq!(pair.server.take_plain(), b"0123456789");
        }
    }
}
