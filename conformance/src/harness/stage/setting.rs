//! Every way that a file can go: what carries it, how it is read, and over which
//! sockets.

use std::fmt;
use std::num::NonZeroU64;
use std::rc::Rc;

use loopline_core::backend::Backend;

use crate::context::Context;
use crate::harness::altered::{Altered, Completing, Hold, Refusing, Trickling};
use crate::harness::os;
use crate::verdict::Stop;

/// What one call sends where a backend sends little at a time, in bytes; no
/// divisor of anything.
const LITTLE: NonZeroU64 = NonZeroU64::new(100_003).unwrap();

/// What carries a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Carrier {
    Transport,
    /// A transport that speaks TLS.
    Tls,
    Socket,
}

/// How a file gets from its place to the socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// As the backend has it.
    Native,
    /// By the backend, little at a time and with pauses.
    Trickling,
    /// By the backend, which says later that it is done.
    Completing,
    /// Read on the loop's thread, where the backend can.
    InPlace,
    /// Read on another thread.
    Elsewhere,
    /// From a reader that is no file.
    Memory,
}

impl Way {
    /// Whether the backend is to send.
    pub(crate) fn is_native(self) -> bool {
        matches!(self, Self::Native | Self::Trickling | Self::Completing)
    }

    pub(crate) fn backend(
        self,
        context: &Context,
        hold: &Rc<Hold>,
    ) -> Result<Box<dyn Backend>, Stop> {
        let inner = context.backend()?;
        Ok(match self {
            Self::Native | Self::Memory => inner,
            Self::Trickling => Altered::boxed(inner, Trickling::new(LITTLE)),
            Self::Completing => Altered::boxed(inner, Completing::new(LITTLE, Rc::clone(hold))),
            Self::InPlace => Altered::boxed(inner, Refusing { reads: true }),
            Self::Elsewhere => Altered::boxed(inner, Refusing { reads: false }),
        })
    }
}

/// Over which sockets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Network {
    Tcp,
    Unix,
}

/// One of all combinations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Setting {
    pub(crate) carrier: Carrier,
    pub(crate) way: Way,
    pub(crate) network: Network,
    /// Whether files are in flight: the kernel, or who stands for it, works on
    /// them by itself, and is done a moment after it was told to stop.
    pub(crate) completes: bool,
}

impl Setting {
    pub(crate) fn all(context: &Context) -> Result<Vec<Self>, Stop> {
        use Way::{Completing, Elsewhere, InPlace, Memory, Native, Trickling};
        let backend_completes = context.backend()?.capabilities().completes;
        let mut all = Vec::new();
        for carrier in [Carrier::Transport, Carrier::Socket] {
            for way in [Native, Trickling, Completing, InPlace, Elsewhere, Memory] {
                for network in [Network::Tcp, Network::Unix] {
                    if network == Network::Tcp || os::UNIX_SOCKETS {
                        all.push(Self {
                            carrier,
                            way,
                            network,
                            completes: way == Completing || (way.is_native() && backend_completes),
                        });
                    }
                }
            }
        }
        Ok(all)
    }

    /// Those of a case that is run over TLS: whatever the backend sends by
    /// itself, the coder has to encrypt.
    pub(super) fn over_tls() -> Vec<Self> {
        let ways = [Way::Native, Way::InPlace, Way::Elsewhere, Way::Memory];
        let setting = |way| Self {
            carrier: Carrier::Tls,
            way,
            network: Network::Tcp,
            completes: false,
        };
        ways.into_iter().map(setting).collect()
    }

    pub(crate) fn has_transport(&self) -> bool {
        self.carrier != Carrier::Socket
    }
}

impl fmt::Display for Setting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            carrier,
            way,
            network,
            ..
        } = self;
        write!(f, "{carrier:?}, {way:?}, {network:?}")
    }
}
