//! [`Setting`]: a row of the table of settings, which says everything about one of them, once.
//!
//! The rows stand beside the fields they are about, in `data.rs`, `network.rs` and `training.rs`; [`all`](super::all) lists them.
//! The arguments of `tenun train` and their help, the check of `--resume`, the names that a sweep knows, the advice of the
//! doctor and of errors, the report, and the command that repeats a run: all of them read this table.

use std::fmt;

use toml::Value;

use super::SettingsError;

/// One setting.
#[allow(clippy::struct_excessive_bools)] // each is a fact of its own
pub struct Setting {
    /// Its dotted path in `config.toml`.
    pub path: &'static str,
    /// Its flag, without dashes; the name of the argument where it is positional.
    pub flag: &'static str,
    /// Another spelling of the flag.
    pub alias: Option<&'static str>,
    /// Whether it is an argument without a flag.
    pub is_positional: bool,
    /// What stands for its value in help.
    pub value_name: &'static str,
    /// The group of flags it is listed with in help.
    pub heading: &'static str,
    /// What it does, in a sentence without its full stop.
    pub help: &'static str,
    /// What holds where it is not given, in words; where there are none, its default value says it.
    pub default: Option<&'static str>,
    /// What a report calls it.
    pub label: &'static str,
    /// What it can be set to.
    pub takes: Takes,
    /// The other setting without which it has no effect.
    pub only_with: Option<OnlyWith>,
    /// Paths of what it takes the place of.
    pub replaces: &'static [&'static str],
    /// Whether a run that goes on may have another value.
    pub may_change: bool,
    /// Whether a network's file may give it, with the network; otherwise it belongs to a run.
    pub is_of_network: bool,
    /// Why a sweep cannot vary it; none where it can.
    pub not_varied: Option<&'static str>,
    /// Whether a report lists it also where it has its default value.
    pub is_always_listed: bool,
    /// A value other than the default, as the flag takes it.
    pub example: &'static str,
}

/// What a row says unless it says something else.
pub(super) const PLAIN: Setting = Setting {
    path: "",
    flag: "",
    alias: None,
    is_positional: false,
    value_name: "N",
    heading: "",
    help: "",
    default: None,
    label: "",
    takes: Takes::Text(|_| Ok(())),
    only_with: None,
    replaces: &[],
    may_change: false,
    is_of_network: false,
    not_varied: None,
    is_always_listed: false,
    example: "",
};

/// Makes rows of the table: a static for each, by which code names it, and `ROWS`, all of them in order.
macro_rules! settings {
    ($($name:ident $path:literal { $($field:ident: $value:expr,)* ..$rest:expr })*) => {
        $(
            #[doc = concat!("`", $path, "`")]
            pub static $name: Setting = Setting { path: $path, $($field: $value,)* ..$rest };
        )*
        pub(super) static ROWS: &[&Setting] = &[$(&$name),*];
    };
}
pub(super) use settings;

/// Another setting, and the values of it with which a setting has an effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OnlyWith {
    /// The other setting.
    pub setting: &'static Setting,
    /// Its values; where none are listed, any.
    pub values: &'static [&'static str],
}

impl OnlyWith {
    /// The values of the other setting with which this one has an effect; one of them, where any will do.
    pub(super) fn examples(&self) -> Vec<&'static str> {
        if self.values.is_empty() { vec![self.setting.example] } else { self.values.to_vec() }
    }
}

/// As in "is for `--optimizer adamw` or `sgd` only".
impl fmt::Display for OnlyWith {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let flag = self.setting.argument();
        match self.values {
            [] => write!(f, "`{flag}`"),
            [first, rest @ ..] => {
                write!(f, "`{flag} {first}`")?;
                rest.iter().try_for_each(|value| write!(f, " or `{value}`"))
            }
        }
    }
}

