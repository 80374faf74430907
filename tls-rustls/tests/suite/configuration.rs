//! Contexts out of files, and what is said of bad ones.

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

use loopline_core::tls::{TlsContext, TlsError, TlsErrorKind, TlsVersion};
use tempfile::TempDir;

use crate::certs::{AUTHORITY, CLIENT, NAME, SERVER};
use crate::end::{Cut, End};
use crate::library::{
    Builder, ClientAuth, ConfigError, Context, Origin, Pem, builder, client, server,
};
use crate::pair::{Pair, VERSIONS, name};

pub struct Files {
    folder: TempDir,
}

impl Files {
    pub fn new() -> Self {
        let files = Self {
            folder: tempfile::tempdir().unwrap(),
        };
        files.write("root.pem", &AUTHORITY.root);
        files.write("chain.pem", &SERVER.chain);
        files.write("key.pem", &SERVER.key);
        files.write("both.pem", &format!("{}{}", SERVER.chain, SERVER.key));
        files.write("empty.pem", "");
        files.write("text.pem", "this is no PEM\n");
        let cut = &SERVER.chain[..SERVER.chain.len() / 2];
        files.write("cut.pem", cut);
        let broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        files.write("broken.pem", broken);
        let broken = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n";
        files.write("broken-key.pem", broken);
        files.write("other-key.pem", &CLIENT.key);
        files
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).unwrap();
    }

    fn server(&self, chain: &str, key: &str) -> Result<Context, TlsError> {
        let (chain, key) = (Pem::file(self.path(chain)), Pem::file(self.path(key)));
        server(TlsVersion::Tls13)
            .identity(chain, key)
            .build_server()
    }
}

/// The configuration error, which has to name `file` as its text does.
fn config_error(result: Result<Context, TlsError>, file: &Path) -> ConfigError {
    let error = result.unwrap_err();
    assert_eq!(*error.kind(), TlsErrorKind::Config);
    let text = error.to_string();
    assert!(text.contains(file.to_str().unwrap()), "{text}");
    // By the box, to own it.
    let source = error
        .source()
        .unwrap()
        .downcast_ref::<ConfigError>()
        .unwrap();
    match source {
        ConfigError::Unreadable { what, origin, .. } => ConfigError::Unreadable {
            what,
            origin: origin.clone(),
            error: std::io::ErrorKind::NotFound.into(),
        },
        ConfigError::Empty { what, origin } => ConfigError::Empty {
            what,
            origin: origin.clone(),
        },
        ConfigError::Unusable { what, origin, .. } => ConfigError::Unusable {
            what,
            origin: origin.clone(),
            error: "".into(),
        },
        ConfigError::Mismatch { certificate, key } => ConfigError::Mismatch {
            certificate: certificate.clone(),
            key: key.clone(),
        },
        ConfigError::KeyLog { path, .. } => ConfigError::KeyLog {
            path: path.clone(),
            error: std::io::ErrorKind::NotFound.into(),
        },
        other => panic!("{other}"),
    }
}

#[test]
fn files_make_both_sides() {
    let files = Files::new();
    let by_file = |chain, key| files.server(chain, key).unwrap();
    for server in [
        by_file("chain.pem", "key.pem"),
        by_file("both.pem", "both.pem"),
    ] {
        let roots = Pem::file(files.path("root.pem"));
        let client = builder().roots(roots);
        let client = client.build_client().unwrap();
        let pair = Pair::new(&client, &server);
        pair.opened(Cut::Whole).talk(b"hello", Cut::Whole);
    }
}

#[test]
fn the_file_that_cannot_be_read_is_named() {
    let files = Files::new();
    for (chain, key, what, bad) in [
        ("none.pem", "key.pem", "certificate", "none.pem"),
        ("chain.pem", "none.pem", "key", "none.pem"),
        ("", "key.pem", "certificate", ""),
    ] {
        let path = files.path(bad);
        let error = config_error(files.server(chain, key), &path);
        let ConfigError::Unreadable {
            what: said, origin, ..
        } = error
        else {
            panic!("{error}");
        };
        assert_eq!((said, origin), (what, Origin::File(path)));
    }
}

