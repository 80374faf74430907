//! Loops on several threads.
#![cfg(all(target_os = "linux", feature = "epoll"))]

use std::collections::HashSet;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::{self, ThreadId};
use std::time::Duration;

use loopline::prelude::*;
use loopline::{RunError, ThreadsError, run_on_threads};
use socket2::{Domain, Socket, Type};

/// Says once which thread it is on.
struct Greeter;

impl Protocol for Greeter {
    fn connection_made(&mut self, transport: &Rc<dyn Transport>) -> Outcome {
        transport.write(format!("{:?}", thread::current().id()).as_bytes())?;
        transport.close();
        Ok(())
    }
}

/// A port that listeners may share, reserved for as long as the socket lives.
fn shared_port() -> (Socket, SocketAddr) {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).expect("a socket");
    socket.set_reuse_port(true).expect("SO_REUSEPORT");
    let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    socket.bind(&any.into()).expect("a port");
    let address = socket.local_addr().expect("a name");
    (socket, address.as_socket().expect("an address of IPv4"))
}

fn greeting(address: SocketAddr) -> String {
    let mut text = String::new();
    let mut stream = TcpStream::connect(address).expect("a listener");
    stream.write_all(b"?").expect("a connection");
    // The server closes without having read, which may reset the connection
    // once what it has written was taken.
    let _ = stream.read_to_string(&mut text);
    text
}

#[test]
fn listeners_share_a_port() {
    let (_reserved, address) = shared_port();
    let listening = AtomicUsize::new(0);
    let seen = Mutex::new(HashSet::new());
    let threads = run_on_threads(2, |event_loop| {
        let (listening, seen) = (&listening, &seen);
        async move {
            let options = ServerOptions::default().reuse_port(true);
            let server = event_loop
                .create_server(|| Greeter, address, options)
                .await
                .expect("a listener");
            listening.fetch_add(1, Ordering::AcqRel);
            while listening.load(Ordering::Acquire) < 2 {
                event_loop.sleep(Duration::from_millis(1)).await;
            }
            // The kernel chooses by the client's port: in the end both get some.
            while seen.lock().expect("no panic").len() < 2 {
                let asked = event_loop.spawn_blocking(move || greeting(address));
                let greeting = asked.await.expect("no panic");
                if !greeting.is_empty() {
                    seen.lock().expect("no panic").insert(greeting);
                }
            }
            server.close();
            thread::current().id()
        }
    })
    .expect("two loops");
    let threads: HashSet<ThreadId> = threads.into_iter().collect();
    assert_eq!(threads.len(), 2);
    let seen = seen.into_inner().expect("no panic");
    let names: HashSet<_> = threads.iter().map(|id| format!("{id:?}")).collect();
    assert_eq!(seen, names);
}

#[test]
fn results_come_in_the_order_of_the_threads() {
    let number = AtomicUsize::new(0);
    let names = run_on_threads(3, |event_loop| {
        // Those that begin later end earlier.
        let pause = 3 - number.fetch_add(1, Ordering::Relaxed) as u64;
        async move {
            event_loop.sleep(Duration::from_millis(pause)).await;
            thread::current().name().map(str::to_owned)
        }
    })
    .expect("three loops");
    let expected = ["loop 0", "loop 1", "loop 2"].map(|name| Some(name.to_owned()));
    assert_eq!(names, expected);
}

#[test]
fn no_threads_are_refused() {
    let result = run_on_threads(0, |_| async {});
    assert!(matches!(result, Err(ThreadsError::NoThreads)), "{result:?}");
}

#[test]
fn a_loop_that_ends_early_ends_all() {
    let number = AtomicUsize::new(0);
    let result = run_on_threads(3, |event_loop| {
        let stops = number.fetch_add(1, Ordering::Relaxed) == 1;
        async move {
            if stops {
                event_loop.stop();
            }
            std::future::pending::<()>().await;
        }
    });
    let Err(ThreadsError::Run { source, .. }) = result else {
        panic!("{result:?}");
    };
    assert!(matches!(source, RunError::Stopped), "{source:?}");
}

#[test]
fn a_panic_ends_all_and_is_passed_on() {
    let number = AtomicUsize::new(0);
    let result = catch_unwind(AssertUnwindSafe(|| {
        run_on_threads(3, |_| {
            let panics = number.fetch_add(1, Ordering::Relaxed) == 2;
            async move {
                assert!(!panics, "on purpose");
                std::future::pending::<()>().await;
            }
        })
    }));
    let payload = result.expect_err("a panic");
    assert_eq!(payload.downcast_ref(), Some(&"on purpose"));
}
