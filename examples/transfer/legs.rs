//! The ways in which the file goes, one after the other over one connection.

use std::fs::File;
use std::future::poll_fn;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use loopline::{
    EventLoop, EventLoopExt, FileSource, LoopHandle, SendFileError, SendFileErrorKind,
    SendFileOptions,
};

use crate::clock;
use crate::exit::Failure;
use crate::link::Link;
use crate::receiver::{Received, Receiver};
use crate::report::Figures;
use crate::source::Source;
use crate::ticks::Ticks;

/// How the bytes go, as the report names it.
const KERNEL: &str = if cfg!(windows) {
    "TransmitFile"
} else {
    "sendfile(2)"
};
const FALLBACK: &str = "fallback";

/// One way in which the file goes.
pub(crate) struct Leg {
    name: &'static str,
    in_kernel: bool,
}

/// Those of a plain connection.
pub(crate) const PLAIN: [Leg; 2] = [
    Leg {
        name: "plain sendfile",
        in_kernel: true,
    },
    Leg {
        name: "plain fallback",
        in_kernel: false,
    },
];

/// The one of an upgraded connection.
pub(crate) const TLS: Leg = Leg {
    name: "TLS sendfile",
    // If it can.
    in_kernel: true,
};

impl Leg {
    /// Sends the file and measures.
    ///
    /// # Errors
    ///
    /// Why it did not arrive.
    pub(crate) async fn run(
        &self,
        event_loop: &LoopHandle,
        link: &Link,
        source: &Source,
        ticks: &Ticks,
    ) -> Result<Figures, Failure> {
        let failed = |reason| Failure::job(format_args!("{}: {reason}", self.name));
        let begun = Instant::now();
        let cpu_before = clock::process();
        ticks.begin(self.bar(source.size));
        link.receiver.borrow_mut().expect(source.size);
        let receiver = Rc::clone(&link.receiver);
        let receiving = event_loop
            .spawn(async move { poll_fn(|cx| Receiver::poll_received(&receiver, cx)).await });
        let (sent, path) = self
            .send(event_loop, link, source, ticks)
            .await
            .map_err(|error| failed(error.to_string()))?;
        if sent != source.size {
            return Err(failed(format!(
                "{sent} bytes were sent of {}: the file has become shorter",
                source.size
            )));
        }
        let Received { hashed, at } = receiving
            .await
            .map_err(|error| error.to_string())
            .and_then(|received| received)
            .map_err(failed)?;
        ticks.end();
        // Hashing lags behind, and both clocks have been stopped after it.
        let cpu = clock::process()
            .zip(cpu_before)
            .zip(hashed.cpu)
            .map(|((now, before), hashing)| (now - before).saturating_sub(hashing));
        let session = link.sender.session();
        Ok(Figures {
            leg: self.name,
            bytes: sent,
            sha256_equal: hashed.sum == source.sum,
            time: at - begun,
            cpu,
            path,
            tls_version: session.as_ref().map(|session| session.version.to_string()),
            cipher_suite: session.map(|session| session.cipher_suite_name),
        })
    }

    /// Sends the file, and tells which way it went. The kernel's way is the
    /// only one if the fallback is off, and a reader has no other way than the
    /// fallback.
    async fn send(
        &self,
        event_loop: &LoopHandle,
        link: &Link,
        source: &Source,
        ticks: &Ticks,
    ) -> Result<(u64, &'static str), SendFileError> {
        let send = |file, options| event_loop.sendfile(&link.sender, file, options);
        if !self.in_kernel {
            let file = FileSource::reader(duplicate(&source.file)?);
            return Ok((send(file, options(ticks)).await?, FALLBACK));
        }
        let only = options(ticks).fallback(false);
        match send(FileSource::from(&source.file), only).await {
            Err(error) if matches!(error.kind(), SendFileErrorKind::NotAvailable) => {}
            sent => return Ok((sent?, KERNEL)),
        }
        let sent = send(FileSource::from(&source.file), options(ticks)).await?;
        Ok((sent, FALLBACK))
    }

    /// A progress bar, shown if standard error is a terminal.
    fn bar(&self, size: u64) -> ProgressBar {
        let bar = ProgressBar::with_draw_target(Some(size), ProgressDrawTarget::stderr());
        // A template that were wrong would leave the default one.
        if let Ok(style) = ProgressStyle::with_template(
            "{prefix:16} [{bar:30}] {bytes:>12} of {total_bytes} {binary_bytes_per_sec}",
        ) {
            bar.set_style(style.progress_chars("=> "));
        }
        bar.with_prefix(self.name)
    }
}

fn options(ticks: &Ticks) -> SendFileOptions {
    let place = ticks.sent();
    SendFileOptions::default().progress(move |sent, _| place.store(sent, Ordering::Relaxed))
}

fn duplicate(file: &Arc<File>) -> Result<File, SendFileError> {
    file.try_clone()
        .map_err(|error| SendFileError::new(SendFileErrorKind::File(error), 0))
}
