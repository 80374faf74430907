//! What is printed at the end.

use std::time::Duration;

use serde_json::json;

const MIB: f64 = 1024.0 * 1024.0;
const GIB: f64 = 1024.0 * MIB;

/// What was measured in one leg.
#[derive(Debug)]
pub(crate) struct Figures {
    pub(crate) leg: &'static str,
    pub(crate) bytes: u64,
    pub(crate) sha256_equal: bool,
    pub(crate) time: Duration,
    /// None where the system was not asked.
    pub(crate) cpu: Option<Duration>,
    pub(crate) path: &'static str,
    pub(crate) tls_version: Option<String>,
    pub(crate) cipher_suite: Option<String>,
}

impl Figures {
    #[allow(
        clippy::cast_precision_loss,
        reason = "nobody counts exabytes to the byte"
    )]
    fn size(&self) -> f64 {
        self.bytes as f64
    }

    /// None for nothing in no time.
    fn mib_per_s(&self) -> Option<f64> {
        finite(self.size() / MIB / self.time.as_secs_f64())
    }

    fn cpu_s_per_gib(&self) -> Option<f64> {
        finite(self.cpu?.as_secs_f64() / (self.size() / GIB))
    }
}

fn finite(number: f64) -> Option<f64> {
    number.is_finite().then_some(number)
}

/// One array of objects, in one line.
pub(crate) fn json(all: &[Figures]) -> String {
    let objects = all.iter().map(|figures| {
        json!({
            "leg": figures.leg,
            "bytes": figures.bytes,
            "sha256_equal": figures.sha256_equal,
            "mib_per_s": figures.mib_per_s(),
            "cpu_s_per_gib": figures.cpu_s_per_gib(),
            "path": figures.path,
            "tls_version": figures.tls_version,
            "cipher_suite": figures.cipher_suite,
        })
    });
    serde_json::Value::from_iter(objects).to_string()
}

#[derive(Clone, Copy)]
enum Align {
    Left,
    Right,
}

/// A table for a person, without a line break at its end.
pub(crate) fn table(all: &[Figures]) -> String {
    use Align::{Left, Right};

    let mut columns = vec![
        column("leg", Left, all, |row| row.leg.to_owned()),
        column("bytes", Right, all, |row| row.bytes.to_string()),
        column("SHA-256", Left, all, |row| {
            let word = if row.sha256_equal { "equal" } else { "DIFFERS" };
            word.to_owned()
        }),
        column("MiB/s", Right, all, |row| decimal(row.mib_per_s(), 0)),
        column("CPU s/GiB", Right, all, |row| {
            decimal(row.cpu_s_per_gib(), 3)
        }),
        column("path", Left, all, |row| row.path.to_owned()),
    ];
    if all.iter().any(|row| row.tls_version.is_some()) {
        columns.push(column("TLS", Left, all, |row| {
            text(row.tls_version.as_ref())
        }));
        columns.push(column("cipher suite", Left, all, |row| {
            text(row.cipher_suite.as_ref())
        }));
    }
    let lines = (0..=all.len()).map(|line| {
        let cells: Vec<_> = columns.iter().map(|cells| cells[line].as_str()).collect();
        cells.join("  ").trim_end().to_owned()
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// A heading and its cells, all of one width.
fn column(
    heading: &str,
    align: Align,
    rows: &[Figures],
    cell: impl Fn(&Figures) -> String,
) -> Vec<String> {
    let mut cells = vec![heading.to_owned()];
    cells.extend(rows.iter().map(cell));
    let width = cells.iter().map(String::len).max().unwrap_or(0);
    for cell in &mut cells {
        *cell = match align {
            Align::Left => format!("{cell:<width$}"),
            Align::Right => format!("{cell:>width$}"),
        };
    }
    cells
}

fn decimal(number: Option<f64>, places: usize) -> String {
    number.map_or_else(|| "-".to_owned(), |number| format!("{number:.places$}"))
}

fn text(cell: Option<&String>) -> String {
    cell.cloned().unwrap_or_else(|| "-".to_owned())
}
