//! What the coder costs beyond OpenSSL: allocations for each record, and time
//! against a bare `SslStream` over memory, both ways. Allocations that OpenSSL
//! makes by itself are not seen.
//!
//! ```text
//! cargo run --release -p loopline-tls-openssl --example measure
//! ```

#[allow(dead_code, reason = "live bytes are for the benchmarks")]
#[path = "../../benches/src/sys/heap.rs"]
mod sys;

use std::error::Error;
use std::hint::black_box;
use std::io::{self, Read, Write};
use std::time::{Duration, Instant};

use loopline_core::tls::{Coder, ServerName, TlsContext};
use loopline_tls_openssl::openssl::pkey::PKey;
use loopline_tls_openssl::openssl::ssl::{
    ErrorCode, Ssl, SslContext, SslMethod, SslStream, SslVerifyMode,
};
use loopline_tls_openssl::openssl::x509::X509;
use loopline_tls_openssl::{OpensslContext, Pem};

#[global_allocator]
static ALLOCATOR: sys::Counting = sys::Counting;

type Outcome<T = ()> = Result<T, Box<dyn Error>>;

/// How often a measurement is taken; the best counts.
const ROUNDS: usize = 15;

/// What the loop reads at once, in bytes.
const READ: usize = 256 * 1024;

struct Files {
    chain: String,
    key: String,
}

/// Both kinds of connection, open.
struct Ends {
    coders: (Box<dyn Coder>, Box<dyn Coder>),
    bare: (SslStream<Memory>, SslStream<Memory>),
}

/// What a bare stream reads from and writes to.
#[derive(Default)]
struct Memory {
    input: Vec<u8>,
    taken: usize,
    output: Vec<u8>,
}

impl Read for Memory {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let rest = &self.input[self.taken..];
        if rest.is_empty() {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        let count = rest.len().min(into.len());
        into[..count].copy_from_slice(&rest[..count]);
        self.taken += count;
        Ok(count)
    }
}

impl Write for Memory {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.output.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn main() -> Outcome {
    let key = rcgen::KeyPair::generate()?;
    let params = rcgen::CertificateParams::new(["example.test".to_owned()])?;
    let files = Files {
        chain: params.self_signed(&key)?.pem(),
        key: key.serialize_pem(),
    };
    println!("| data | direction | coder | bare | time | allocations a record, coder | bare |");
    println!("|---|---|---|---|---|---|---|");
    for (size, count) in [(64, 20_000), (1024, 10_000), (16 * 1024, 2_000)] {
        measure(&mut ends(&files)?, size, count)?;
    }
    Ok(())
}

/// Sends and receives `count` records of `size` bytes, in turn with each.
fn measure(ends: &mut Ends, size: usize, count: usize) -> Outcome {
    let data = vec![b'x'; size];
    let mut wire = Vec::new();
    let per_read = (READ / size).max(1);
    let mut plain = Vec::with_capacity(per_read * size);
    let mut room = Vec::new();
    let mut best = [Best::default(); 4];
    for _ in 0..ROUNDS {
        wire.clear();
        ends.bare.0.get_mut().output.clear();
        best[0].take(count, || {
            for _ in 0..count {
                ends.coders.0.send(&data, &mut wire)?;
            }
            Ok(())
        })?;
        best[1].take(count, || {
            for _ in 0..count {
                ends.bare.0.write_all(&data)?;
            }
            Ok(())
        })?;
        let record = wire.len() / count;
        best[2].take(count, || {
            // As the loop gives it: what a read has brought, at once.
            for input in wire.chunks_mut(record * per_read) {
                plain.clear();
                let received = ends.coders.1.receive(input, &mut plain, &mut Vec::new())?;
                assert!(received.consumed == input.len());
                black_box(&plain);
            }
            Ok(())
        })?;
        let bare = &mut ends.bare.1;
        let input = std::mem::take(&mut ends.bare.0.get_mut().output);
        *bare.get_mut() = Memory {
            input,
            ..Memory::default()
        };
        room.resize(per_read * size, 0);
        best[3].take(count, || {
            let mut left = count * size;
            while left > 0 {
                let mut filled = 0;
                while filled < room.len().min(left) {
                    filled += bare.ssl_read(&mut room[filled..])?;
                }
                left -= filled;
                black_box(&room);
            }
            Ok(())
        })?;
        ends.bare.0.get_mut().output = std::mem::take(&mut bare.get_mut().input);
    }
    for (direction, [coder, bare]) in [("send", [0, 1]), ("receive", [2, 3])] {
        let (coder, bare) = (best[coder], best[bare]);
        let rate = |best: Best| (size * count) as f64 / best.time.as_secs_f64() / 1e6;
        println!(
            "| {size} | {direction} | {:.0} MB/s | {:.0} MB/s | {:.2} | {:.2} | {:.2} |",
            rate(coder),
            rate(bare),
            coder.time.as_secs_f64() / bare.time.as_secs_f64(),
            coder.allocations,
            bare.allocations,
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
    let client = OpensslContext::builder()
        .roots(chain.clone())
        .build_client()?;
    let server = OpensslContext::builder()
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
        bare: bare(files, &name)?,
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

fn bare(
    files: &Files,
    name: &ServerName<'static>,
) -> Outcome<(SslStream<Memory>, SslStream<Memory>)> {
    let certificate = X509::from_pem(files.chain.as_bytes())?;
    let mut client = SslContext::builder(SslMethod::tls_client())?;
    client.set_verify(SslVerifyMode::PEER);
    client.cert_store_mut().add_cert(certificate.clone())?;
    let mut server = SslContext::builder(SslMethod::tls_server())?;
    server.set_certificate(&certificate)?;
    server.set_private_key(&*PKey::private_key_from_pem(files.key.as_bytes())?)?;
    let mut client = Ssl::new(&client.build())?;
    client.set_connect_state();
    client.set_hostname(&name.to_str())?;
    client.param_mut().set_host(&name.to_str())?;
    let mut server = Ssl::new(&server.build())?;
    server.set_accept_state();
    let mut client = SslStream::new(client, Memory::default())?;
    let mut server = SslStream::new(server, Memory::default())?;
    while !(step(&mut client, &mut server)? & step(&mut server, &mut client)?) {}
    // The tickets.
    step(&mut server, &mut client)?;
    Ok((client, server))
}

/// Goes on with the handshake of `from`, and carries what it says to `to`:
/// whether it is done.
fn step(from: &mut SslStream<Memory>, to: &mut SslStream<Memory>) -> Outcome<bool> {
    let done = match from.do_handshake() {
        Ok(()) => true,
        Err(error) if error.code() == ErrorCode::WANT_READ => false,
        Err(error) => return Err(error.into()),
    };
    to.get_mut().input.append(&mut from.get_mut().output);
    Ok(done)
}
