//! Time limits of hyper by the clock of the loop.

use std::net::SocketAddr;
use std::time::Duration;

use hyper::rt::Timer as _;
use hyper::server::conn::http1 as server;
use hyper::service::service_fn;
use loopline::hyper::Timer;
use loopline::prelude::*;
use loopline_backend_sim::Simulation;

use crate::harness::{Failure, echo};

const LIMIT: Duration = Duration::from_secs(5);

/// By a clock that jumps: exactly then.
#[test]
fn a_head_that_does_not_come_ends_the_connection() -> Result<(), Failure> {
    let sim = Simulation::new();
    let event_loop = Loop::with_backend(Box::new(sim.backend()));
    event_loop.run_until_complete(async {
        let handle = event_loop.handle();
        let serve = move |stream: Stream| {
            let mut builder = server::Builder::new();
            builder
                .timer(Timer::new(handle.clone()))
                .header_read_timeout(LIMIT);
            let serving = builder.serve_connection(stream, service_fn(echo));
            async move {
                let error = serving.await.err();
                assert!(error.is_some_and(|error| error.is_timeout()));
            }
        };
        let address: SocketAddr = "192.0.2.1:80".parse()?;
        let options = ServerOptions::default();
        let listening = event_loop.start_server(serve, address, options).await?;
        let peer = sim.connect(address).await?;
        let begun = sim.elapsed();
        // A request before it sets the clock back.
        event_loop.sleep(LIMIT / 2).await;
        let request = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nab";
        peer.write_all(request).await?;
        let mut answer = [0; 4096];
        assert!(peer.read(&mut answer).await? > 0);
        peer.write_all(b"GET / HT").await?;
        while peer.read(&mut answer).await? > 0 {}
        let took = sim.elapsed() - begun;
        assert_eq!(took.as_secs_f64().round(), 7.5_f64.round(), "{took:?}");
        listening.close();
        listening.wait_closed().await;
        Ok(())
    })?
}

#[test]
fn begins_when_it_is_asked_for_and_can_be_set_back() -> Result<(), Failure> {
    let sim = Simulation::new();
    let event_loop = Loop::with_backend(Box::new(sim.backend()));
    event_loop.run_until_complete(async {
        let timer = Timer::new(event_loop.handle());
        assert_eq!(timer.now(), event_loop.time());
        let sleep = timer.sleep(LIMIT);
        event_loop.sleep(LIMIT * 2).await;
        sleep.await;
        assert_eq!(sim.elapsed(), LIMIT * 2, "its time had come before");

        let mut sleep = timer.sleep_until(event_loop.time() + LIMIT);
        assert!(futures::poll!(&mut sleep).is_pending());
        timer.reset(&mut sleep, event_loop.time() + LIMIT * 3);
        sleep.as_mut().await;
        assert_eq!(sim.elapsed(), LIMIT * 5);

        let for_ever = timer.sleep(Duration::MAX);
        let waited = event_loop.timeout(LIMIT, for_ever).await;
        assert!(waited.is_err());
        Ok(())
    })?
}

#[test]
fn on_a_closed_loop_every_time_has_come() -> Result<(), Failure> {
    let event_loop = Loop::new()?;
    let timer = Timer::new(event_loop.handle());
    drop(event_loop);
    futures::executor::block_on(timer.sleep(LIMIT));
    Ok(())
}

#[test]
fn stays_on_its_thread() -> Result<(), Failure> {
    let event_loop = Loop::new()?;
    let timer = Timer::new(event_loop.handle());
    let elsewhere = std::thread::spawn(move || {
        let now = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| timer.now()));
        // Dropping it here would be the same mistake.
        std::mem::forget(timer);
        now.is_err()
    });
    assert!(elsewhere.join().is_ok_and(|panicked| panicked));
    Ok(())
}
