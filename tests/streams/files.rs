//! Files over streams.

use std::io::{Seek, Write};
use std::sync::Arc;

use loopline::prelude::*;

use crate::harness::{Failing, Failure, on_loop, once, pair, settle};

#[test]
fn a_file_goes_in_order_with_what_was_written() -> Result<(), Failure> {
    on_loop(async |event_loop| {
        let (mut ours, mut theirs) = pair(event_loop).await?;
        let content: Vec<u8> = (0..=u8::MAX).cycle().take(2_000_000).collect();
        let mut file = tempfile::tempfile()?;
        file.write_all(&content)?;
        let length = content.len();
        let sending = event_loop.spawn(async move {
            ours.write_all(b"before ").await?;
            let options = SendFileOptions::default();
            assert_eq!(ours.sendfile(file, options).await?, 2_000_000);
            ours.write_all(b" behind").await?;
            ours.close().await?;
            Ok::<_, Box<dyn std::error::Error>>(())
        });
        assert_eq!(theirs.read_exact(7).await?, b"before ");
        assert_eq!(theirs.read_exact(length).await?, content);
        assert_eq!(theirs.read_exact(7).await?, b" behind");
        assert!(theirs.read_exact(1).await.failed()?.is_end());
        sending.await?.map_err(|error| error.to_string())?;
        Ok(())
    })
}

#[test]
fn a_transfer_that_is_given_up_leaves_a_stream_that_works() -> Result<(), Failure> {
    on_loop(async |event_loop| {
        let (mut ours, mut theirs) = pair(event_loop).await?;
        let mut file = tempfile::tempfile()?;
        file.write_all(&vec![7; 4_000_000])?;
        let file = Arc::new(file);
        let sending = ours.sendfile(&file, SendFileOptions::default());
        assert!(once(sending).await.is_none());
        settle(event_loop).await;
        let sent = usize::try_from((&*file).stream_position()?)?;
        assert!(sent > 0 && sent < 4_000_000);
        let writing = event_loop.spawn(async move {
            ours.write_all(b"end").await?;
            ours.close().await
        });
        let arrived = theirs.read_exact(sent + 3).await?;
        assert_eq!(&arrived[sent..], b"end");
        writing.await??;
        Ok(())
    })
}
