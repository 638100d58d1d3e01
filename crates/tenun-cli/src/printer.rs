//! [`Printer`]: the one way by which anything reaches the user.
//!
//! Data go to stdout; progress, notes, warnings, errors and hints go to stderr. Whoever reads may leave early: a
//! broken pipe silences that stream, and nothing else. On a terminal one line at the bottom may say what is going on
//! ([`Printer::show`]); everything else is written above it.

use std::borrow::Cow;
use std::fmt::Display;
use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use serde::Serialize;
use serde_json::{Map, Value};
use tenun::data::{Ignored, Unreadable};
use tenun::names::{escaped, is_unseen, shown};

use crate::failure::{Failure, Kind};
use crate::live::{Line, Live};
use crate::text::counted;

/// How much is said, and how.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Voice {
    /// Data as JSON.
    pub(crate) json: bool,
    /// Nothing on stderr but errors.
    pub(crate) quiet: bool,
    /// Details on stderr, and the time beside every line.
    pub(crate) verbose: bool,
    /// An exit code of its own if something was left out.
    pub(crate) strict: bool,
}

/// The one way by which anything reaches the user.
pub(crate) struct Printer {
    voice: Voice,
    /// Whether stderr is a terminal that can move its cursor.
    terminal: bool,
    colour: bool,
    began: Instant,
    stdout: Stream,
    stderr: Stream,
    /// The line at the bottom of the terminal, while there is one.
    live: Mutex<Option<Live>>,
    /// The images that were left out, once images have been opened.
    left_out: Mutex<Option<Vec<Unreadable>>>,
    /// The files that were passed over, likewise.
    ignored: Mutex<Option<Ignored>>,
}

/// Images that are named of those that were left out, where not all are; `--json` has all.
pub(crate) const NAMED: usize = 5;

/// The exit code if something was left out and that must not be.
const LEFT_OUT: u8 = 4;

#[derive(Default)]
struct Stream {
    /// Nobody reads any more.
    closed: AtomicBool,
    /// Why it could not be written to, the first time.
    failed: Mutex<Option<io::Error>>,
}