/// What a setting can be set to.
#[derive(Clone, Copy, Debug)]
pub enum Takes {
    /// Yes or no. The flag has no value, and sets it to this.
    Switch(bool),
    /// A whole number, at least the first, of what the word says.
    Whole(u32, &'static str),
    /// A number.
    Number(Range),
    /// A number that is kept in single precision.
    Single(Range),
    /// One of some names.
    Choice(fn() -> Vec<Choice>),
    /// Any of some names.
    Choices(fn() -> Vec<Choice>),
    /// Height and width: `28x28`.
    Size,
    /// The path of a file.
    File,
    /// A text; what is wrong with one that is not accepted.
    Text(fn(&str) -> Result<(), String>),
}

/// A name that can be chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Choice {
    /// The name.
    pub name: &'static str,
    /// Another spelling.
    pub alias: Option<&'static str>,
    /// What it means.
    pub help: &'static str,
}

impl Choice {
    pub(super) const fn new(name: &'static str, help: &'static str) -> Self {
        Self { name, alias: None, help }
    }
}

/// The numbers that a setting takes.
#[derive(Clone, Copy, Debug)]
pub struct Range {
    /// Whether a number is one of them.
    pub holds: fn(f64) -> bool,
    /// Which they are, in words.
    pub words: &'static str,
}

impl Range {
    pub(super) const ABOVE_ZERO: Self =
        Self { holds: |x| x > 0.0 && x.is_finite(), words: "a number above 0" };
}

impl Setting {
    /// As it is spelt on a command line: `--lr`, or `DATA`.
    #[must_use]
    pub fn argument(&self) -> String {
        if self.is_positional { self.flag.to_owned() } else { format!("--{}", self.flag) }
    }

