//! The side of the run, which goes on whatever becomes of the case.

use std::fs::{self, File};
use std::io;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};
use std::{env, thread};

use super::DIARY;
use super::diary::Told;
use crate::run::Run;
use crate::verdict::Verdict;

/// How long a process may take for all but its case, which keeps to the limit by
/// itself and is run twice at most.
const GRACE: Duration = Duration::from_secs(10);

/// How many lines of what a process has printed are shown.
const LINES: usize = 20;

/// Runs a case in a process of its own, and says what came of it.
pub(crate) fn judged(run: &Run, limit: Duration) -> Verdict {
    match Process::start(&run.name, limit) {
        Ok(mut process) => {
            let ending = process.wait(2 * limit + GRACE);
            process.verdict(run, ending)
        }
        Err(error) => Verdict::Skipped(format!("a process of its own: {error}")),
    }
}

/// How a process ended.
enum Ending {
    Itself(ExitStatus),
    Killed(Duration),
    Lost(io::Error),
}

/// The process of one case.
struct Process {
    child: Child,
    diary: PathBuf,
    printed: PathBuf,
    _folder: tempfile::TempDir,
}

impl Process {
    fn start(name: &str, limit: Duration) -> io::Result<Self> {
        let folder = tempfile::tempdir()?;
        let (diary, printed) = (folder.path().join("diary"), folder.path().join("printed"));
        let output = File::create(&printed)?;
        let child = Command::new(env::current_exe()?)
            .args([name, "--exact", "--limit"])
            .arg(limit.as_secs_f64().to_string())
            .env(DIARY, &diary)
            .stdin(Stdio::null())
            .stdout(output.try_clone()?)
            .stderr(output)
            .spawn()?;
        Ok(Self {
            child,
            diary,
            printed,
            _folder: folder,
        })
    }

    fn wait(&mut self, patience: Duration) -> Ending {
        let begin = Instant::now();
        loop {
            match self.child.try_wait() {
                Ok(Some(status)) => return Ending::Itself(status),
                Ok(None) if begin.elapsed() > patience => {
                    let killed = self.child.kill().and_then(|()| self.child.wait());
                    return killed.map_or_else(Ending::Lost, |_| Ending::Killed(patience));
                }
                Ok(None) => thread::sleep(Duration::from_millis(2)),
                Err(error) => return Ending::Lost(error),
            }
        }
    }

    fn verdict(&self, run: &Run, ending: Ending) -> Verdict {
        let told = Told::read(&self.diary).unwrap_or_default();
        let how = match (ending, told.verdict) {
            (Ending::Itself(_), Some(Verdict::Failed(why))) => {
                return Verdict::Failed(format!("{why}{}", self.printed()));
            }
            (Ending::Itself(status), Some(verdict)) if status.success() => return verdict,
            (Ending::Itself(status), Some(_)) => {
                format!("its process ended with {status} once it was over")
            }
            (Ending::Itself(status), None) => format!("its process ended with {status}"),
            (Ending::Killed(patience), _) => {
                format!("its process had no end after {patience:?}, and was killed")
            }
            (Ending::Lost(error), _) => format!("its process was lost: {error}"),
        };
        let step = told.step.as_deref().unwrap_or("starting the process");
        run.failed(&format!("{how}{}", self.printed()), step)
    }

    /// The end of what the process has printed, to be put behind something.
    fn printed(&self) -> String {
        let printed = fs::read(&self.printed).unwrap_or_default();
        let printed = String::from_utf8_lossy(&printed);
        let lines: Vec<_> = printed.lines().filter(|line| !line.is_empty()).collect();
        let last = &lines[lines.len().saturating_sub(LINES)..];
        last.iter().map(|line| format!("\n  | {line}")).collect()
    }
}
