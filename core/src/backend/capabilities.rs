//! What a backend can do, as plain data.

/// What a backend can do: plain data, asked once when a loop is made.
///
/// Absence is an ordinary answer. Made from [`Capabilities::default`], which
/// claims nothing beyond watching the system's sockets, and changed field by
/// field.
///
/// ```
/// use loopline_core::backend::Capabilities;
///
/// let mut capabilities = Capabilities::default();
/// capabilities.send_file = true;
/// assert!(capabilities.watches_sockets && !capabilities.watches_any_descriptor);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Capabilities {
    /// [`send_file`](super::Backend::send_file) is implemented. A single call
    /// may still answer `Unsupported`.
    pub send_file: bool,
    /// [`send_file`](super::Backend::send_file) may answer
    /// [`InFlight`](super::Sent::InFlight).
    pub completes: bool,
    /// [`read_file`](super::Backend::read_file) is implemented.
    pub read_file: bool,
    /// Sockets of the system can be watched. A simulation may do without; then
    /// every source is refused (clause B6).
    pub watches_sockets: bool,
    /// Descriptors other than sockets can be watched: pipes, terminals,
    /// event and timer descriptors.
    pub watches_any_descriptor: bool,
    /// [`now`](super::Backend::now) is a clock of the backend's own, which jumps
    /// when nothing is ready (clause B15).
    pub virtual_clock: bool,
    /// [`network`](super::Backend::network) is there (clause B16).
    pub network: bool,
}

impl Default for Capabilities {
    fn default() -> Self {
        Self {
            send_file: false,
            completes: false,
            read_file: false,
            watches_sockets: true,
            watches_any_descriptor: false,
            virtual_clock: false,
            network: false,
        }
    }
}