    /// Its flag as a name; none where the flag says the contrary (`--no-shuffle`), and where there is none.
    #[must_use]
    pub fn short_name(&self) -> Option<&'static str> {
        let is_name = !self.is_positional && !matches!(self.takes, Takes::Switch(false));
        is_name.then_some(self.flag)
    }

    /// As it is spelt with a value: `--loss bce`.
    #[must_use]
    pub fn with(&self, value: impl fmt::Display) -> String {
        format!("{} {value}", self.argument())
    }

    /// With a value, as users know it: `` `--loss bce` (`training.loss`) ``.
    #[must_use]
    pub fn to(&self, value: impl fmt::Display) -> String {
        format!("`{}` (`{}`)", self.with(value), self.path)
    }

    /// A value from its text, as a flag has it.
    ///
    /// # Errors
    /// [`SettingsError::Value`] for a text that cannot be one; that a number lies in its range is checked by
    /// [`Settings::check`](super::Settings::check).
    pub fn read(&'static self, text: &str) -> Result<Value, SettingsError> {
        let wrong = |expected: String| SettingsError::Value { setting: self, expected, got: text.to_owned() };
        match self.takes {
            Takes::Switch(_) => match text {
                "true" | "yes" => Ok(Value::Boolean(true)),
                "false" | "no" => Ok(Value::Boolean(false)),
                _ => Err(wrong("true or false".to_owned())),
            },
            Takes::Whole(least, unit) => match text.parse::<i64>() {
                Ok(number) if number >= 0 => Ok(Value::Integer(number)),
                Err(_) if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) => {
                    Err(wrong(TOO_LARGE.to_owned()))
                }
                _ => Err(wrong(whole(least, unit))),
            },
            Takes::Number(range) | Takes::Single(range) => {
                text.parse().map(Value::Float).map_err(|_| wrong(range.words.to_owned()))
            }
            Takes::Choice(choices) => match chosen(&choices(), text) {
                Some(name) => Ok(name.into()),
                None => Err(wrong(one_of(&choices()))),
            },
            Takes::Choices(choices) => {
                let names = text.split(',').filter(|name| !name.is_empty());
                let names: Option<Vec<Value>> =
                    names.map(|name| chosen(&choices(), name).map(Value::from)).collect();
                names.map(Value::Array).ok_or_else(|| wrong(one_of(&choices())))
            }
            Takes::Size => {
                let parts: Option<Vec<i64>> = text
                    .split(['x', 'X', '×'])
                    .map(|part| part.parse().ok().filter(|&side| side > 0))
                    .collect();
                match parts.as_deref() {
                    Some(&[height, width]) => Ok(Value::Array(vec![height.into(), width.into()])),
                    _ => Err(wrong("height x width, such as 45x37".to_owned())),
                }
            }
            Takes::File => Ok(text.into()),
            Takes::Text(_) => {
                let value = Value::from(text);
                self.check(&value).map(|()| value)
            }
        }
    }

    /// A value that came as TOML, or as a word, in the form that this setting has in `config.toml`.
    pub(super) fn fitted(&'static self, value: &Value) -> Result<Value, SettingsError> {
        match (value, self.takes) {
            (Value::String(word), _) => self.read(word),
            (Value::Integer(whole), Takes::Number(_) | Takes::Single(_)) => {
                #[allow(clippy::cast_precision_loss)] // people write 1 for 1.0
                Ok(Value::Float(*whole as f64))
            }
            _ => Ok(value.clone()),
        }
    }

    /// A value in words, and as [`Self::read`] takes it.
    #[must_use]
    pub fn text(&self, value: &Value) -> String {
        match value {
            Value::String(word) => word.clone(),
            // Without the `.0` of whole numbers, and with an exponent where there are many zeros.
            Value::Float(number) => format!("{number:?}").trim_end_matches(".0").to_owned(),
            Value::Boolean(yes) => if *yes { "yes" } else { "no" }.to_owned(),
            Value::Array(parts) => {
                let between = if matches!(self.takes, Takes::Size) { "x" } else { "," };
                parts.iter().map(|part| self.text(part)).collect::<Vec<_>>().join(between)
            }
            other => other.to_string(),
        }
    }

    /// The arguments that give it this value; none where that cannot be said by its flag.
    #[must_use]
    pub fn arguments(&self, value: &Value) -> Vec<String> {
        match self.takes {
            Takes::Switch(on) if value.as_bool() == Some(on) => vec![self.argument()],
            Takes::Switch(_) => Vec::new(),
            _ if self.is_positional => vec![self.text(value)],
            Takes::Choices(_) => {
                let names = value.as_array().into_iter().flatten();
                names.flat_map(|name| [self.argument(), self.text(name)]).collect()
            }
            _ => vec![self.argument(), self.text(value)],
        }
    }

    /// Checks that a value is in range.
    pub(super) fn check(&'static self, value: &Value) -> Result<(), SettingsError> {
        let expected = match (self.takes, value) {
            (Takes::Whole(least, unit), Value::Integer(number)) if *number < i64::from(least) => {
                whole(least, unit)
            }
            (Takes::Number(range) | Takes::Single(range), Value::Float(number))
                if !(range.holds)(*number) =>
            {
                range.words.to_owned()
            }
            (Takes::Size, Value::Array(sides)) if sides.iter().any(|side| side.as_integer() == Some(0)) => {
                "at least 1×1 pixels".to_owned()
            }
            (Takes::Text(check), Value::String(text)) => {
                let wrong = |reason| SettingsError::Type { setting: self, reason, got: text.clone() };
                return check(text).map_err(wrong);
            }
            _ => return Ok(()),
        };
        Err(SettingsError::Value { setting: self, expected, got: self.text(value) })
    }
}

/// What whole numbers of TOML, and so those of a run's file, can be.
pub(super) const TOO_LARGE: &str = "a number below 2^63";

fn whole(least: u32, unit: &str) -> String {
    format!("at least {least} {unit}").trim_end().to_owned()
}

fn chosen(choices: &[Choice], name: &str) -> Option<&'static str> {
    choices.iter().find(|choice| choice.name == name || choice.alias == Some(name)).map(|choice| choice.name)
}

fn one_of(choices: &[Choice]) -> String {
    let names: Vec<String> = choices.iter().map(|choice| format!("`{}`", choice.name)).collect();
    format!("one of {}", names.join(", "))
}

/// A setting as users know it, by its flag and its path: within brackets as `{:#}`.
impl fmt::Display for Setting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match f.alternate() {
            true => write!(f, "`{}`, `{}`", self.argument(), self.path),
            false => write!(f, "`{}` (`{}`)", self.argument(), self.path),
        }
    }
}

impl fmt::Debug for Setting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.path)
    }
}

impl PartialEq for Setting {
    fn eq(&self, other: &Self) -> bool {
        self.path == other.path
    }
}

impl Eq for Setting {}
