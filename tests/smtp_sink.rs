//! The parts of the example `smtp-sink` that need no connection.

#[path = "../examples/smtp-sink/smtp/mod.rs"]
#[allow(
    dead_code,
    unused_imports,
    reason = "the example uses what is not tested here"
)]
mod smtp;

use smtp::{Command, Path, Reply, Text, parse};

/// What a text is without its dots, and how much of the input belongs to it.
fn whole(input: &[u8]) -> (Vec<u8>, Option<usize>) {
    let mut text = Text::new(u64::MAX);
    let end = text.receive(input);
    (text.take(), end)
}

#[test]
fn the_end_of_a_text_is_a_dot_alone_in_a_line() {
    for (input, expected, behind) in [
        (&b".\r\n"[..], &b""[..], &b""[..]),
        (b"\r\n.\r\n", b"\r\n", b""),
        (b"a\r\n.\r\nQUIT\r\n", b"a\r\n", b"QUIT\r\n"),
        (b"..\r\n.\r\n", b".\r\n", b""),
        (b".a\r\n..b\r\n...\r\n.\r\n", b"a\r\n.b\r\n..\r\n", b""),
        (b"a.\r\n.\r\n", b"a.\r\n", b""),
        // Neither of these ends a line.
        (b"a\n.\n\r\n.\r\n", b"a\n.\n\r\n", b""),
        (b"a\n.\r\nb\r\n.\r\n", b"a\n.\r\nb\r\n", b""),
        (b"a\r.\r\nb\r\n.\r\n", b"a\r.\r\nb\r\n", b""),
        (b"a\r\n.\rb\r\n.\r\n", b"a\r\n\rb\r\n", b""),
        (b"a\r\n.\nb\r\n.\r\n", b"a\r\n\nb\r\n", b""),
        (b"a\r\n.\r\r\n.\r\n", b"a\r\n\r\r\n", b""),
        (b"a\r\r\n.\r\n", b"a\r\r\n", b""),
        (b"\0\xff\r\n.\r\n", b"\0\xff\r\n", b""),
    ] {
        let (kept, end) = whole(input);
        let end = end.unwrap_or_else(|| panic!("{input:?} has no end"));
        assert_eq!(kept, expected, "{input:?}");
        assert_eq!(&input[end..], behind, "{input:?}");

        // In pieces, however they are cut.
        for first in 0..=end {
            for second in first..=end {
                let mut text = Text::new(u64::MAX);
                let mut kept = Vec::new();
                let mut ends = Vec::new();
                for piece in [&input[..first], &input[first..second], &input[second..end]] {
                    ends.push(text.receive(piece));
                    kept.extend(text.take());
                }
                assert_eq!(kept, expected, "{input:?} cut at {first} and {second}");
                assert_eq!(ends.iter().flatten().count(), 1, "{input:?}");
            }
        }
    }
}

#[test]
fn a_text_without_its_end_has_none() {
    for input in [
        &b""[..],
        b".",
        b".\r",
        b"a\r\n.",
        b"a\r\n.\r",
        b"a\n.\n",
        b"a\n.\r\n",
        b"..\r\n",
    ] {
        assert_eq!(whole(input).1, None, "{input:?}");
    }
}

#[test]
fn a_text_that_is_too_large_is_read_and_not_kept() {
    let mut text = Text::new(3);
    assert_eq!(text.receive(b"a\r\n"), None);
    assert!(!text.is_too_large());
    assert_eq!(text.receive(b"b"), None);
    assert!(text.is_too_large());
    assert_eq!((text.receive(b"\r\n.\r\nQ"), text.len()), (Some(5), 0));
}

fn code(line: &str) -> u16 {
    let reply = parse(line.as_bytes()).expect_err(line).to_string();
    assert!(reply.ends_with("\r\n"), "{reply:?}");
    reply[..3].parse().expect("a code")
}

#[test]
fn commands_are_read() {
    for (line, expected) in [
        ("DATA", Command::Data),
        ("data ", Command::Data),
        ("RSET", Command::Reset),
        ("Noop whatever", Command::Noop),
        ("QUIT", Command::Quit),
        ("STARTTLS", Command::StartTls),
        ("HELP me", Command::Help),
        ("VRFY postmaster", Command::Verify),
    ] {
        assert_eq!(parse(line.as_bytes()), Ok(expected), "{line}");
    }
    for (line, extended) in [("EHLO [::1]", true), ("helo x_y ", false)] {
        let Ok(Command::Hello { name, extended: is }) = parse(line.as_bytes()) else {
            panic!("{line}");
        };
        assert_eq!((is, name.as_str()), (extended, line[5..].trim()));
    }
}