#[test]
fn the_file_that_has_nothing_is_named() {
    let files = Files::new();
    for (chain, key, what, bad) in [
        ("empty.pem", "key.pem", "certificate", "empty.pem"),
        ("text.pem", "key.pem", "certificate", "text.pem"),
        ("key.pem", "key.pem", "certificate", "key.pem"),
        ("chain.pem", "empty.pem", "key", "empty.pem"),
        ("chain.pem", "chain.pem", "key", "chain.pem"),
    ] {
        let path = files.path(bad);
        let error = config_error(files.server(chain, key), &path);
        let ConfigError::Empty { what: said, origin } = error else {
            panic!("{error}");
        };
        assert_eq!((said, origin), (what, Origin::File(path)));
    }
}

#[test]
fn the_file_that_is_broken_is_named() {
    let files = Files::new();
    for (chain, key, what, bad) in [
        ("cut.pem", "key.pem", "certificate", "cut.pem"),
        ("broken.pem", "key.pem", "certificate", "broken.pem"),
        ("chain.pem", "broken-key.pem", "key", "broken-key.pem"),
    ] {
        let path = files.path(bad);
        let error = config_error(files.server(chain, key), &path);
        let ConfigError::Unusable {
            what: said, origin, ..
        } = error
        else {
            panic!("{error}");
        };
        assert_eq!((said, origin), (what, Origin::File(path)));
    }
    let roots = Pem::file(files.path("broken.pem"));
    let broken = client(TlsVersion::Tls13).roots(roots).build_client();
    let error = config_error(broken, &files.path("broken.pem"));
    assert!(matches!(
        error,
        ConfigError::Unusable {
            what: "root certificate",
            ..
        }
    ));
}

#[test]
fn a_key_of_another_certificate_is_refused_on_both_sides() {
    let files = Files::new();
    let (chain, key) = (files.path("chain.pem"), files.path("other-key.pem"));
    let of_client = client(TlsVersion::Tls13)
        .identity(Pem::file(&chain), Pem::file(&key))
        .build_client();
    for result in [files.server("chain.pem", "other-key.pem"), of_client] {
        let error = config_error(result, &key);
        let ConfigError::Mismatch {
            certificate,
            key: of,
        } = error
        else {
            panic!("{error}");
        };
        assert_eq!(certificate, Origin::File(chain.clone()));
        assert_eq!(of, Origin::File(key.clone()));
    }
}

fn why(builder: Result<Context, TlsError>) -> String {
    builder.unwrap_err().source().unwrap().to_string()
}

#[test]
fn parts_that_are_missing_are_named() {
    let no_identity = builder();
    assert!(why(no_identity.build_server()).contains("certificate and a key"));
    let no_roots: Builder = server(TlsVersion::Tls13).client_auth(ClientAuth::Required);
    assert!(why(no_roots.build_server()).contains("no roots"));
    let turned = client(TlsVersion::Tls13).max_version(TlsVersion::Tls12);
    assert!(why(turned.build_client()).contains("no version"));
    let memory = server(TlsVersion::Tls13).identity(Pem::bytes("x"), SERVER.key());
    assert!(why(memory.build_server()).contains("the given PEM text"));
}

/// A key that takes a passphrase: PKCS #8's label, and the header of older ones.
#[test]
fn an_encrypted_key_is_named() {
    let files = Files::new();
    let key = |label, header| {
        format!("-----BEGIN {label}-----\n{header}MAMCAQA=\n-----END {label}-----\n")
    };
    files.write("pkcs8.pem", &key("ENCRYPTED PRIVATE KEY", ""));
    let header = "Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\n";
    files.write("older.pem", &key("EC PRIVATE KEY", header));
    for bad in ["pkcs8.pem", "older.pem"] {
        let error = files.server("chain.pem", bad).unwrap_err();
        let text = error.to_string();
        assert!(text.contains(bad) && text.contains("encrypted"), "{text}");
    }
}

#[test]
fn a_certificate_that_has_expired_is_named() {
    let files = Files::new();
    let old = AUTHORITY.issue(NAME, |params| {
        params.not_after = rcgen::date_time_ymd(2001, 1, 1);
    });
    files.write("old.pem", &old.chain);
    files.write("old-key.pem", &old.key);
    // Also behind one that is good.
    files.write("behind.pem", &format!("{}{}", SERVER.chain, old.chain));
    for (chain, key) in [("old.pem", "old-key.pem"), ("behind.pem", "key.pem")] {
        let error = files.server(chain, key).unwrap_err();
        let text = error.to_string();
        assert!(text.contains(chain) && text.contains("expired"), "{text}");
        let (chain, key) = (Pem::file(files.path(chain)), Pem::file(files.path(key)));
        let allowed = server(TlsVersion::Tls13)
            .identity(chain, key)
            .allow_expired_identities();
        allowed.build_server().unwrap();
    }
}

