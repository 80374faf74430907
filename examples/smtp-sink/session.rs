//! The conversation over one connection: a task that takes one command after
//! the other, so that replies keep the order of the commands.

use std::future::{Future, poll_fn};
use std::io;
use std::rc::Rc;
use std::task::Poll;
use std::time::Duration;

use bytes::Buf;
use loopline::tls::StartTlsOptions;
use loopline::{Address, EventLoop, EventLoopExt};

use crate::connection::{Connection, Line};
use crate::server::Shared;
use crate::smtp::{self, Command, Mail, Path, Reply, Text};
use crate::store::Draft;

/// How many recipients a mail may have (RFC 5321, section 4.5.3.1.8, asks for
/// 100 and more).
const MAX_RECIPIENTS: usize = 1000;
/// So many refusals, and the client will not get better.
const MAX_REFUSALS: u32 = 100;
/// So much of a mail is kept in memory before it is written, in bytes.
const CHUNK: usize = 256 * 1024;
/// For how long a client has to close its end after the last reply.
const LINGER: Duration = Duration::from_secs(2);

/// How a session ends.
enum End {
    /// With a reply.
    Reply(Reply),
    /// Without one: there is nobody, or nobody who would understand it.
    Silent,
}

/// How the client has introduced itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Hello {
    Old,
    Extended,
}

struct Session {
    shared: Rc<Shared>,
    connection: Rc<Connection>,
    hello: Option<Hello>,
    /// How many recipients the mail has that was begun, if one was.
    recipients: Option<usize>,
    secure: bool,
    refusals: u32,
}

/// Takes mail until the client, or the server, ends it.
pub(crate) async fn run(shared: Rc<Shared>, connection: Rc<Connection>) {
    let number = shared.enter(Rc::clone(&connection));
    let mut session = Session {
        shared: Rc::clone(&shared),
        connection,
        hello: None,
        recipients: None,
        secure: false,
        refusals: 0,
    };
    let end = session.converse().await;
    session.finish(end).await;
    shared.leave(number);
}

impl Session {
    async fn converse(&mut self) -> End {
        let name = self.name();
        if self.shared.is_crowded() {
            return End::Reply(Reply::new(421, format!("{name} has too many clients")));
        }
        self.connection
            .reply(&Reply::new(220, format!("{name} ESMTP smtp-sink")));
        loop {
            let reply = match self.line().await {
                Err(end) => return end,
                Ok(Line::End) => return End::Silent,
                Ok(Line::LoneLineFeed) => {
                    return End::Reply(Reply::new(500, "a line ends with CR LF"));
                }
                Ok(Line::TooLong) => Reply::new(500, "the line is too long"),
                Ok(Line::Text(line)) => match self.obey(&line).await {
                    Ok(Some(reply)) => reply,
                    Ok(None) => continue,
                    Err(end) => return end,
                },
            };
            self.refusals += u32::from(reply.is_refusal());
            self.connection.reply(&reply);
            if self.refusals >= MAX_REFUSALS {
                return End::Reply(Reply::new(421, "too many commands were refused"));
            }
        }
    }

    /// The next line. Before it is waited for, the replies are sent.
    async fn line(&mut self) -> Result<Line, End> {
        let connection = Rc::clone(&self.connection);
        let shared = Rc::clone(&self.shared);
        let line = poll_fn(|cx| {
            if shared.is_stopping() {
                return Poll::Ready(None);
            }
            if connection.poll_room(cx).is_pending() {
                return Poll::Pending;
            }
            let line = connection.poll_line(cx);
            if line.is_pending() {
                connection.flush();
            }
            line.map(Some)
        });
        match self.in_time(line).await? {
            Some(line) => Ok(line),
            None => Err(End::Reply(Reply::new(421, "this server is shutting down"))),
        }
    }

    /// Waits for the client, and no longer than it may be silent.
    async fn in_time<T>(&self, what: impl Future<Output = T>) -> Result<T, End> {
        let limit = self.shared.limits.idle_timeout;
        let event_loop = &self.shared.event_loop;
        let in_time = event_loop.timeout(limit, what).await;
        in_time.map_err(|_| End::Reply(Reply::new(421, "nothing was heard for too long")))
    }

    /// Does what a line asks for. There is no reply to it if that has changed
    /// whom the client talks to.
    async fn obey(&mut self, line: &[u8]) -> Result<Option<Reply>, End> {
        let command = match smtp::parse(line) {
            Ok(command) => command,
            Err(reply) => return Ok(Some(reply)),
        };
        Ok(Some(match command {
            Command::Hello { name, extended } => self.hello(&name, extended),
            Command::StartTls => return self.start_tls().await,
            Command::Mail(mail) => self.mail(&mail),
            Command::Recipient(path) => self.recipient(&path),
            Command::Data => self.data().await?,
            Command::Reset => {
                self.recipients = None;
                Reply::new(250, "forgotten")
            }
            Command::Noop => Reply::new(250, "nothing done"),
            Command::Quit => return Err(End::Reply(Reply::new(221, "goodbye"))),
            Command::Help => Reply::new(214, "see RFC 5321 and RFC 3207"),
            Command::Verify => Reply::new(252, "every mailbox is taken"),
        }))
    }

    fn hello(&mut self, client: &str, extended: bool) -> Reply {
        self.recipients = None;
        let greeting = format!("{} greets {client}", self.name());
        if !extended {
            self.hello = Some(Hello::Old);
            return Reply::new(250, greeting);
        }
        self.hello = Some(Hello::Extended);
        let reply = Reply::new(250, greeting)
            .line("PIPELINING")
            .line(format!("SIZE {}", self.shared.limits.mail))
            .line("8BITMIME");
        if self.may_upgrade() {
            reply.line("STARTTLS")
        } else {
            reply
        }
    }

