//! Two directions, one after the other as each is ready.

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::AsFd;

use futures::future::{Either, select};
use loopline::prelude::*;
use loopline::{ReadHalf, WriteHalf};

use crate::exit::Failure;

pub(crate) async fn run(event_loop: &Loop, target: (&str, u16)) -> Result<(), Failure> {
    let options = ConnectOptions::default();
    let stream = event_loop.open_connection(target, options).await?;
    let (reader, writer) = stream.into_split();
    let saying = Box::pin(say(event_loop.handle(), writer));
    // Where the input has ended there may still be something to hear.
    match select(saying, Box::pin(hear(reader))).await {
        Either::Left((said, hearing)) => {
            said?;
            hearing.await
        }
        Either::Right((heard, _)) => heard,
    }
}

async fn say(event_loop: LoopHandle, mut writer: WriteHalf) -> Result<(), Failure> {
    // Beside std's buffer, whose bytes the loop would not see.
    let mut input = File::from(io::stdin().as_fd().try_clone_to_owned()?);
    // A file cannot be watched, and is always ready.
    let watched = Watched::new(&event_loop, input.try_clone()?).ok();
    let mut buffer = [0; 4096];
    loop {
        if let Some(watched) = &watched {
            watched.readable().await?;
        }
        match input.read(&mut buffer)? {
            0 => break,
            count => writer.write_all(&buffer[..count]).await?,
        }
    }
    // Without its half, the sending ends.
    Ok(())
}

async fn hear(mut reader: ReadHalf) -> Result<(), Failure> {
    let (mut output, mut buffer) = (io::stdout(), [0; 4096]);
    loop {
        match reader.read(&mut buffer).await? {
            0 => return Ok(()),
            count => output.write_all(&buffer[..count])?,
        }
        output.flush()?;
    }
}
