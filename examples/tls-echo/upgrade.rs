//! How clients ask for TLS: as much of each protocol as it takes.

use bytes::BytesMut;
use clap::ValueEnum;

/// How long a line may be, in bytes.
const MAX_LINE: usize = 1024;

/// How long PostgreSQL's requests are, in bytes.
const REQUEST: usize = 8;
/// A length, and a number where others have a version.
const SSL_REQUEST: &[u8] = b"\0\0\0\x08\x04\xd2\x16\x2f";
/// The same for encryption by GSSAPI, which clients may ask for first.
const GSS_REQUEST: &[u8] = b"\0\0\0\x08\x04\xd2\x16\x30";

/// What clients speak before TLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Speaks {
    /// SMTP, by STARTTLS (RFC 3207).
    Smtp,
    /// IMAP, by STARTTLS (RFC 9051).
    Imap,
    /// POP3, by STLS (RFC 2595).
    Pop3,
    /// PostgreSQL, by its SSLRequest.
    Postgres,
}

/// What to do next.
pub(crate) enum Step {
    /// To wait for more of what the client says.
    Wait,
    Say(Vec<u8>),
    /// To say it, and to go on with TLS.
    Begin(Vec<u8>),
    /// To say it, and to close the connection.
    End(Vec<u8>),
}

/// One conversation.
pub(crate) struct Upgrade {
    speaks: Speaks,
    input: BytesMut,
}

impl Speaks {
    /// What a server says first.
    pub(crate) fn greeting(self) -> &'static [u8] {
        match self {
            Self::Smtp => b"220 localhost ESMTP tls-echo\r\n",
            Self::Imap => b"* OK tls-echo\r\n",
            Self::Pop3 => b"+OK tls-echo\r\n",
            Self::Postgres => b"",
        }
    }
}

impl Upgrade {
    pub(crate) fn new(speaks: Speaks) -> Self {
        Self {
            speaks,
            input: BytesMut::new(),
        }
    }

    /// Takes what the client has said.
    pub(crate) fn receive(&mut self, data: &[u8]) {
        self.input.extend_from_slice(data);
    }

    /// All that has come behind the request for TLS.
    pub(crate) fn behind(self) -> Vec<u8> {
        self.input.into()
    }

    /// Does the next thing that the client has asked for.
    pub(crate) fn step(&mut self) -> Step {
        if self.speaks == Speaks::Postgres {
            return self.request();
        }
        let end = self.input.iter().position(|&byte| byte == b'\n');
        if end.unwrap_or(self.input.len()) > MAX_LINE {
            return Step::End(Vec::new());
        }
        let Some(end) = end else {
            return Step::Wait;
        };
        let line = self.input.split_to(end + 1);
        let line = String::from_utf8_lossy(&line);
        let line = line.trim_end();
        match self.speaks {
            Speaks::Imap => imap(line),
            Speaks::Pop3 => pop3(line),
            _ => smtp(line),
        }
    }

    fn request(&mut self) -> Step {
        if self.input.len() < REQUEST {
            return Step::Wait;
        }
        match &*self.input.split_to(REQUEST) {
            SSL_REQUEST => Step::Begin(b"S".to_vec()),
            GSS_REQUEST => Step::Say(b"N".to_vec()),
            _ => Step::End(Vec::new()),
        }
    }
}

fn smtp(line: &str) -> Step {
    let command = line.split(' ').next().unwrap_or_default();
    match command.to_ascii_uppercase().as_str() {
        "EHLO" => Step::Say(b"250-localhost\r\n250 STARTTLS\r\n".to_vec()),
        "STARTTLS" => Step::Begin(b"220 go ahead\r\n".to_vec()),
        "QUIT" => Step::End(b"221 goodbye\r\n".to_vec()),
        _ => Step::Say(b"530 STARTTLS comes first\r\n".to_vec()),
    }
}

fn imap(line: &str) -> Step {
    let (tag, command) = line.split_once(' ').unwrap_or((line, ""));
    let done = format!("{tag} OK done\r\n");
    match command.to_ascii_uppercase().as_str() {
        "CAPABILITY" => {
            let words = "* CAPABILITY IMAP4rev1 STARTTLS LOGINDISABLED\r\n";
            Step::Say([words, &done].concat().into())
        }
        "STARTTLS" => Step::Begin(done.into()),
        "LOGOUT" => Step::End(["* BYE goodbye\r\n", &done].concat().into()),
        _ => Step::Say(format!("{tag} BAD STARTTLS comes first\r\n").into()),
    }
}

fn pop3(line: &str) -> Step {
    match line.to_ascii_uppercase().as_str() {
        "CAPA" => Step::Say(b"+OK\r\nSTLS\r\n.\r\n".to_vec()),
        "STLS" => Step::Begin(b"+OK go ahead\r\n".to_vec()),
        "QUIT" => Step::End(b"+OK goodbye\r\n".to_vec()),
        _ => Step::Say(b"-ERR STLS comes first\r\n".to_vec()),
    }
}
