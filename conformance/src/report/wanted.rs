//! Which report a command line asks for.

use std::fs::File;
use std::io::{self, Write};

use super::Report;

/// How a report is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    Json,
    Markdown,
}

impl Format {
    pub(crate) fn of(self, report: &Report) -> io::Result<String> {
        match self {
            Self::Json => report.json(),
            Self::Markdown => Ok(report.markdown()),
        }
    }
}

/// The report that is wanted, if one is.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Wanted {
    pub(crate) format: Option<Format>,
    /// The file for it, instead of the standard output.
    pub(crate) output: Option<String>,
}

impl Wanted {
    /// The text for `--help`.
    pub(crate) const HELP: &str = "      --report json|markdown
                        Write what came of each case to the standard output,
                        and everything else to the standard error
      --output PATH     Write the report to a file, and all else as ever
";

    /// Takes its own options out of a command line, and returns the rest.
    ///
    /// # Errors
    ///
    /// What is wrong with the command line.
    pub(crate) fn take_from(&mut self, line: Vec<String>) -> Result<Vec<String>, String> {
        let mut rest = Vec::new();
        let mut line = line.into_iter();
        while let Some(argument) = line.next() {
            match argument.split_once('=').unwrap_or((&argument, "")) {
                ("--report", "") => self.format = Some(format(&line.next().unwrap_or_default())?),
                ("--report", value) => self.format = Some(format(value)?),
                ("--output", "") => self.output = Some(path(line.next())?),
                ("--output", value) => self.output = Some(value.to_owned()),
                _ => rest.push(argument),
            }
        }
        if self.output.is_some() && self.format.is_none() {
            return Err("--output wants --report with it".into());
        }
        Ok(rest)
    }

    /// The place for the report, which has to be there before anything runs.
    ///
    /// # Errors
    ///
    /// That the file cannot be made.
    pub(crate) fn place(&self) -> Result<Box<dyn Write>, String> {
        let Some(path) = &self.output else {
            return Ok(Box::new(io::stdout()));
        };
        let file = File::create(path);
        match file {
            Ok(file) => Ok(Box::new(file)),
            Err(error) => Err(format!("the report cannot be written to {path}: {error}")),
        }
    }
}

fn format(text: &str) -> Result<Format, String> {
    match text {
        "json" => Ok(Format::Json),
        "markdown" => Ok(Format::Markdown),
        _ => Err(format!("--report wants json or markdown, not `{text}`")),
    }
}

fn path(text: Option<String>) -> Result<String, String> {
    text.filter(|text| !text.is_empty())
        .ok_or_else(|| "--output wants the path of a file".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Result<(Wanted, Vec<String>), String> {
        let mut wanted = Wanted::default();
        let rest = wanted.take_from(line.split_whitespace().map(String::from).collect())?;
        Ok((wanted, rest))
    }

    #[test]
    fn its_own_options_are_taken_and_the_others_left() {
        for line in [
            "suite --report json B4 --output a.json --exact",
            "suite --output=a.json B4 --report=json --exact",
        ] {
            let (wanted, rest) = parsed(line).expect("parsed");
            let expected = Wanted {
                format: Some(Format::Json),
                output: Some("a.json".into()),
            };
            assert_eq!(wanted, expected, "{line}");
            assert_eq!(rest, ["suite", "B4", "--exact"], "{line}");
        }
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        for line in [
            "suite --report",
            "suite --report xml",
            "suite --output a.json",
            "suite --report json --output",
        ] {
            assert!(parsed(line).is_err(), "{line}");
        }
    }

    #[test]
    fn a_file_that_cannot_be_made_is_told_at_once() {
        let wanted = Wanted {
            format: Some(Format::Json),
            output: Some("no such folder/report.json".into()),
        };
        let Err(why) = wanted.place() else {
            panic!("there is a place");
        };
        assert!(why.contains("no such folder"), "{why}");
    }
}
