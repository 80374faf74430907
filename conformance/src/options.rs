//! The options on top of those that every test program has.

use std::time::Duration;

/// How a suite is run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Options {
    /// Whether a skipped case is a failure.
    pub(crate) strict: bool,
    /// How long one case may take.
    pub(crate) limit: Duration,
    /// Whether nothing more is begun once a case has failed.
    pub(crate) fail_fast: bool,
    /// Whether every case is isolated.
    pub(crate) isolate: bool,
}

impl Options {
    pub(crate) const DEFAULT: Self = Self {
        strict: false,
        limit: Duration::from_secs(30),
        fail_fast: false,
        isolate: false,
    };

    /// The text for `--help`.
    pub(crate) const HELP: &str = "Options of the conformance suite:
      --strict          A case that has to be skipped fails
      --limit SECONDS   How long one case may take [default: 30]
      --fail-fast       Begin no further case once one has failed
      --isolate         Run each case in a process of its own, so that one that
                        crashes takes no other along
";

    /// Takes its own options out of a command line, whose first part is the
    /// program, and returns the rest.
    ///
    /// # Errors
    ///
    /// What is wrong with the command line.
    pub(crate) fn take_from(
        &mut self,
        line: impl Iterator<Item = String>,
    ) -> Result<Vec<String>, String> {
        let mut rest = Vec::new();
        let mut line = line;
        while let Some(argument) = line.next() {
            match argument.split_once('=').unwrap_or((&argument, "")) {
                ("--strict", "") => self.strict = true,
                ("--fail-fast", "") => self.fail_fast = true,
                ("--isolate", "") => self.isolate = true,
                ("--limit", "") => self.limit = seconds(&line.next().unwrap_or_default())?,
                ("--limit", value) => self.limit = seconds(value)?,
                _ => rest.push(argument),
            }
        }
        Ok(rest)
    }
}

fn seconds(text: &str) -> Result<Duration, String> {
    let limit = text.parse().ok().map(Duration::try_from_secs_f64);
    match limit {
        Some(Ok(limit)) if !limit.is_zero() => Ok(limit),
        _ => Err(format!("--limit wants a number of seconds, not `{text}`")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Result<(Options, Vec<String>), String> {
        let mut options = Options::DEFAULT;
        let rest = options.take_from(line.split(' ').map(String::from))?;
        Ok((options, rest))
    }

    #[test]
    fn its_own_options_are_taken_and_the_others_left() {
        let (options, rest) =
            parsed("program --strict B4 --limit 5 --fail-fast --isolate --exact").expect("parsed");
        let expected = Options {
            strict: true,
            limit: Duration::from_secs(5),
            fail_fast: true,
            isolate: true,
        };
        assert_eq!(options, expected);
        assert_eq!(rest, ["program", "B4", "--exact"]);
        let (options, _) = parsed("program --limit=7").expect("parsed");
        assert_eq!(options.limit, Duration::from_secs(7));
        let (options, _) = parsed("program --limit 0.25").expect("parsed");
        assert_eq!(options.limit, Duration::from_millis(250));
    }

    #[test]
    fn nothing_is_changed_without_them() {
        let (options, rest) = parsed("program --skip strict").expect("parsed");
        assert_eq!(options, Options::DEFAULT);
        assert_eq!(rest.len(), 3);
    }

    #[test]
    fn a_limit_has_to_be_a_number_of_seconds() {
        for line in [
            "program --limit",
            "program --limit x",
            "program --limit=0",
            "program --limit=-1",
            "program --limit inf",
        ] {
            assert!(parsed(line).is_err(), "{line}");
        }
    }
}
