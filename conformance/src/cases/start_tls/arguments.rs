//! What is refused before a connection is touched.

use std::time::Duration;

use loopline_core::tls::{CertificateProblem, StartTlsError, StartTlsOptions, TlsErrorKind};
use loopline_core::{EventLoop, Transport};

use crate::TlsSide;
use crate::case::{Case, case};
use crate::context::Context;
use crate::harness::mute::Mute;
use crate::harness::recorder::Call;
use crate::harness::tls::authority::{NAME, OTHER_NAME};
use crate::harness::tls::parts;
use crate::harness::tls::upgrade::{Link, Upgrade, once, over_sides};
use crate::verdict::{Outcome, Stop};

pub(super) const CASES: &[Case] = &[
    case!(
        B2,
        what_cannot_be_upgraded_is_refused,
        "A transport of another kind, and one that was upgraded before, are refused as unsupported."
    ),
    case!(
        B2,
        what_cannot_be_written_to_is_refused,
        "A connection of which the sending half was ended is refused, and stays as it was."
    ),
    case!(
        B3,
        a_handshake_timeout_of_zero_is_refused,
        "A handshake timeout of zero is refused, and the connection stays as it was."
    ),
    case!(
        B4,
        a_shutdown_timeout_of_zero_is_refused,
        "A shutdown timeout of zero is refused, and the connection stays as it was."
    ),
    case!(
        B5,
        a_context_of_the_other_side_is_refused,
        "A context that does not fit the side is refused, and the connection stays as it was."
    ),
    case!(
        B5,
        arguments_are_checked_on_a_lost_connection_too,
        "What is wrong with the arguments is answered first, whatever the connection is like."
    ),
    case!(
        B6,
        a_client_has_to_name_the_server,
        "A client without a server name, with an empty one or with none that could be one is refused, and the connection stays as it was."
    ),
    case!(
        B7,
        the_name_is_sent_and_checked,
        "The name that is given is sent to the server, and the certificate has to be valid for it; an address may be given too."
    ),
    case!(
        B7,
        a_server_ignores_the_name,
        "A server's own server name, whatever it is, changes nothing."
    ),
    case!(
        B8,
        the_side_is_never_guessed,
        "Without a side start_tls is the client's, also on a connection that was accepted."
    ),
];

/// Checks that a connection works as if nothing had been tried.
async fn untouched(upgrade: &Upgrade<'_>, link: &mut Link) -> Outcome {
    assert!(link.transport.is_reading());
    let same = link.transport.protocol();
    let same = same.is_some_and(|same| std::rc::Rc::ptr_eq(&same, &link.protocol));
    assert!(same, "the protocol is another");
    link.transport.write(b"as before")?;
    let heard = link.peer.heard.len() + 9;
    link.peer
        .until(upgrade.scene, |peer| peer.heard.len() >= heard)
        .await?;
    assert!(link.peer.heard.ends_with(b"as before"));
    let data = link.log.data().len();
    link.peer.say(b"and back");
    assert!(upgrade.data(link, data + 8).await?.ends_with(b"and back"));
    Ok(())
}

async fn refused(
    upgrade: &Upgrade<'_>,
    link: &mut Link,
    options: StartTlsOptions,
) -> Result<StartTlsError, Stop> {
    match upgrade.start(link, &upgrade.ours(), options).await? {
        Ok(_) => Err(Stop::failed("it was not refused")),
        Err(error) => Ok(error),
    }
}

fn what_cannot_be_upgraded_is_refused(context: &Context) -> Outcome {
    over_sides(context, async |upgrade| {
        let (transport, mut link) = upgrade.secured().await?;
        // The old one was given away.
        let options = upgrade.options();
        let error = refused(upgrade, &mut link, options.clone()).await?;
        assert!(matches!(error, StartTlsError::Unsupported), "{error}");
        assert_eq!(error.kind(), std::io::ErrorKind::Unsupported);
        upgrade.talk(&mut link, &transport).await?;
        let mute: std::rc::Rc<dyn Transport> = std::rc::Rc::new(Mute { is_closing: false });
        let tls = upgrade.context(&upgrade.ours())?;
        let protocol = std::rc::Rc::clone(&link.protocol);
        let started = upgrade.scene.start_tls(&mute, protocol, &*tls, options);
        let error = started
            .await
            .err()
            .ok_or_else(|| Stop::failed("it was upgraded"))?;
        assert!(matches!(error, StartTlsError::Unsupported), "{error}");
        upgrade.close(link, &transport).await
    })
}

fn what_cannot_be_written_to_is_refused(context: &Context) -> Outcome {
    over_sides(context, async |upgrade| {
        let mut link = upgrade.plain().await?;
        link.transport.write_eof()?;
        let error = refused(upgrade, &mut link, upgrade.options()).await?;
        let expected = matches!(
            error,
            StartTlsError::NotWritable | StartTlsError::Unsupported
        );
        assert!(expected, "{error}");
        link.peer.say(b"and back");
        upgrade.data(&mut link, 8).await?;
        Ok(())
    })
}

