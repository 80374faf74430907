//! Each subject alone, by criterion over the process's CPU clock.

use std::time::Duration;

use criterion::measurement::{Measurement, ValueFormatter, WallTime};
use criterion::{BenchmarkId, Criterion, Throughput};

use crate::Fallible;
use crate::clock::cpu_time;
use crate::options::Choice;
use crate::rows::ROWS;
use crate::stage::Stage;
use crate::workload::Workload;

/// CPU time of this process, user and kernel, in the place of wall time.
struct CpuTime(WallTime);

impl Measurement for CpuTime {
    type Intermediate = Duration;
    type Value = Duration;

    fn start(&self) -> Duration {
        cpu_time()
    }

    fn end(&self, start: Duration) -> Duration {
        cpu_time() - start
    }

    fn add(&self, one: &Duration, other: &Duration) -> Duration {
        *one + *other
    }

    fn zero(&self) -> Duration {
        Duration::ZERO
    }

    fn to_f64(&self, value: &Duration) -> f64 {
        self.0.to_f64(value)
    }

    // CPU time is written as wall time is: in nanoseconds and their multiples.
    fn formatter(&self) -> &dyn ValueFormatter {
        self.0.formatter()
    }
}

/// Measures every subject over every workload.
pub(crate) fn draw(choice: &Choice) -> Fallible<()> {
    let mut criterion = Criterion::default()
        .with_measurement(CpuTime(WallTime))
        .without_plots()
        .sample_size(20)
        .warm_up_time(Duration::from_secs(1))
        .measurement_time(Duration::from_secs(4));
    for row in ROWS.iter().filter(|row| choice.has(row.workload)) {
        draw_workload(&mut criterion, row.workload, choice)?;
    }
    criterion.final_summary();
    Ok(())
}

fn draw_workload(
    criterion: &mut Criterion<CpuTime>,
    workload: Workload,
    choice: &Choice,
) -> Fallible<()> {
    // One iteration is a request on each connection, or all timers.
    let round = workload.round();
    let mut group = criterion.benchmark_group(workload.to_string());
    group.throughput(match workload {
        Workload::File { size, .. } => Throughput::Bytes(size * round),
        _ => Throughput::Elements(round),
    });
    let mut failed = None;
    for kind in choice.subjects(workload) {
        let mut stage = Stage::set(kind, workload)?;
        group.bench_function(BenchmarkId::from_parameter(kind), |bencher| {
            bencher.iter_custom(|iterations| {
                let taken = stage.serve(iterations * round).map(|taken| taken.cpu);
                taken.unwrap_or_else(|error| {
                    failed = Some(error);
                    // criterion refuses a time of nothing.
                    Duration::from_nanos(1)
                })
            });
        });
    }
    group.finish();
    failed.map_or(Ok(()), Err)
}
