//! Files over TLS, beside the cases of sending files that hold there too.

use std::io::Cursor;

use loopline_core::{
    EventLoop, FileSource, SendFileErrorKind as Kind, SendFileOptions, SendFileSupport,
};

use crate::case::{Case, case};
use crate::context::Context;
use crate::harness::files;
use crate::harness::tls::upgrade::over_sides;
use crate::verdict::{Outcome, Stop};

pub(super) const CASES: &[Case] = &[
    case!(
        A6,
        without_the_fallback_there_is_no_way,
        "A file that must not be read and written cannot go over TLS, which is answered as not available."
    ),
    case!(
        A10,
        arguments_are_checked_as_elsewhere,
        "A count of zero and an offset beyond all files are refused, and nothing is sent."
    ),
    case!(
        A56,
        a_file_fills_no_queue,
        "What waits to be sent stays small, however long the file and slow the peer."
    ),
];

fn without_the_fallback_there_is_no_way(context: &Context) -> Outcome {
    over_sides(context, async |upgrade| {
        let (transport, mut link) = upgrade.secured().await?;
        assert_eq!(transport.send_file_support(), SendFileSupport::Fallback);
        let source = FileSource::reader(Cursor::new(b"content".to_vec()));
        let options = SendFileOptions::default().fallback(false);
        let sent = upgrade.scene.sendfile(&transport, source, options).await;
        let error = sent.err().ok_or_else(|| Stop::failed("it was sent"))?;
        assert!(matches!(error.kind(), Kind::NotAvailable), "{error}");
        upgrade.talk(&mut link, &transport).await?;
        upgrade.close(link, &transport).await
    })
}

fn arguments_are_checked_as_elsewhere(context: &Context) -> Outcome {
    over_sides(context, async |upgrade| {
        let (transport, mut link) = upgrade.secured().await?;
        for options in [
            SendFileOptions::default().count(0),
            SendFileOptions::default().offset(u64::MAX),
        ] {
            let source = FileSource::reader(Cursor::new(b"content".to_vec()));
            let sent = upgrade.scene.sendfile(&transport, source, options).await;
            let error = sent.err().ok_or_else(|| Stop::failed("it was sent"))?;
            let expected = matches!(error.kind(), Kind::InvalidCount | Kind::InvalidOffset);
            assert!(expected, "{error}");
            assert_eq!(error.sent(), 0);
        }
        upgrade.talk(&mut link, &transport).await?;
        upgrade.close(link, &transport).await
    })
}

/// More than four pieces of a file, and much less than the file, in bytes.
const SMALL: usize = 512 * 1024;

fn a_file_fills_no_queue(context: &Context) -> Outcome {
    over_sides(context, async |upgrade| {
        let mut link = upgrade.narrow().await?;
        let transport = upgrade.secure(&mut link).await?;
        let content = files::content(4_000_000);
        let source = FileSource::reader(Cursor::new(content.clone()));
        let options = SendFileOptions::default();
        let mut sending = upgrade.scene.sendfile(&transport, source, options);
        assert!(!upgrade.scene.ready_within(&mut sending, 50).await?);
        let size = transport.write_buffer_size();
        assert!(size < SMALL, "{size} bytes wait");
        let sent = link.peer.alongside(upgrade.scene, sending).await??;
        assert_eq!(sent, content.len() as u64);
        link.peer.until_plain(upgrade.scene, content.len()).await?;
        assert!(link.peer.plain() == content, "other bytes arrived");
        upgrade.close(link, &transport).await
    })
}
