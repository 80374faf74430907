//! A stream that is upgraded.

use loopline_core::tls::{StartTlsError, TlsErrorKind};
use loopline_core::{ReadErrorKind, Stream};

use crate::TlsSide;
use crate::case::{Case, case};
use crate::context::Context;
use crate::harness::files;
use crate::harness::tls::upgrade::{Link, Upgrade, over_cuts, over_sides};
use crate::verdict::{Outcome, Stop};

pub(super) const CASES: &[Case] = &[
    case!(
        B19,
        a_stream_hands_over_what_it_has_read_ahead,
        "The beginning of the peer's handshake, read ahead by a stream, goes to the coder by itself."
    ),
    case!(
        B20,
        a_stream_obeys_nothing_that_was_slipped_in,
        "Plaintext behind the command to upgrade, read ahead by a stream, fails as a bad record and is never read."
    ),
    case!(
        B34,
        a_stream_reads_and_writes_through_tls,
        "After its upgrade a stream reads, writes and slows its peer down through TLS, also if reading was paused before."
    ),
];

/// The stream of a plain connection, with the peer's end of it.
async fn plain(upgrade: &Upgrade<'_>) -> Result<(Stream, Link), Stop> {
    let link = upgrade.plain().await?;
    let stream = Stream::over(&upgrade.scene.handle(), &link.transport)?;
    Ok((stream, link))
}

/// Upgrades a stream, while the peer does what it does.
async fn start(
    upgrade: &Upgrade<'_>,
    stream: &mut Stream,
    link: &mut Link,
) -> Result<Result<(), StartTlsError>, Stop> {
    let context = upgrade.context(&upgrade.ours())?;
    upgrade.doing("start_tls");
    let starting = Box::pin(stream.start_tls(&*context, upgrade.options()));
    let started = link.peer.alongside(upgrade.scene, starting).await?;
    upgrade.doing("going on after start_tls");
    Ok(started)
}

/// Reads so many bytes, while the peer does what it does.
async fn read(
    upgrade: &Upgrade<'_>,
    stream: &mut Stream,
    link: &mut Link,
    count: usize,
) -> Result<Vec<u8>, Stop> {
    let reading = Box::pin(stream.read_exact(count));
    Ok(link.peer.alongside(upgrade.scene, reading).await??)
}

fn a_stream_hands_over_what_it_has_read_ahead(context: &Context) -> Outcome {
    over_cuts(context, async |upgrade| {
        if upgrade.setting.side == TlsSide::Client {
            return Ok(());
        }
        let (mut stream, mut link) = plain(upgrade).await?;
        link.peer.say(b"STARTTLS\r\n");
        upgrade.begin(&mut link)?;
        let line = Box::pin(stream.read_until("\r\n"));
        let line = link.peer.alongside(upgrade.scene, line).await??;
        assert_eq!(line, b"STARTTLS\r\n");
        // More or less of the hello comes in these turns.
        link.peer.steps(upgrade.scene, 3).await?;
        start(upgrade, &mut stream, &mut link).await??;
        upgrade.open(&mut link).await?;
        link.peer.send(b"through")?;
        assert_eq!(read(upgrade, &mut stream, &mut link, 7).await?, b"through");
        stream.abort();
        Ok(())
    })
}

fn a_stream_obeys_nothing_that_was_slipped_in(context: &Context) -> Outcome {
    over_cuts(context, async |upgrade| {
        let (mut stream, mut link) = plain(upgrade).await?;
        link.peer
            .say(b"STARTTLS\r\nMAIL FROM:<evil@example.test>\r\n");
        upgrade.begin(&mut link)?;
        let line = Box::pin(stream.read_until("\r\n"));
        let line = link.peer.alongside(upgrade.scene, line).await??;
        assert_eq!(line, b"STARTTLS\r\n");
        link.peer.steps(upgrade.scene, 3).await?;
        match start(upgrade, &mut stream, &mut link).await? {
            Err(StartTlsError::Handshake(error)) => {
                assert_eq!(*error.kind(), TlsErrorKind::BadRecord);
            }
            Err(error) => return Err(Stop::failed(error)),
            Ok(()) => return Err(Stop::failed("it was upgraded")),
        }
        let reading = Box::pin(stream.read_until("\r\n"));
        let read = link.peer.alongside(upgrade.scene, reading).await?;
        let Err(error) = read else {
            return Err(Stop::failed("a line was read"));
        };
        assert_eq!(error.partial(), b"");
        assert!(matches!(error.kind(), ReadErrorKind::Connection(_)));
        Ok(())
    })
}

fn a_stream_reads_and_writes_through_tls(context: &Context) -> Outcome {
    const LIMIT: usize = 10;

    over_sides(context, async |upgrade| {
        let (mut stream, mut link) = plain(upgrade).await?;
        stream.set_limit(LIMIT);
        link.peer.say(&[b'x'; LIMIT]);
        link.peer
            .alongside(upgrade.scene, async {
                while stream.transport().is_reading() {
                    upgrade.scene.turns(1).await;
                }
            })
            .await?;
        assert_eq!(stream.read_exact(LIMIT).await?, [b'x'; LIMIT]);
        upgrade.begin(&mut link)?;
        start(upgrade, &mut stream, &mut link).await??;
        upgrade.open(&mut link).await?;

        stream.write_all(b"through").await?;
        link.peer.until_plain(upgrade.scene, 7).await?;
        assert_eq!(link.peer.plain(), b"through");
        let content = files::content(10 * LIMIT);
        link.peer.send(&content)?;
        link.peer.steps(upgrade.scene, 10).await?;
        assert!(!stream.transport().is_reading(), "nobody has read");
        let count = content.len();
        let arrived = read(upgrade, &mut stream, &mut link, count).await?;
        assert!(arrived == content, "other bytes arrived");
        stream.abort();
        Ok(())
    })
}
