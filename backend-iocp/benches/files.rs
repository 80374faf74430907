//! A file of 1 GiB in one call of `sendfile`, beside a loop that reads and sends
//! 256 KiB at a time.
//!
//! ```sh
//! cargo bench -p loopline-backend-iocp --bench files
//! ```
//!
//! Both have a connection of their own over loopback, whose other end is read to
//! its end by another thread, and take turns. The file is written before, so that
//! it is in memory where that has room.

#[cfg(windows)]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    windows::main()
}

#[cfg(not(windows))]
fn main() {}

#[cfg(windows)]
mod windows {
    use std::error::Error;
    use std::fs::File;
    use std::io::{self, Read, Seek, Write};
    use std::net::{TcpListener, TcpStream};
    use std::sync::Arc;
    use std::thread;
    use std::time::Instant;

    use loopline_backend_iocp::IocpBackend;
    use loopline_core::{EventLoop, EventLoopExt, FileSource, Loop, Protocol, SendFileOptions};

    const MIB: usize = 1 << 20;

    /// How much is read and sent at a time, in bytes.
    const CHUNK: usize = 256 << 10;

    struct Sender;

    impl Protocol for Sender {}

    /// Sends a file in one call.
    fn by_the_kernel(socket: TcpStream, file: &Arc<File>) -> Result<u64, Box<dyn Error>> {
        let event_loop = Loop::with_backend(Box::new(IocpBackend::new()?));
        event_loop.run_until_complete(async {
            let opened = event_loop.connect_accepted_socket(|| Sender, socket).await;
            let (transport, _) = opened?;
            // What cannot be sent by TransmitFile is not to be compared.
            let options = SendFileOptions::default().fallback(false);
            let source = FileSource::from(file);
            let sent = event_loop.sendfile(&transport, source, options).await?;
            transport.close();
            Ok(sent)
        })?
    }

    /// Reads and sends.
    fn by_hand(mut socket: TcpStream, mut file: &File) -> Result<u64, Box<dyn Error>> {
        let mut chunk = vec![0; CHUNK];
        let mut sent = 0;
        file.rewind()?;
        loop {
            let count = file.read(&mut chunk)?;
            if count == 0 {
                return Ok(sent);
            }
            socket.write_all(&chunk[..count])?;
            sent += count as u64;
        }
    }

    /// How much arrived until the end of the connection, in bytes.
    fn arrived(mut socket: &TcpStream) -> io::Result<u64> {
        let mut buffer = vec![0; MIB];
        let mut arrived = 0;
        loop {
            match socket.read(&mut buffer)? {
                0 => return Ok(arrived),
                count => arrived += count as u64,
            }
        }
    }

    /// How fast `size` bytes leave and arrive, in MiB a second.
    fn throughput(
        size: u64,
        send: impl FnOnce(TcpStream) -> Result<u64, Box<dyn Error>>,
    ) -> Result<f64, Box<dyn Error>> {
        let listener = TcpListener::bind(("127.0.0.1", 0))?;
        let ours = TcpStream::connect(listener.local_addr()?)?;
        let (theirs, _) = listener.accept()?;
        let reader = thread::spawn(move || arrived(&theirs));
        let begun = Instant::now();
        let sent = send(ours)?;
        let arrived = reader.join().map_err(|_| "the reader has panicked")??;
        let time = begun.elapsed();
        if (sent, arrived) != (size, size) {
            return Err(format!("{sent} bytes have left and {arrived} arrived, of {size}").into());
        }
        Ok(size as f64 / MIB as f64 / time.as_secs_f64())
    }

    pub(crate) fn main() -> Result<(), Box<dyn Error>> {
        // `cargo bench` says so; `cargo test` only wants to know that it works.
        let in_earnest = std::env::args().any(|argument| argument == "--bench");
        let (mebibytes, rounds) = if in_earnest { (1024, 7) } else { (16, 1) };
        let place = tempfile::tempdir()?;
        let path = place.path().join("file");
        let content: Vec<u8> = (0..MIB).map(|at| ((at * 31) >> 5) as u8).collect();
        let mut file = File::create(&path)?;
        for _ in 0..mebibytes {
            file.write_all(&content)?;
        }
        // As most programs open a file that they send.
        let file = Arc::new(File::open(&path)?);
        let size = file.metadata()?.len();
        let (mut kernel, mut hand) = (Vec::new(), Vec::new());
        for _ in 0..rounds {
            kernel.push(throughput(size, |socket| by_the_kernel(socket, &file))?);
            hand.push(throughput(size, |socket| by_hand(socket, &file))?);
        }
        let ratios = kernel.iter().zip(&hand).map(|(kernel, hand)| kernel / hand);
        let ratio = median(ratios.collect());
        println!("Median of {rounds} rounds, {mebibytes} MiB each:");
        println!("one call of sendfile      {:>7.0} MiB/s", median(kernel));
        println!("read and send, 256 KiB    {:>7.0} MiB/s", median(hand));
        println!("sendfile beside reading   {ratio:>7.3}");
        Ok(())
    }

    fn median(mut figures: Vec<f64>) -> f64 {
        figures.sort_unstable_by(f64::total_cmp);
        figures[figures.len() / 2]
    }
}
