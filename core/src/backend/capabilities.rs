//! What a backend can do, as plain data.

/// What a backend can do: plain data, asked once when a loop is made.
///
/// Absence is an ordinary answer. Made from [`Capabilities::default`], which
/// claims nothing beyond watching sockets, and changed field by field.
///
/// ```
/// use loopline_core::backend::Capabilities;
///
/// let mut capabilities = Capabilities::default();
/// capabilities.send_file = true;
/// assert!(!capabilities.watches_any_descriptor);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
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
    /// Descriptors other than sockets can be watched: pipes, terminals,
    /// event and timer descriptors.
    pub watches_any_descriptor: bool,
}
