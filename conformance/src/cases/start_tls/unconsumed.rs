//! What the coder does not take at once, on a coder that says when it does.

use std::rc::Rc;

use loopline_core::Transport;
use loopline_core::tls::{StartTlsError, TlsErrorKind, UNCONSUMED_LIMIT};

use crate::case::{Case, case};
use crate::context::Context;
use crate::harness::files;
use crate::harness::recorder::Call;
use crate::harness::tls::clear::{CLOSE, Clear};
use crate::harness::tls::upgrade::{Link, Upgrade, once};
use crate::verdict::{Outcome, Stop};

pub(super) const CASES: &[Case] = &[
    case!(
        T2,
        as_much_may_wait_as_a_handshake_takes,
        "So much as the limit says may wait for the rest of a handshake message; one byte more ends the handshake."
    ),
    case!(
        T2,
        records_wait_for_each_other,
        "A message of several records, cut anywhere, is given to the coder as a whole, in order."
    ),
    case!(
        B21,
        any_amount_may_come_with_the_end_of_the_handshake,
        "What comes right behind the handshake waits for the caller, also if it is more than a handshake may have."
    ),
    case!(
        B73,
        any_amount_may_come_behind_the_end,
        "What comes behind the peer's close_notify is no error, however much it is."
    ),
];

/// The loop has read all that the peer has said.
async fn heard(upgrade: &Upgrade<'_>, link: &mut Link) -> Outcome {
    link.peer
        .until(upgrade.scene, super::Peer::has_written)
        .await?;
    link.peer.steps(upgrade.scene, 20).await
}

fn as_much_may_wait_as_a_handshake_takes(context: &Context) -> Outcome {
    once(context, async |upgrade| {
        for missing in [1, 2] {
            let mut link = upgrade.plain().await?;
            let tls = Clear {
                handshake: UNCONSUMED_LIMIT + missing,
            };
            let mut starting = upgrade.starting(&link, &tls, upgrade.options());
            // No record ends within.
            link.peer.say(&vec![0; UNCONSUMED_LIMIT]);
            let hearing = heard(upgrade, &mut link);
            upgrade
                .scene
                .while_pending(&mut starting, hearing)
                .await??;
            link.peer.say(&[0]);
            let started = link.peer.alongside(upgrade.scene, starting).await?;
            if missing == 1 {
                assert!(started.is_ok(), "{started:?}");
                link.transport.abort();
                continue;
            }
            let Err(StartTlsError::Handshake(error)) = started else {
                return Err(Stop::failed("more than the limit waits"));
            };
            assert_eq!(*error.kind(), TlsErrorKind::TooMuchInput);
            upgrade.lost(&mut link).await?;
        }
        Ok(())
    })
}

fn records_wait_for_each_other(context: &Context) -> Outcome {
    once(context, async |upgrade| {
        let record = [&[22, 3, 3, 0, 100][..], &[0; 100]].concat();
        let flight = record.repeat(3);
        for cut in [105, 110, 115, 209, 210, 211, 300] {
            let mut link = upgrade.plain().await?;
            let tls = Clear {
                handshake: flight.len(),
            };
            let mut starting = upgrade.starting(&link, &tls, upgrade.options());
            let (first, second) = flight.split_at(cut);
            link.peer.say(first);
            let hearing = heard(upgrade, &mut link);
            upgrade
                .scene
                .while_pending(&mut starting, hearing)
                .await??;
            link.peer.say_now(second)?;
            // Nothing more will come, so that what is kept must be enough.
            let over = upgrade.scene.ready_within(&mut starting, 1_000).await?;
            assert!(over, "cut at {cut}");
            link.transport.abort();
        }
        Ok(())
    })
}

/// More than may wait, and less than one read takes.
const MUCH: usize = 2 * UNCONSUMED_LIMIT;

/// An upgrade that the peer makes with these bytes, which all come at once.
async fn upgraded(upgrade: &Upgrade<'_>, bytes: &[u8]) -> Result<(Rc<dyn Transport>, Link), Stop> {
    let mut link = upgrade.plain().await?;
    // The loop reads no sooner than it makes a turn.
    link.peer.say_now(bytes)?;
    let starting = upgrade.starting(&link, &Clear { handshake: 10 }, upgrade.options());
    let transport = link.peer.alongside(upgrade.scene, starting).await??;
    Ok((transport.0, link))
}

fn any_amount_may_come_with_the_end_of_the_handshake(context: &Context) -> Outcome {
    once(context, async |upgrade| {
        let data = vec![b'x'; MUCH];
        let (transport, mut link) = upgraded(upgrade, &[&[0; 10], &data[..]].concat()).await?;
        assert_eq!(link.log.calls(), [Call::Made]);
        assert!(upgrade.data(&mut link, MUCH).await? == data);
        transport.abort();
        Ok(())
    })
}

fn any_amount_may_come_behind_the_end(context: &Context) -> Outcome {
    once(context, async |upgrade| {
        let (_transport, mut link) = upgraded(upgrade, &[0; 10]).await?;
        let behind = files::content(MUCH);
        link.peer
            .say_now(&[b"data", &[CLOSE][..], &behind].concat())?;
        assert_eq!(upgrade.lost(&mut link).await?, None);
        let calls = [Call::Made, Call::Data(4), Call::Eof, Call::Lost(None)];
        assert_eq!(link.log.calls(), calls);
        Ok(())
    })
}