#[test]
fn what_is_no_command_is_refused() {
    for (line, expected) in [
        ("", 500),
        ("FROBNICATE", 500),
        ("NOOP\0", 500),
        ("NOOP \u{7f}", 500),
        ("GET / HTTP/1.1", 500),
        ("EXPN list", 502),
        ("AUTH PLAIN", 502),
        ("DATA now", 501),
        ("RSET now", 501),
        ("QUIT now", 501),
        ("STARTTLS now", 501),
        ("EHLO", 501),
        ("EHLO a b", 501),
        ("VRFY", 501),
    ] {
        assert_eq!(code(line), expected, "{line:?}");
    }
    let reply = parse(b"NOOP \xff").expect_err("no text");
    assert!(reply.to_string().starts_with("500 "));
}

#[test]
fn addresses_are_read() {
    for (text, mailbox) in [
        ("<>", ""),
        ("<a@b.c>", "a@b.c"),
        ("<Postmaster>", "Postmaster"),
        ("<a+b=c@d-e.f>", "a+b=c@d-e.f"),
        ("<a@[127.0.0.1]>", "a@[127.0.0.1]"),
        ("<a@[IPv6:::1]>", "a@[IPv6:::1]"),
        ("<@one,@two:a@b>", "a@b"),
        (r#"<"a b>@\"c"@d>"#, r#""a b>@\"c"@d"#),
    ] {
        let (path, rest) = Path::parse(text).expect(text);
        assert_eq!((path.as_str(), rest), (mailbox, ""), "{text}");
        assert_eq!(path.is_null(), mailbox.is_empty());
    }
    let Ok(Command::Mail(mail)) = parse(b"mail from: <a@b> Size=17 body=8bitmime") else {
        panic!("a mail with parameters");
    };
    assert_eq!((mail.size, mail.extended), (Some(17), true));
    let Ok(Command::Mail(mail)) = parse(b"MAIL FROM:<> SIZE=99999999999999999999") else {
        panic!("a mail of the largest size");
    };
    assert_eq!(mail.size, Some(u64::MAX));
}

#[test]
fn what_is_no_address_is_refused() {
    let long = |local: usize, domain: usize| {
        format!("RCPT TO:<{}@{}>", "a".repeat(local), "b".repeat(domain))
    };
    assert!(parse(long(64, 180).as_bytes()).is_ok());
    for (line, expected) in [
        ("MAIL", 501),
        ("MAIL a@b", 501),
        ("MAIL FROM:a@b", 501),
        ("MAIL FROM:<a@b", 501),
        ("MAIL FROM:<a@b>x", 501),
        ("MAIL FROM:<a@>", 501),
        ("MAIL FROM:<@b>", 501),
        ("MAIL FROM:<@b:>", 501),
        ("MAIL FROM:<a..b@c>", 501),
        ("MAIL FROM:<a b@c>", 501),
        ("MAIL FROM:<a@b@c>", 501),
        ("MAIL FROM:<\u{e4}@b>", 501),
        ("MAIL FROM:<a@b> SIZE=", 501),
        ("MAIL FROM:<a@b> SIZE=-1", 501),
        ("MAIL FROM:<a@b> BODY=BINARYMIME", 501),
        ("MAIL FROM:<a@b> AUTH=<>", 555),
        ("RCPT TO:<>", 501),
        ("RCPT FROM:<a@b>", 501),
        ("RCPT TO:<a@b> NOTIFY=NEVER", 555),
        (&long(65, 10), 501),
        (&long(64, 256), 501),
    ] {
        assert_eq!(code(line), expected, "{line:?}");
    }
}

#[test]
fn replies_have_their_code_in_every_line() {
    let reply = Reply::new(250, "one").line("two").line("three");
    assert_eq!(reply.to_string(), "250-one\r\n250-two\r\n250 three\r\n");
    assert!(!reply.is_refusal() && Reply::new(421, "x").is_refusal());
}
