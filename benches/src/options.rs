//! The command line, for people and for this program when it runs itself.

use crate::client::Task;
use crate::subject::SubjectKind;
use crate::workload::{Effort, Workload};

pub(crate) const USAGE: &str = "\
Usage: loopline-benches [--rows NAMES] [--peers NAMES] [--rounds N]
                        [--check] [--quick] [--race]
       loopline-benches --criterion [--rows NAMES]

Compares loopline with bare loops and with other event loops: prints the CPU
time of a request, its ratio to the bare loop's, and what can be counted.

  --rows NAMES   only these, separated by commas: echo, sendfile, connect,
                 hyper, tls_echo, tls_sendfile, handshake, watch, timers,
                 call_soon, wake, counts, idle_memory, growth, cores; or a
                 part of the name of a row, such as 'OpenSSL echo'
  --peers NAMES  beside the bare loop and loopline: streams, mio, tokio, smol,
                 polling, blocking; none; all of them by default
  --rounds N     how many turns each one takes; 41 by default
  --check        exit with status 1 if a target is missed
  --quick        few and short turns: shows that everything works; too short
                 to judge times by, so --check then judges only what is counted
  --race         subject and client run where and when the kernel likes,
                 instead of in lockstep on one CPU: closer to a service, and
                 noisier
  --criterion    the curve of each subject alone, by criterion
  --help         this text";

/// What one run of this program is to do.
pub(crate) enum Mode {
    Help,
    /// Turns, counts, and the tables of both.
    Verdict(Choice),
    /// criterion's measurements.
    Curves(Choice),
    /// The other end of the connections.
    Client(Task),
    /// One subject, which follows orders.
    Serve(SubjectKind, Workload),
    /// One subject alone, for a tool that counts from outside.
    Subject {
        subject: SubjectKind,
        workload: Workload,
        requests: u64,
    },
}

/// What was chosen.
pub(crate) struct Choice {
    pub(crate) effort: Effort,
    pub(crate) check: bool,
    pub(crate) race: bool,
    pub(crate) rounds: usize,
    /// Everything if empty.
    pub(crate) rows: Vec<String>,
    peers: Vec<SubjectKind>,
}

/// The groups of rows that are no workloads.
pub(crate) const COUNTS: &str = "counts";
pub(crate) const IDLE_MEMORY: &str = "idle_memory";
pub(crate) const GROWTH: &str = "growth";
pub(crate) const CORES: &str = "cores";

impl Choice {
    /// Whether a workload is to be timed.
    pub(crate) fn has(&self, workload: Workload) -> bool {
        let name = workload.to_string();
        let groups = self.rows.iter().map(String::as_str);
        self.rows.is_empty()
            || groups.into_iter().any(|row| {
                // What is a group's name is no part of another row's.
                row == workload.group() || (!is_group(row) && name.contains(row))
            })
    }

    /// Whether a group that is no workload was chosen.
    pub(crate) fn has_group(&self, group: &str) -> bool {
        self.rows.is_empty() || self.rows.iter().any(|row| row == group)
    }

    /// Who takes part in a workload; first, whom the others are compared with.
    pub(crate) fn subjects(&self, workload: Workload) -> Vec<SubjectKind> {
        let always = [workload.base(), SubjectKind::Ours];
        let peers = self.peers.iter().copied();
        always
            .into_iter()
            .chain(peers)
            .enumerate()
            .filter(|&(place, kind)| place == 0 || kind != workload.base())
            .map(|(_, kind)| kind)
            .filter(|kind| kind.serves(workload))
            .collect()
    }
}

fn is_group(word: &str) -> bool {
    let of_rows = crate::rows::ROWS.iter().map(|row| row.workload.group());
    of_rows
        .chain([COUNTS, IDLE_MEMORY, GROWTH, CORES])
        .any(|group| group == word)
}

pub(crate) fn parse(arguments: &[String]) -> Result<Mode, String> {
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words[..] {
        ["client", address, ref task @ ..] => Task::parse(address, task)
            .map(Mode::Client)
            .ok_or_else(|| format!("not a task for a client: {words:?}")),
        ["serve", subject, ref workload @ ..] => parse_subject(subject, workload)
            .map(|(subject, workload)| Mode::Serve(subject, workload))
            .ok_or_else(|| format!("not a subject: {words:?}")),
        ["subject", subject, ref workload @ .., requests] => {
            let parsed = parse_subject(subject, workload).zip(requests.parse().ok());
            let ((subject, workload), requests) =
                parsed.ok_or_else(|| format!("not a subject: {words:?}"))?;
            Ok(Mode::Subject {
                subject,
                workload,
                requests,
            })
        }
        ["--help" | "-h"] => Ok(Mode::Help),
        _ => parse_choice(&words),
    }
}

fn parse_subject(subject: &str, workload: &[&str]) -> Option<(SubjectKind, Workload)> {
    Some((SubjectKind::parse(subject)?, Workload::parse(workload)?))
}

fn parse_choice(words: &[&str]) -> Result<Mode, String> {
    let mut choice = Choice {
        effort: Effort::Full,
        check: false,
        race: false,
        rounds: 0,
        rows: Vec::new(),
        peers: parse_peers("streams,mio,tokio,smol,polling,blocking")?,
    };
    let mut curves = false;
    let mut words = words.iter();
    while let Some(&word) = words.next() {
        let mut value = || words.next().ok_or_else(|| format!("{word} needs a value"));
        match word {
            "--quick" => choice.effort = Effort::Quick,
            "--check" => choice.check = true,
            "--race" => choice.race = true,
            "--criterion" => curves = true,
            // `cargo bench` says so to every benchmark that it runs.
            "--bench" => {}
            "--rows" => choice.rows = value()?.split(',').map(str::to_owned).collect(),
            "--peers" => choice.peers = parse_peers(value()?)?,
            "--rounds" => {
                let rounds = value()?.parse().ok().filter(|rounds| *rounds > 0);
                choice.rounds = rounds.ok_or("--rounds needs a number above 0")?;
            }
            _ => return Err(format!("unknown option: {word}")),
        }
    }
    if choice.rounds == 0 {
        choice.rounds = match choice.effort {
            Effort::Full => 41,
            Effort::Quick => 1,
        };
    }
    Ok(match curves {
        true => Mode::Curves(choice),
        false => Mode::Verdict(choice),
    })
}

fn parse_peers(list: &str) -> Result<Vec<SubjectKind>, String> {
    let words = list.split(',').filter(|word| *word != "none");
    let peer = |word| SubjectKind::parse(word).ok_or_else(|| format!("unknown peer: {word}"));
    let peers: Result<Vec<_>, _> = words.map(peer).collect();
    let mut peers = peers?;
    peers.retain(|kind| !matches!(kind, SubjectKind::Bare | SubjectKind::Ours));
    Ok(peers)
}
