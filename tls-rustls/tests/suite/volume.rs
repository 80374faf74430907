//! A lot of data in random pieces (line B51).

use loopline_core::tls::TlsVersion;

use crate::end::Cut;
use crate::pair::{Pair, VERSIONS};
use crate::random::Random;

const TOTAL: usize = 64 << 20;

/// Both ways at once, in writes and reads of any size, with new keys now and
/// then: every byte arrives once, and in order.
#[test]
fn megabytes_in_random_pieces() {
    for version in VERSIONS {
        let mut random = Random::new(7);
        let pattern = random.bytes(1 << 20);
        let mut pair = Pair::open(version);
        let mut sent = [0_usize; 2];
        let mut got = [0_usize; 2];
        // What is on its way to the server, and to the client.
        let mut ways = [Vec::new(), Vec::new()];
        while got[0] + got[1] < TOTAL {
            for way in 0..2 {
                let (from, to) = match way {
                    0 => (&mut pair.client, &mut pair.server),
                    _ => (&mut pair.server, &mut pair.client),
                };
                if sent[way] < TOTAL / 2 {
                    let at = sent[way] % pattern.len();
                    let len = piece(&mut random).min(pattern.len() - at);
                    let len = len.min(TOTAL / 2 - sent[way]);
                    from.send(&pattern[at..at + len]).unwrap();
                    sent[way] += len;
                }
                if version == TlsVersion::Tls13 && random.below(200) == 0 {
                    from.update_keys().unwrap();
                }
                ways[way].append(&mut from.wire);
                let len = piece(&mut random).min(ways[way].len());
                to.arrive(&ways[way][..len]).unwrap();
                ways[way].drain(..len);
                if ways[way].len() > 1 << 20 {
                    to.arrive(&ways[way]).unwrap();
                    ways[way].clear();
                }
                check(&to.take_plain(), &mut got[way], &pattern);
            }
        }
        assert_eq!(got, [TOTAL / 2; 2]);
        pair.talk(b"the end", Cut::Bytes);
    }
}

fn piece(random: &mut Random) -> usize {
    match random.below(4) {
        0 => 1 + random.below(10),
        1 => 1 + random.below(2000),
        2 => 1 + random.below(40_000),
        _ => 1 + random.below(200_000),
    }
}

fn check(mut data: &[u8], got: &mut usize, pattern: &[u8]) {
    while !data.is_empty() {
        let at = *got % pattern.len();
        let len = data.len().min(pattern.len() - at);
        assert!(data[..len] == pattern[at..at + len]);
        *got += len;
        data = &data[len..];
    }
}
