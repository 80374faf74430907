//! What the coder costs beyond rustls: allocations for each record, and time
//! against rustls' buffered connections, both ways.
//!
//! ```text
//! cargo run --release -p loopline-tls-rustls --example measure
//! ```

#[allow(dead_code, reason = "live bytes are for the benchmarks")]
#[path = "../../benches/src/sys/heap.rs"]
mod sys;

use std::error::Error;
use std::hint::black_box;
use std::io::{Read, Write};
use std::sync::Arc;
use std::time::{Duration, Instant};

use loopline_core::tls::{Coder, ServerName, TlsContext};
use loopline_tls_rustls::{Pem, RustlsContext};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, ClientConnection, RootCertStore, ServerConfig, ServerConnection};

#[global_allocator]
static ALLOCATOR: sys::Counting = sys::Counting;

type Outcome<T = ()> = Result<T, Box<dyn Error>>;

/// How often a measurement is taken; the best counts.
const ROUNDS: usize = 15;

struct Files {
    chain: String,
    key: String,
}

/// Both kinds of connection, open.
struct Ends {
    coders: (Box<dyn Coder>, Box<dyn Coder>),
    buffered: (ClientConnection, ServerConnection),
}

fn main() -> Outcome {
    let key = rcgen::KeyPair::generate()?;
    let params = rcgen::CertificateParams::new(["example.test".to_owned()])?;
    let files = Files {
        chain: params.self_signed(&key)?.pem(),
        key: key.serialize_pem(),
    };
    println!(
        "| data | direction | coder | buffered | time | allocations a record, coder | buffered |"
    );
    println!("|---|---|---|---|---|---|---|");
    for (size, count) in [(64, 20_000), (1024, 10_000), (16 * 1024, 2_000)] {
        measure(&mut ends(&files)?, size, count)?;
    }
    Ok(())
}

/// Sends and receives `count` records of `size` bytes, in turn with each.
fn measure(ends: &mut Ends, size: usize, count: usize) -> Outcome {
    let data = vec![b'x'; size];
    let mut wires = (Vec::new(), Vec::new());
    let mut plain = Vec::with_capacity(size * 2);
    let mut best = [Best::default(); 4];
    for _ in 0..ROUNDS {
        wires.0.clear();
        wires.1.clear();
        best[0].take(count, || {
            for _ in 0..count {
                ends.coders.0.send(&data, &mut wires.0)?;
            }
            Ok(())
        })?;
        best[1].take(count, || {
            for _ in 0..count {
                ends.buffered.0.writer().write_all(&data)?;
                while ends.buffered.0.wants_write() {
                    ends.buffered.0.write_tls(&mut wires.1)?;
                }
            }
            Ok(())
        })?;
        let record = wires.0.len() / count;
        best[2].take(count, || {
            for input in wires.0.chunks_mut(record) {
                plain.clear();
                let received = ends.coders.1.receive(input, &mut plain, &mut Vec::new())?;
                assert!(received.consumed == record && plain.len() == size);
                black_box(&plain);
            }
            Ok(())
        })?;
        plain.resize(size * 2, 0);
        best[3].take(count, || {
            for mut input in wires.1.chunks(record) {
                while !input.is_empty() {
                    ends.buffered.1.read_tls(&mut input)?;
                    ends.buffered.1.process_new_packets()?;
                }
                let len = ends.buffered.1.reader().read(&mut plain)?;
                assert!(len == size);
                black_box(&plain);
            }
            Ok(())
        })?;
    }
    for (direction, [coder, buffered]) in [("send", [0, 1]), ("receive", [2, 3])] {
        let (coder, buffered) = (best[coder], best[buffered]);
        let rate = |best: Best| (size * count) as f64 / best.time.as_secs_f64() / 1e6;
        println!(
            "| {size} | {direction} | {:.0} MB/s | {:.0} MB/s | {:.2} | {:.2} | {:.2} |",
            rate(coder),
            rate(buffered),
            coder.time.as_secs_f64() / buffered.time.as_secs_f64(),
            coder.allocations,
            buffered.allocations,
        );
    }
    Ok(())
}

#[derive(Clone, Copy)]
struct Best {
    time: Duration,
    allocations: f64,
}

impl Default for Best {
    fn default() -> Self {
        Self {
            time: Duration::MAX,
            allocations: f64::MAX,
        }
    }
}

impl Best {
    fn take(&mut self, count: usize, work: impl FnOnce() -> Outcome) -> Outcome {
        let (before, start) = (sys::allocations(), Instant::now());
        work()?;
        let allocations = sys::allocations() - before;
        self.time = self.time.min(start.elapsed());
        self.allocations = self.allocations.min(allocations as f64 / count as f64);
        Ok(())
    }
}

fn ends(files: &Files) -> Outcome<Ends> {
    let (chain, key) = (Pem::bytes(&*files.chain), Pem::bytes(&*files.key));
    let client = RustlsContext::builder()
        .roots(chain.clone())
        .build_client()?;
    let server = RustlsContext::builder()
        .identity(chain, key)
        .build_server()?;
    let name = ServerName::try_from("example.test")?;
    let mut coders = (client.client(&name)?, server.server()?);
    let (mut to_server, mut to_client) = (Vec::new(), Vec::new());
    coders.0.start(&mut to_server)?;
    coders.1.start(&mut to_client)?;
    while !(to_server.is_empty() && to_client.is_empty()) {
        pass(&mut *coders.1, &mut to_server, &mut to_client)?;
        pass(&mut *coders.0, &mut to_client, &mut to_server)?;
    }
    Ok(Ends {
        coders,
        buffered: buffered(files, name)?,
    })
}

/// Gives `input` to a coder.
fn pass(coder: &mut dyn Coder, input: &mut Vec<u8>, wire: &mut Vec<u8>) -> Outcome {
    while !input.is_empty() {
        let received = coder.receive(input, &mut Vec::new(), wire)?;
        input.drain(..received.consumed);
    }
    Ok(())
}

fn buffered(
    files: &Files,
    name: ServerName<'static>,
) -> Outcome<(ClientConnection, ServerConnection)> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let chain = CertificateDer::from_pem_slice(files.chain.as_bytes())?;
    let key = PrivateKeyDer::from_pem_slice(files.key.as_bytes())?;
    let mut roots = RootCertStore::empty();
    roots.add(chain.clone())?;
    let client = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    let server = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(vec![chain], key)?;
    let mut client = ClientConnection::new(Arc::new(client), name)?;
    let mut server = ServerConnection::new(Arc::new(server))?;
    while client.is_handshaking() || server.is_handshaking() || server.wants_write() {
        let mut wire = Vec::new();
        client.write_tls(&mut wire)?;
        server.read_tls(&mut &wire[..])?;
        server.process_new_packets()?;
        wire.clear();
        server.write_tls(&mut wire)?;
        client.read_tls(&mut &wire[..])?;
        client.process_new_packets()?;
    }
    Ok((client, server))
}