/// A key that signs nothing, and a public one.
#[test]
fn a_key_of_the_wrong_kind_is_named() {
    let files = Files::new();
    let x25519 = "-----BEGIN PRIVATE KEY-----\n\
        MC4CAQAwBQYDK2VuBCIEIHcHbQpzGKV9PBbBclGyZkXfTC+H68CZKrF3+6UduSwq\n\
        -----END PRIVATE KEY-----\n";
    files.write("exchange.pem", x25519);
    let public = "-----BEGIN PUBLIC KEY-----\n\
        MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n\
        -----END PUBLIC KEY-----\n";
    files.write("public.pem", public);
    for bad in ["exchange.pem", "public.pem"] {
        let error = files.server("chain.pem", bad).unwrap_err();
        assert_eq!(*error.kind(), TlsErrorKind::Config);
        let text = error.to_string();
        assert!(text.contains(bad), "{text}");
    }
}

#[test]
fn protocols_out_of_range_are_refused() {
    for bad in [Vec::new(), vec![b'x'; 256]] {
        let of_client = client(TlsVersion::Tls13).alpn([bad.clone()]).build_client();
        assert!(why(of_client).contains("ALPN"));
        let of_server = server(TlsVersion::Tls13).alpn([bad]).build_server();
        assert!(why(of_server).contains("ALPN"));
    }
}

#[test]
fn roots_that_are_empty_are_named() {
    let files = Files::new();
    for bad in ["empty.pem", "key.pem", "none.pem"] {
        let roots = Pem::file(files.path(bad));
        let of_client = client(TlsVersion::Tls13)
            .roots(roots.clone())
            .build_client();
        config_error(of_client, &files.path(bad));
        let asking = server(TlsVersion::Tls13).client_auth(ClientAuth::Optional);
        config_error(asking.roots(roots).build_server(), &files.path(bad));
    }
}

/// Keys never show.
#[test]
fn debug_output_has_no_keys() {
    let builder = server(TlsVersion::Tls13);
    let line = SERVER.key.lines().nth(1).unwrap();
    assert!(!format!("{builder:?}").contains(line));
}

/// Whether or not this system has roots: it is an answer and not a panic.
#[test]
fn the_systems_roots_are_read_or_missed() {
    let client = builder().build_client();
    match client {
        Ok(client) => drop(client.client(&name()).unwrap()),
        Err(error) => assert_eq!(*error.kind(), TlsErrorKind::Config),
    }
}

#[test]
fn the_key_log_has_the_secrets_of_both_sides() {
    for version in VERSIONS {
        let files = Files::new();
        let log = files.path("keys.log");
        let client = client(version).key_log_file(&log).build_client().unwrap();
        let server = server(version).key_log_file(&log).build_server().unwrap();
        Pair::new(&client, &server).opened(Cut::Whole);
        let text = fs::read_to_string(&log).unwrap();
        let label = match version {
            TlsVersion::Tls12 => "CLIENT_RANDOM ",
            _ => "CLIENT_TRAFFIC_SECRET_0 ",
        };
        let lines: Vec<&str> = text
            .lines()
            .filter(|line| line.starts_with(label))
            .collect();
        assert_eq!(lines.len(), 2);
        assert_eq!(lines[0], lines[1], "both ends have the same secret");
        assert_eq!(lines[0].split(' ').nth(1).unwrap().len(), 64);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(
                fs::metadata(&log).unwrap().permissions().mode() & 0o777,
                0o600
            );
        }
    }
}

#[test]
fn a_key_log_that_cannot_be_opened_is_named() {
    let files = Files::new();
    let path = files.path("no/such/folder");
    let client = client(TlsVersion::Tls13).key_log_file(&path).build_client();
    let error = config_error(client, &path);
    assert!(matches!(error, ConfigError::KeyLog { .. }));
}

/// Line B92.
#[test]
fn a_context_is_shared_by_threads() {
    let client = client(TlsVersion::Tls13).build_client().unwrap();
    let server = server(TlsVersion::Tls13).build_server().unwrap();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..10 {
                    let pair = Pair::new(&client, &server).opened(Cut::Whole);
                    assert_eq!(pair.server.session().server_name.as_deref(), Some(NAME));
                }
            });
        }
    });
    let _ = End::started(server.server().unwrap());
}
