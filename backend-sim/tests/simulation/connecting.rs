//! Connections that begin, late or never.

use std::io::ErrorKind;
use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::time::Duration;

use loopline_backend_sim::{Link, Simulation};
use loopline_core::{
    Address, BindTarget, ConnectError, ConnectOptions, ConnectTarget, EventLoopExt, ServerOptions,
};

use crate::{Fallible, Log, server, within};

const GIVEN_UP: Duration = Duration::from_secs(127);

fn kinds(error: &ConnectError) -> Vec<ErrorKind> {
    match error {
        ConnectError::Attempts(attempts) => attempts
            .iter()
            .map(|attempt| attempt.error.kind())
            .collect(),
        other => panic!("{other}"),
    }
}

#[test]
fn nobody_listens_there() -> Fallible {
    let sim = Simulation::new();
    let mut link = Link::default();
    link.latency = Duration::from_millis(5);
    sim.set_link(link);
    within(&sim, async |sim, event_loop| {
        let options = ConnectOptions::default();
        let refused = event_loop
            .create_connection(Log::default, server(), options)
            .await;
        let error = refused.err().ok_or("it is refused")?;
        assert_eq!(kinds(&error), [ErrorKind::ConnectionRefused]);
        assert_eq!(sim.elapsed(), Duration::from_millis(10));
        Ok(())
    })
}

#[test]
fn who_does_not_answer_is_given_up() -> Fallible {
    within(&Simulation::new(), async |sim, _| {
        let _listener = sim.listen(server())?;
        sim.set_reachable(server().ip(), false);
        let answer = sim.connect(server()).await.map_err(|error| error.kind());
        assert_eq!(answer.err(), Some(ErrorKind::TimedOut));
        assert_eq!(sim.elapsed(), GIVEN_UP);
        Ok(())
    })
}

#[test]
fn who_answers_again_is_reached_at_the_next_try() -> Fallible {
    within(&Simulation::new(), async |sim, event_loop| {
        let _listener = sim.listen(server())?;
        sim.set_reachable(server().ip(), false);
        let (control, ip) = (sim.clone(), server().ip());
        event_loop.call_later(Duration::from_secs(2), move || {
            control.set_reachable(ip, true)
        })?;
        sim.connect(server()).await?;
        assert_eq!(
            sim.elapsed(),
            Duration::from_secs(3),
            "1 and 2 seconds later"
        );
        Ok(())
    })
}

#[test]
fn a_full_listener_is_asked_again() -> Fallible {
    within(&Simulation::new(), async |sim, event_loop| {
        let options = ServerOptions::default().backlog(1).start_serving(false);
        let serving = event_loop
            .create_server(Log::default, server(), options)
            .await?;
        serving.start_serving()?;
        let mut attempts = Vec::new();
        for _ in 0..5 {
            let sim = sim.clone();
            attempts.push(event_loop.spawn(async move { sim.connect(server()).await }));
        }
        for attempt in attempts {
            attempt.await??;
        }
        serving.close();
        Ok(())
    })
}

#[test]
fn names_are_those_of_the_simulation() -> Fallible {
    within(&Simulation::new(), async |sim, event_loop| {
        let dead: IpAddr = "192.0.2.66".parse()?;
        sim.add_host("Mail.Example", [dead, server().ip()]);
        sim.set_reachable(dead, false);
        let _listener = sim.listen(server())?;
        let delay = Duration::from_millis(250);
        let options = ConnectOptions::default().happy_eyeballs_delay(delay);
        let target = ("mail.example", server().port());
        let (transport, _) = event_loop
            .create_connection(Log::default, target, options)
            .await?;
        assert_eq!(transport.peername(), Some(server().into()));
        assert_eq!(sim.elapsed(), Duration::from_millis(250), "the head start");
        let options = ConnectOptions::default();
        let unknown = event_loop
            .create_connection(Log::default, ("nowhere", 1), options)
            .await;
        assert!(matches!(unknown.err(), Some(ConnectError::Resolve { .. })));
        transport.abort();
        Ok(())
    })
}

#[test]
fn every_interface_is_every_address() -> Fallible {
    within(&Simulation::new(), async |sim, event_loop| {
        let options = ServerOptions::default();
        let serving = event_loop
            .create_server(Log::default, BindTarget::any(80), options)
            .await?;
        for address in ["198.51.100.1:80", "[2001:db8::1]:80", "127.0.0.1:80"] {
            let address: SocketAddr = address.parse()?;
            let peer = sim.connect(address).await?;
            let connection = peer.connection();
            assert_eq!(
                connection.name(loopline_backend_sim::Side::Server),
                address.into()
            );
        }
        let taken = sim.listen(SocketAddr::from(([198, 51, 100, 1], 80)));
        assert_eq!(
            taken.err().map(|error| error.kind()),
            Some(ErrorKind::AddrInUse)
        );
        serving.close();
        sim.listen(SocketAddr::from(([198, 51, 100, 1], 80)))?;
        Ok(())
    })
}

#[test]
fn paths_are_addresses_too() -> Fallible {
    within(&Simulation::new(), async |sim, event_loop| {
        let path = Path::new("/run/simulated.sock");
        let options = ServerOptions::default();
        let serving = event_loop
            .create_server(Log::default, BindTarget::unix(path), options)
            .await?;
        let options = ConnectOptions::default();
        let target = ConnectTarget::unix(path);
        let (transport, _) = event_loop
            .create_connection(Log::default, target, options)
            .await?;
        assert_eq!(transport.peername(), Some(Address::Unix(path.into())));
        assert!(!path.exists(), "nothing is in the file system");
        serving.close();
        let gone = sim.connect(Address::Unix(path.into())).await;
        assert_eq!(
            gone.err().map(|error| error.kind()),
            Some(ErrorKind::NotFound)
        );
        transport.abort();
        Ok(())
    })
}

#[test]
fn the_local_address_is_the_one_asked_for() -> Fallible {
    within(&Simulation::new(), async |sim, event_loop| {
        let listener = sim.listen(server())?;
        let local: SocketAddr = "192.0.2.99:1234".parse()?;
        let options = ConnectOptions::default().local_addr(local);
        let connecting = event_loop.create_connection(Log::default, server(), options.clone());
        let (transport, _) = connecting.await?;
        let peer = listener.accept().await;
        assert_eq!(
            peer.connection().name(loopline_backend_sim::Side::Client),
            local.into()
        );
        let again = event_loop
            .create_connection(Log::default, server(), options)
            .await;
        let error = again.err().ok_or("the port is taken")?;
        assert_eq!(kinds(&error), [ErrorKind::AddrInUse]);
        transport.abort();
        Ok(())
    })
}
