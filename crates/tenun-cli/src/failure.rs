//! [`Failure`]: why the program ends before its work is done, what to do about it, and the exit code.

use std::process::ExitCode;

/// What the program's exit code says. 0, done, is [`ExitCode::SUCCESS`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The work failed.
    Failed,
    /// The program was used wrongly: flags, settings or names that make no sense.
    Usage,
    /// It was interrupted, and a checkpoint is saved.
    Interrupted,
}

/// An end before the work is done.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) kind: Kind,
    pub(crate) message: String,
    pub(crate) hint: Option<String>,
}

impl Failure {
    pub(crate) fn failed(message: impl Into<String>, hint: Option<String>) -> Self {
        Self { kind: Kind::Failed, message: message.into(), hint }
    }

    pub(crate) fn usage(message: impl Into<String>, hint: Option<String>) -> Self {
        Self { kind: Kind::Usage, message: message.into(), hint }
    }

    pub(crate) fn exit_code(&self) -> ExitCode {
        ExitCode::from(match self.kind {
            Kind::Failed => 1,
            Kind::Usage => 2,
            Kind::Interrupted => INTERRUPTED,
        })
    }
}

/// The exit code after SIGINT or SIGTERM: 128 and the number of SIGINT, as shells have it.
pub(crate) const INTERRUPTED: u8 = 130;

/// Any error of the library, in its own words.
impl<E: Into<tenun::Error>> From<E> for Failure {
    fn from(error: E) -> Self {
        let error = error.into();
        let kind = if error.is_usage() { Kind::Usage } else { Kind::Failed };
        Self { kind, hint: error.hint(), message: error.to_string() }
    }
}
