//! [`Printer`]: the one way by which anything reaches the user.
//!
//! Data go to stdout; progress, notes, warnings, errors and hints go to stderr. Whoever reads may leave early: a
//! broken pipe silences that stream, and nothing else.

use std::cell::Cell;
use std::fmt::Display;
use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;

use serde::Serialize;
use serde_json::{Map, Value};

use crate::failure::{Failure, Kind};

/// The version of the objects that `--json` prints: it grows when a field goes, or changes its name, type or unit.
const JSON_VERSION: u32 = 1;

/// How much is said, and how.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Voice {
    /// Data as JSON.
    pub(crate) json: bool,
    /// Nothing on stderr but errors.
    pub(crate) quiet: bool,
    /// Details on stderr.
    pub(crate) verbose: bool,
}

/// The one way by which anything reaches the user.
pub(crate) struct Printer {
    voice: Voice,
    /// Whether stderr is a terminal that can move its cursor.
    terminal: bool,
    colour: bool,
    stdout: Stream,
    stderr: Stream,
}

#[derive(Default)]
struct Stream {
    /// Nobody reads any more.
    closed: Cell<bool>,
    /// Why it could not be written to, the first time.
    failed: Cell<Option<io::Error>>,
}

impl Stream {
    fn write(&self, text: &str, mut to: impl Write) {
        if self.closed.get() {
            return;
        }
        match to.write_all(text.as_bytes()).and_then(|()| to.flush()) {
            Ok(()) => {}
            Err(error) => {
                self.closed.set(true);
                if error.kind() != io::ErrorKind::BrokenPipe {
                    self.failed.set(Some(error));
                }
            }
        }
    }
}

impl Printer {
    pub(crate) fn new(voice: Voice) -> Self {
        let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        let terminal = io::stderr().is_terminal() && !dumb;
        let no_colour = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        let (stdout, stderr) = (Stream::default(), Stream::default());
        Self { voice, terminal, colour: terminal && !no_colour, stdout, stderr }
    }

    pub(crate) fn voice(&self) -> Voice {
        self.voice
    }

    /// Whether a bar may move on stderr.
    pub(crate) fn is_live(&self) -> bool {
        self.terminal && !self.voice.quiet
    }

    pub(crate) fn has_colour(&self) -> bool {
        self.colour
    }

    /// Data: text as it is.
    pub(crate) fn data(&self, text: &str) {
        self.stdout.write(text, io::stdout().lock());
    }

    /// Data: an object in a line of its own, its fields after `schema_version` and `kind`.
    pub(crate) fn object(&self, kind: &str, fields: &impl Serialize) {
        let mut object = Map::new();
        object.insert("schema_version".into(), JSON_VERSION.into());
        object.insert("kind".into(), kind.into());
        match serde_json::to_value(fields) {
            Ok(Value::Object(fields)) => object.extend(fields),
            Ok(other) => drop(object.insert("value".into(), other)),
            Err(error) => self.warn(&format!("`{kind}` has no form in JSON: {error}")),
        }
        self.data(&format!("{}\n", Value::Object(object)));
    }

    /// Data in the form that was asked for: text, or an object.
    pub(crate) fn result(&self, kind: &str, fields: &impl Serialize, text: impl FnOnce() -> String) {
        if self.voice.json { self.object(kind, fields) } else { self.data(&text()) }
    }

    /// How things go: what a person wants to see, and nobody else needs.
    pub(crate) fn note(&self, text: impl Display) {
        if !self.voice.quiet {
            self.stderr.write(&format!("{text}\n"), io::stderr().lock());
        }
    }

    /// What is said with `-v` only.
    pub(crate) fn detail(&self, text: impl Display) {
        if self.voice.verbose {
            self.note(text);
        }
    }

    /// What should not be overlooked, but stops nothing.
    pub(crate) fn warn(&self, text: &str) {
        self.note(format!("{} {text}", self.paint("33;1", "warning:")));
    }

    /// Why the program ends, and what to do. Said even when quiet.
    pub(crate) fn failure(&self, failure: &Failure) {
        let label = match failure.kind {
            Kind::Interrupted => self.paint("33;1", "interrupted:"),
            Kind::Failed | Kind::Usage => self.paint("31;1", "error:"),
        };
        let mut text = format!("{label} {}\n", failure.message);
        if let Some(hint) = &failure.hint {
            text += &format!("{} {hint}\n", self.paint("36;1", "hint:"));
        }
        self.stderr.write(&text, io::stderr().lock());
    }

    /// The exit code: a failure of stdout, such as a full disk behind it, is one of the program.
    pub(crate) fn finish(&self, result: Result<(), Failure>) -> ExitCode {
        let result = result.and_then(|()| match self.stdout.failed.take() {
            Some(error) => Err(Failure::failed(format!("cannot write to standard output: {error}"), None)),
            None => Ok(()),
        });
        match result {
            Ok(()) => ExitCode::SUCCESS,
            Err(failure) => {
                self.failure(&failure);
                failure.exit_code()
            }
        }
    }

    fn paint(&self, style: &str, text: &str) -> String {
        if self.colour { format!("\x1b[{style}m{text}\x1b[0m") } else { text.to_owned() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A writer that fails in a way of its own.
    struct Failing(io::ErrorKind);

    impl Write for Failing {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(self.0.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_broken_pipe_is_no_failure_and_a_full_disk_is_one() {
        let printer = Printer::new(Voice { quiet: true, ..Voice::default() });
        printer.stdout.write("x", Failing(io::ErrorKind::BrokenPipe));
        assert!(printer.stdout.closed.get());
        assert_eq!(printer.finish(Ok(())), ExitCode::SUCCESS);

        let printer = Printer::new(Voice { quiet: true, ..Voice::default() });
        printer.stdout.write("x", Failing(io::ErrorKind::StorageFull));
        assert_eq!(printer.finish(Ok(())), ExitCode::from(1));
    }

    #[test]
    fn colour_is_for_terminals() {
        let mut printer = Printer::new(Voice::default());
        printer.colour = false;
        assert_eq!(printer.paint("31", "error:"), "error:");
        printer.colour = true;
        assert_eq!(printer.paint("31", "error:"), "\x1b[31merror:\x1b[0m");
    }
}