fn a_handshake_timeout_of_zero_is_refused(context: &Context) -> Outcome {
    over_sides(context, async |upgrade| {
        let mut link = upgrade.plain().await?;
        let options = upgrade.options().handshake_timeout(Duration::ZERO);
        let error = refused(upgrade, &mut link, options).await?;
        assert!(matches!(error, StartTlsError::InvalidTimeout(_)), "{error}");
        assert_eq!(error.kind(), std::io::ErrorKind::InvalidInput);
        untouched(upgrade, &mut link).await
    })
}

fn a_shutdown_timeout_of_zero_is_refused(context: &Context) -> Outcome {
    over_sides(context, async |upgrade| {
        let mut link = upgrade.plain().await?;
        let options = upgrade.options().shutdown_timeout(Duration::ZERO);
        let error = refused(upgrade, &mut link, options).await?;
        assert!(matches!(error, StartTlsError::InvalidTimeout(_)), "{error}");
        untouched(upgrade, &mut link).await
    })
}

fn a_context_of_the_other_side_is_refused(context: &Context) -> Outcome {
    over_sides(context, async |upgrade| {
        let mut link = upgrade.plain().await?;
        let options = upgrade.options();
        let started = upgrade.start(&mut link, &upgrade.theirs(), options).await?;
        let error = started
            .err()
            .ok_or_else(|| Stop::failed("it was not refused"))?;
        assert!(matches!(error, StartTlsError::Context(_)), "{error}");
        untouched(upgrade, &mut link).await?;
        // It can be upgraded afterwards.
        link.peer.cut = upgrade.setting.cut;
        link.peer.heard.clear();
        let transport = upgrade.secure(&mut link).await?;
        upgrade.close(link, &transport).await
    })
}

fn arguments_are_checked_on_a_lost_connection_too(context: &Context) -> Outcome {
    once(context, async |upgrade| {
        let mut link = upgrade.plain().await?;
        link.transport.abort();
        upgrade.lost(&mut link).await?;
        let error = refused(upgrade, &mut link, StartTlsOptions::default()).await?;
        assert!(matches!(error, StartTlsError::NoServerName), "{error}");
        Ok(())
    })
}

fn a_client_has_to_name_the_server(context: &Context) -> Outcome {
    once(context, async |upgrade| {
        let mut link = upgrade.plain().await?;
        let none = StartTlsOptions::default;
        for options in [none(), none().server_hostname("")] {
            let error = refused(upgrade, &mut link, options).await?;
            assert!(matches!(error, StartTlsError::NoServerName), "{error}");
            assert_eq!(error.kind(), std::io::ErrorKind::InvalidInput);
        }
        for name in ["a name", "a..b", "[::1"] {
            let error = refused(upgrade, &mut link, none().server_hostname(name)).await?;
            assert!(
                matches!(error, StartTlsError::InvalidServerName(_)),
                "{error}"
            );
        }
        untouched(upgrade, &mut link).await
    })
}

fn the_name_is_sent_and_checked(context: &Context) -> Outcome {
    over_sides(context, async |upgrade| {
        if upgrade.setting.side == TlsSide::Server {
            return Ok(());
        }
        for (name, sent) in [(NAME, Some(NAME)), ("127.0.0.1", None)] {
            let mut link = upgrade.plain().await?;
            let options = StartTlsOptions::default().server_hostname(name);
            let transport = upgrade.secure_with(&mut link, options).await?;
            let told = link.peer.top()?.session()?.server_name.clone();
            assert_eq!(told.as_deref(), sent);
            upgrade.close(link, &transport).await?;
        }
        for name in [OTHER_NAME, "127.0.0.2"] {
            let mut link = upgrade.plain().await?;
            upgrade.begin(&mut link)?;
            let options = StartTlsOptions::default().server_hostname(name);
            let error = refused(upgrade, &mut link, options).await?;
            let StartTlsError::Handshake(error) = error else {
                return Err(Stop::failed(error));
            };
            let wrong = TlsErrorKind::BadCertificate(CertificateProblem::WrongName);
            assert_eq!(*error.kind(), wrong);
            upgrade.lost(&mut link).await?;
        }
        Ok(())
    })
}

fn a_server_ignores_the_name(context: &Context) -> Outcome {
    over_sides(context, async |upgrade| {
        if upgrade.setting.side == TlsSide::Client {
            return Ok(());
        }
        for name in ["", OTHER_NAME, "no name at all"] {
            let mut link = upgrade.plain().await?;
            let options = upgrade.options().server_hostname(name);
            let transport = upgrade.secure_with(&mut link, options).await?;
            let session = transport.session().map(|session| session.server_name);
            assert_eq!(session.flatten().as_deref(), Some(NAME));
            upgrade.close(link, &transport).await?;
        }
        Ok(())
    })
}

fn the_side_is_never_guessed(context: &Context) -> Outcome {
    once(context, async |upgrade| {
        let mut link = upgrade.plain().await?;
        let hello = context.tls(&parts::client())?;
        // Two clients: each waits for the other's answer, and refuses a hello.
        link.peer.begin(hello.client(&parts::name())?)?;
        let options = StartTlsOptions::default().server_hostname(NAME);
        let error = refused(upgrade, &mut link, options).await?;
        let StartTlsError::Handshake(error) = error else {
            return Err(Stop::failed(error));
        };
        assert_eq!(*error.kind(), TlsErrorKind::BadRecord);
        upgrade.lost(&mut link).await?;
        assert_eq!(link.log.count(|call| *call == Call::Made), 1);
        Ok(())
    })
}