impl Stream {
    fn write(&self, text: &str, mut to: impl Write) {
        if self.closed.load(Ordering::Relaxed) {
            return;
        }
        match to.write_all(text.as_bytes()).and_then(|()| to.flush()) {
            Ok(()) => {}
            Err(error) => {
                self.closed.store(true, Ordering::Relaxed);
                if error.kind() != io::ErrorKind::BrokenPipe {
                    *self.failed.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
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
        let (began, live) = (Instant::now(), Mutex::new(None));
        let (left_out, ignored) = (Mutex::new(None), Mutex::new(None));
        Self {
            voice,
            terminal,
            colour: terminal && !no_colour,
            began,
            stdout,
            stderr,
            live,
            left_out,
            ignored,
        }
    }

    pub(crate) fn voice(&self) -> Voice {
        self.voice
    }

    /// Whether a bar may move on stderr.
    pub(crate) fn is_live(&self) -> bool {
        self.terminal && !self.voice.quiet
    }

    /// Shows what is going on in the line at the bottom of the terminal; nothing where there is none.
    pub(crate) fn show(&self, line: &Line) {
        if self.is_live() {
            let mut live = self.live.lock().unwrap_or_else(PoisonError::into_inner);
            live.get_or_insert_with(Live::new).show(line, self.colour);
        }
    }

    /// Removes the line at the bottom of the terminal.
    pub(crate) fn clear(&self) {
        self.live.lock().unwrap_or_else(PoisonError::into_inner).take();
    }

    /// Writes above the line at the bottom.
    fn above(&self, write: impl FnOnce()) {
        match &*self.live.lock().unwrap_or_else(PoisonError::into_inner) {
            Some(live) => live.above(write),
            None => write(),
        }
    }

    /// Data: text as it is, but for what would move a terminal.
    pub(crate) fn data(&self, text: &str) {
        self.above(|| self.stdout.write(&seen(text), io::stdout().lock()));
    }

    /// Says how many images were left out, and names so many; all of them are part of what [`Self::result`] prints.
    pub(crate) fn left_out(&self, images: &[Unreadable], named: usize) {
        let mut all = self.left_out.lock().unwrap_or_else(PoisonError::into_inner);
        let all = all.get_or_insert_default();
        let new: Vec<&Unreadable> = images.iter().filter(|image| !all.contains(image)).collect();
        if new.is_empty() {
            return;
        }
        let mut text = format!("skipped {}", counted(new.len(), "image"));
        for bad in new.iter().take(named) {
            text += &format!("\n  skipped {}: {}", shown(&bad.path), bad.reason);
        }
        if new.len() > named {
            text += &format!("\n  and {} more; `--json` and `tenun data verify` name all", new.len() - named);
        }
        all.extend(new.into_iter().cloned());
        self.warn(&text);
    }

    /// Says how many files of which kinds were passed over, and counts them for what [`Self::result`] prints.
    pub(crate) fn ignored(&self, files: &Ignored) {
        self.ignored.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert_default().extend(files);
        if let Some(told) = files.told() {
            self.note(format_args!("note: {told}"));
        }
    }

    /// Data: an object in a line of its own, its fields after `schema_version` and `kind`.
    pub(crate) fn object(&self, kind: &str, fields: &impl Serialize) {
        self.object_with(kind, fields, None, None);
    }

    fn object_with(
        &self,
        kind: &str,
        fields: &impl Serialize,
        left_out: Option<&[Unreadable]>,
        ignored: Option<&Ignored>,
    ) {
        let mut object = Map::new();
        object.insert("schema_version".into(), tenun::SCHEMA_VERSION.into());
        object.insert("kind".into(), kind.into());
        match serde_json::to_value(fields) {
            Ok(Value::Object(fields)) => object.extend(fields),
            Ok(other) => drop(object.insert("value".into(), other)),
            Err(error) => self.warn(&format!("`{kind}` has no form in JSON: {error}")),
        }
        if let Some(images) = left_out {
            object.insert("skipped".into(), serde_json::to_value(images).unwrap_or_default());
        }
        if let Some(files) = ignored {
            object.insert("ignored_files".into(), serde_json::to_value(files).unwrap_or_default());
        }
        self.data(&format!("{}\n", in_ascii_where_unseen(&Value::Object(object).to_string())));
    }

    /// Data in the form that was asked for: text, or an object. Where images were opened, those that were left out are a
    /// field of it, and so are the counts of files that were passed over.
    pub(crate) fn result(&self, kind: &str, fields: &impl Serialize, text: impl FnOnce() -> String) {
        if !self.voice.json {
            return self.data(&text());
        }
        let left_out = self.left_out.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let ignored = self.ignored.lock().unwrap_or_else(PoisonError::into_inner).clone();
        self.object_with(kind, fields, left_out.as_deref(), ignored.as_ref());
    }

    /// How things go: what a person wants to see, and nobody else needs.
    pub(crate) fn note(&self, text: impl Display) {
        if self.voice.quiet {
            return;
        }
        self.write_note(&seen(&text.to_string()));
    }

    fn write_note(&self, text: &str) {
        let mut text = format!("{text}\n");
        if self.voice.verbose {
            text = timed(&text, self.began.elapsed().as_secs_f64());
        }
        self.above(|| self.stderr.write(&text, io::stderr().lock()));
    }

    /// What is said with `-v` only.
    pub(crate) fn detail(&self, text: impl Display) {
        if self.voice.verbose {
            self.note(text);
        }
    }

    /// What should not be overlooked, but stops nothing.
    pub(crate) fn warn(&self, text: &str) {
        if !self.voice.quiet {
            self.write_note(&format!("{} {}", self.paint("33;1", "warning:"), seen(text)));
        }
    }

    /// Why the program ends, and what to do. Said even when quiet.
    pub(crate) fn failure(&self, failure: &Failure) {
        let label = match failure.kind {
            Kind::Interrupted => self.paint("33;1", "interrupted:"),
            Kind::Failed | Kind::Usage => self.paint("31;1", "error:"),
        };
        let mut text = format!("{label} {}\n", seen(&failure.message));
        if let Some(hint) = &failure.hint {
            text += &format!("{} {}\n", self.paint("36;1", "hint:"), seen(hint));
        }
        self.above(|| self.stderr.write(&text, io::stderr().lock()));
    }

    /// The exit code: a failure of stdout, such as a full disk behind it, is one of the program.
    pub(crate) fn finish(&self, result: Result<(), Failure>) -> ExitCode {
        self.clear();
        let failed = self.stdout.failed.lock().unwrap_or_else(PoisonError::into_inner).take();
        let result = result.and_then(|()| match failed {
            Some(error) => Err(Failure::failed(format!("cannot write to standard output: {error}"), None)),
            None => Ok(()),
        });
        let left_out =
            self.left_out.lock().unwrap_or_else(PoisonError::into_inner).take().unwrap_or_default();
        match result {
            Ok(()) if self.voice.strict && !left_out.is_empty() => {
                self.failure(&Failure::failed(
                    format!("{} left out, which `--strict` does not allow", counted(left_out.len(), "image")),
                    Some("repair, convert or remove what `tenun data verify` names".into()),
                ));
                ExitCode::from(LEFT_OUT)
            }
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

/// A text whose lines are its own, without what would move a terminal or turn the direction of writing: a name may hold
/// anything. Line breaks in names are escaped where names become text, as they look here like those of the text.
fn seen(text: &str) -> Cow<'_, str> {
    let is_line = |c: char| c == '\n' || c == '\t';
    if !text.contains(|c| is_unseen(c) && !is_line(c)) {
        return text.into();
    }
    let keep = |text: &mut String, c: char| match is_line(c) {
        true => text.push(c),
        false => *text += &escaped(c.encode_utf8(&mut [0; 4])),
    };
    text.chars()
        .fold(String::new(), |mut text, c| {
            keep(&mut text, c);
            text
        })
        .into()
}

/// JSON in which characters that nobody sees are escaped; they can be in its strings alone.
fn in_ascii_where_unseen(json: &str) -> String {
    let mut text = String::with_capacity(json.len());
    for c in json.chars() {
        if is_unseen(c) { text += &format!("\\u{:04x}", u32::from(c)) } else { text.push(c) }
    }
    text
}

/// Every line of a text with the seconds since the start of the program before it.
fn timed(text: &str, seconds: f64) -> String {
    let line = |line: &str| match line.is_empty() {
        true => "\n".to_owned(),
        false => format!("[{seconds:8.2} s] {line}\n"),
    };
    text.lines().map(line).collect()
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
        assert!(printer.stdout.closed.load(Ordering::Relaxed));
        assert_eq!(printer.finish(Ok(())), ExitCode::SUCCESS);

        let printer = Printer::new(Voice { quiet: true, ..Voice::default() });
        printer.stdout.write("x", Failing(io::ErrorKind::StorageFull));
        assert_eq!(printer.finish(Ok(())), ExitCode::from(1));
    }

    #[test]
    fn what_was_left_out_counts_once_and_is_an_exit_code_if_it_must_not_be() {
        let bad = Unreadable { path: "a.png".into(), reason: "no".into() };
        for (strict, code) in [(true, LEFT_OUT), (false, 0)] {
            let printer = Printer::new(Voice { quiet: true, strict, ..Voice::default() });
            printer.left_out(&[], NAMED);
            printer.left_out(std::slice::from_ref(&bad), NAMED);
            printer.left_out(std::slice::from_ref(&bad), NAMED);
            assert_eq!(printer.left_out.lock().unwrap().as_ref().map(Vec::len), Some(1));
            assert_eq!(printer.finish(Ok(())), ExitCode::from(code));
            let printer = Printer::new(Voice { quiet: true, strict, ..Voice::default() });
            printer.left_out(&[], NAMED);
            assert_eq!(printer.finish(Ok(())), ExitCode::SUCCESS);
        }
    }

    #[test]
    fn with_details_every_line_has_its_time() {
        assert_eq!(timed("\na\n  b\n", 1.5), "\n[    1.50 s] a\n[    1.50 s]   b\n");
    }

    #[test]
    fn names_cannot_move_the_terminal() {
        assert_eq!(seen("a\n\tb \u{1b}[2Jc\u{202e}d\r\u{85}"), "a\n\tb \\u{1b}[2Jc\\u{202e}d\\r\\u{85}");
        assert!(matches!(seen("plain ñ ─ ±\n"), Cow::Borrowed(_)));
        let value = Value::String("a\n\u{202e}\u{7f}ñ".into());
        let json = in_ascii_where_unseen(&value.to_string());
        assert_eq!(json, r#""a\n\u202e\u007fñ""#);
        assert_eq!(serde_json::from_str::<Value>(&json).unwrap(), value);
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
