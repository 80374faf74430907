//! The server's side.

use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use loopline::prelude::*;
use loopline::tls::TlsContext;

use crate::exit::Failure;
use crate::{Serve, serving};

/// For how long a client may say nothing.
const IDLE: Duration = Duration::from_secs(60);

/// What a server has to know of its clients' TLS.
struct Tls {
    context: Arc<dyn TlsContext>,
    passive: bool,
}

pub(crate) async fn run(event_loop: LoopHandle, arguments: Serve) -> Result<(), Failure> {
    let context = arguments.tls.context(arguments.listen.ip(), &[])?;
    let context = context.ok_or_else(|| {
        Failure::usage("one of --tls-cert with --tls-key and --tls-self-signed is needed")
    })?;
    let tls = Rc::new(Tls {
        context,
        passive: arguments.passive,
    });
    let clients = event_loop.clone();
    let serve = move |stream| serve(clients.clone(), stream, Rc::clone(&tls));
    let server = event_loop
        .start_server(serve, arguments.listen, ServerOptions::default())
        .await
        .map_err(Failure::usage)?;
    serving::until_stopped(&event_loop, server).await
}

/// What a client wants.
enum Request {
    /// An answer.
    Answer(&'static str),
    Secure,
    Clear,
    Quit,
}

impl Request {
    fn of(line: &str, is_secure: bool) -> Self {
        let line = line.trim_end().to_ascii_uppercase();
        let (verb, argument) = line.split_once(' ').unwrap_or((&line, ""));
        match (verb, argument) {
            ("AUTH", "TLS" | "TLS-C") if !is_secure => Self::Secure,
            ("AUTH", _) => Self::Answer("504 not that"),
            ("CCC", _) if is_secure => Self::Clear,
            ("CCC", _) => Self::Answer("533 it is clear already"),
            ("USER", _) => Self::Answer("331 and the password"),
            ("PASS", _) => Self::Answer("230 logged in"),
            ("PBSZ" | "PROT" | "TYPE" | "NOOP", _) => Self::Answer("200 fine"),
            ("FEAT", _) => Self::Answer("211-extensions\r\n AUTH TLS\r\n CCC\r\n211 end"),
            ("SYST", _) => Self::Answer("215 UNIX Type: L8"),
            ("PWD", _) => Self::Answer("257 \"/\" is all there is"),
            ("CWD", _) => Self::Answer("250 there is but one"),
            ("QUIT", _) => Self::Quit,
            _ => Self::Answer("502 not here"),
        }
    }
}

async fn serve(event_loop: LoopHandle, mut stream: Stream, tls: Rc<Tls>) -> Result<(), BoxError> {
    reply(&mut stream, "220 control connections only").await?;
    loop {
        let line = stream.read_until("\r\n");
        let Ok(Ok(line)) = event_loop.timeout(IDLE, line).await else {
            // The client has left, or sleeps.
            return Ok(());
        };
        let is_secure = stream.tls_session().is_some();
        match Request::of(&String::from_utf8_lossy(&line), is_secure) {
            Request::Answer(text) => reply(&mut stream, text).await?,
            Request::Secure => {
                reply(&mut stream, "234 go ahead").await?;
                let options = StartTlsOptions::default().server_side(true);
                // Who ends TLS first is the client's business too.
                let options = options.allow_half_close(true);
                stream.start_tls(&*tls.context, options).await?;
            }
            Request::Clear => {
                reply(&mut stream, "200 in the clear from here").await?;
                clear(&mut stream, tls.passive).await?;
            }
            Request::Quit => {
                reply(&mut stream, "221 goodbye").await?;
                stream.close().await?;
                return Ok(());
            }
        }
    }
}

/// Ends TLS, and goes on without it.
async fn clear(stream: &mut Stream, passive: bool) -> Result<(), BoxError> {
    if passive && stream.read(&mut [0]).await? > 0 {
        return Err("the client goes on after CCC".into());
    }
    let unread = stream.stop_tls(StopTlsOptions::default()).await?;
    if !unread.is_empty() {
        return Err("the client has gone on after CCC".into());
    }
    Ok(())
}

async fn reply(stream: &mut Stream, text: &str) -> std::io::Result<()> {
    stream.write_all(format!("{text}\r\n").as_bytes()).await
}