    fn may_upgrade(&self) -> bool {
        self.shared.tls.is_some() && !self.secure
    }

    fn mail(&mut self, mail: &Mail) -> Reply {
        let Some(hello) = self.hello else {
            return Reply::new(503, "HELO or EHLO comes first");
        };
        if self.recipients.is_some() {
            return Reply::new(503, "one mail after the other");
        }
        if mail.extended && hello == Hello::Old {
            return Reply::new(555, "parameters take an EHLO");
        }
        if mail.size.is_some_and(|size| size > self.shared.limits.mail) {
            return Reply::new(552, "the mail is too large");
        }
        self.recipients = Some(0);
        Reply::new(250, format!("a mail from <{}>", mail.sender.as_str()))
    }

    fn recipient(&mut self, path: &Path) -> Reply {
        match &mut self.recipients {
            None => Reply::new(503, "MAIL comes first"),
            Some(MAX_RECIPIENTS..) => Reply::new(452, "too many recipients"),
            Some(count) => {
                *count += 1;
                Reply::new(250, format!("to <{}>", path.as_str()))
            }
        }
    }

    async fn data(&mut self) -> Result<Reply, End> {
        match self.recipients {
            None => return Ok(Reply::new(503, "MAIL comes first")),
            Some(0) => return Ok(Reply::new(503, "RCPT comes first")),
            Some(_) => {}
        }
        self.connection
            .reply(&Reply::new(354, "the text, and a line with a dot alone"));
        self.connection.flush();
        let reply = self.text().await?;
        self.recipients = None;
        Ok(reply)
    }

    /// Takes the text of a mail. What cannot be kept is read all the same, as
    /// the client listens to no reply before it has sent everything.
    async fn text(&self) -> Result<Reply, End> {
        let mut text = Text::new(self.shared.limits.mail);
        let mut draft = Ok(self.shared.store.draft());
        loop {
            let connection = &self.connection;
            let waiting = poll_fn(|cx| connection.poll_input(cx));
            let mut input = self.in_time(waiting).await?;
            if input.is_empty() {
                return Err(End::Silent);
            }
            if let Some(length) = text.receive(&input) {
                input.advance(length);
                self.connection.put_back(input);
                return Ok(deliver(text, draft).await);
            }
            if text.is_too_large() {
                // Its file is of no use any more.
                draft = draft.map(|_| self.shared.store.draft());
            } else if text.len() >= CHUNK {
                draft = match draft {
                    Ok(draft) => draft.append(text.take()).await,
                    failed => failed,
                };
            }
        }
    }

    /// Upgrades the connection, for which the client has asked (RFC 3207).
    async fn start_tls(&mut self) -> Result<Option<Reply>, End> {
        let shared = Rc::clone(&self.shared);
        let context = match &shared.tls {
            Some(context) if !self.secure => context,
            Some(_) => return Ok(Some(Reply::new(503, "TLS is there already"))),
            None => return Ok(Some(Reply::new(502, "there is no TLS"))),
        };
        if self.hello != Some(Hello::Extended) {
            return Ok(Some(Reply::new(503, "EHLO comes first")));
        }
        self.connection.reply(&Reply::new(220, "go ahead"));
        self.connection.flush();
        let transport = self.connection.transport();
        let Some(protocol) = transport.protocol() else {
            return Err(End::Silent);
        };
        // All that came behind the command: a ClientHello in a hurry, or what
        // somebody in between would like to have obeyed over TLS.
        let behind = self.connection.take_input();
        let options = StartTlsOptions::default()
            .server_side(true)
            .received(&behind[..])
            .handshake_timeout(shared.limits.idle_timeout);
        let upgrade = shared
            .event_loop
            .start_tls(&transport, protocol, &**context, options);
        // A client that is not TLS has got its alert, and hears nothing else.
        let secure = upgrade.await.map_err(|_| End::Silent)?;
        self.connection.go_on_over(secure);
        // RFC 3207, section 4.2: nothing that was said in the clear counts.
        self.hello = None;
        self.recipients = None;
        self.secure = true;
        Ok(None)
    }

    /// Sends the last replies, and lets the client close first.
    async fn finish(&mut self, end: End) {
        let connection = &self.connection;
        if let End::Reply(reply) = end {
            connection.reply(&reply);
        }
        connection.flush();
        if connection.hang_up() {
            let end = poll_fn(|cx| connection.poll_end(cx));
            // Who has not closed by then is closed.
            let _ = self.shared.event_loop.timeout(LINGER, end).await;
        }
        connection.transport().close();
    }

    /// How this server calls itself: by the address that the client has chosen
    /// (RFC 5321, section 4.1.3).
    fn name(&self) -> String {
        let address = self.connection.transport().sockname();
        match address.as_ref().and_then(Address::as_inet) {
            Some(address) if address.is_ipv6() => format!("[IPv6:{}]", address.ip()),
            Some(address) => format!("[{}]", address.ip()),
            None => "localhost".to_owned(),
        }
    }
}

/// Puts the mail onto the disk, and says what has become of it.
async fn deliver(mut text: Text, draft: io::Result<Draft>) -> Reply {
    if text.is_too_large() {
        return Reply::new(552, "the mail is too large");
    }
    let stored = match draft {
        Ok(draft) => draft.deliver(text.take()).await,
        Err(error) => Err(error),
    };
    match stored {
        Ok(name) => Reply::new(250, format!("stored as {name}")),
        Err(error) if error.kind() == io::ErrorKind::StorageFull => {
            Reply::new(452, "there is no room for the mail")
        }
        Err(_) => Reply::new(451, "the mail cannot be stored"),
    }
}
