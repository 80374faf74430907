//! Two ends that talk to each other without a network.

use std::sync::Arc;

use loopline_core::tls::{Progress, TlsContext, TlsError, TlsVersion};

use super::cut::Cut;
use super::machine::Machine;
use super::parts::{self, Parts, VERSIONS};
use crate::TlsSide;
use crate::context::Context;
use crate::verdict::{Outcome, Stop};

/// Both ends, started.
pub(crate) struct Pair {
    pub(crate) client: Machine,
    pub(crate) server: Machine,
}

impl Pair {
    pub(crate) fn new(
        client: &Arc<dyn TlsContext>,
        server: &Arc<dyn TlsContext>,
    ) -> Result<Self, Stop> {
        Ok(Self {
            client: Machine::started(client.client(&parts::name())?)?,
            server: Machine::started(server.server()?)?,
        })
    }

    pub(crate) fn of(context: &Context, client: &Parts, server: &Parts) -> Result<Self, Stop> {
        Self::new(&context.tls(client)?, &context.tls(server)?)
    }

    /// The pair that a client and a server of this version are.
    pub(crate) fn plain(context: &Context, version: TlsVersion) -> Result<Self, Stop> {
        Self::of(
            context,
            &parts::client().version(version),
            &parts::server().version(version),
        )
    }

    /// The same, with the handshake done.
    pub(crate) fn open(context: &Context, version: TlsVersion) -> Result<Self, Stop> {
        Self::plain(context, version)?.opened(Cut::Whole)
    }

    /// Ends the handshake.
    pub(crate) fn opened(mut self, cut: Cut) -> Result<Self, Stop> {
        exchange(&mut self.client, &mut self.server, cut)?;
        for end in [&self.client, &self.server] {
            if end.progress != Progress::Open || !end.input.is_empty() {
                return Err(Stop::failed(format_args!(
                    "the handshake stands still: {:?}, {} bytes left",
                    end.progress,
                    end.input.len()
                )));
            }
        }
        Ok(self)
    }

    pub(crate) fn exchange(&mut self, cut: Cut) -> Result<(), TlsError> {
        exchange(&mut self.client, &mut self.server, cut)
    }

    /// The end of a side, and the other.
    pub(crate) fn ends(&mut self, side: TlsSide) -> (&mut Machine, &mut Machine) {
        match side {
            TlsSide::Client => (&mut self.client, &mut self.server),
            TlsSide::Server => (&mut self.server, &mut self.client),
        }
    }

    /// Sends `plain` both ways.
    pub(crate) fn talk(&mut self, plain: &[u8], cut: Cut) -> Outcome {
        self.client.send(plain)?;
        self.server.send(plain)?;
        self.exchange(cut)?;
        assert!(
            self.server.take_plain() == plain,
            "other bytes came to the server"
        );
        assert!(
            self.client.take_plain() == plain,
            "other bytes came to the client"
        );
        Ok(())
    }
}

pub(crate) const SIDES: [TlsSide; 2] = [TlsSide::Client, TlsSide::Server];

/// Carries what each side writes to the other until nothing moves.
pub(crate) fn exchange(a: &mut Machine, b: &mut Machine, cut: Cut) -> Result<(), TlsError> {
    loop {
        let (to_b, to_a) = (a.take_wire(), b.take_wire());
        if to_b.is_empty() && to_a.is_empty() {
            return Ok(());
        }
        b.feed(&to_b, cut)?;
        a.feed(&to_a, cut)?;
    }
}

/// Runs a case for both versions.
pub(crate) fn over_versions(context: &Context, body: impl Fn(TlsVersion) -> Outcome) -> Outcome {
    for version in VERSIONS {
        context.doing(version.to_string());
        body(version)?;
    }
    Ok(())
}

/// Runs a case for both versions and every cut.
pub(crate) fn over_cuts(context: &Context, body: impl Fn(TlsVersion, Cut) -> Outcome) -> Outcome {
    for version in VERSIONS {
        for cut in Cut::ALL {
            context.doing(format!("{version}, {cut:?}"));
            body(version, cut)?;
        }
    }
    Ok(())
}

/// Runs a case for both versions and on both sides.
pub(crate) fn over_sides(
    context: &Context,
    body: impl Fn(TlsVersion, TlsSide) -> Outcome,
) -> Outcome {
    for version in VERSIONS {
        for side in SIDES {
            context.doing(format!("{version}, {side:?}"));
            body(version, side)?;
        }
    }
    Ok(())
}
