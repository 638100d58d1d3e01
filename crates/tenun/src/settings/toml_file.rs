//! TOML files that people write. An error names its line and column, wherever in the file it is, and the name that a
//! misspelt one was meant to be.
//!
//! The `toml` crate parses; what it parsed is read here, for two reasons. A table whose kind a key names
//! (`layer = "conv2d"`) is read with that key first, wherever it stands, so that nothing need be copied and every error
//! keeps its place. And an unknown name is known as such, with the layer that it was given to.

use std::fmt;
use std::ops::Range;
use std::path::Path;

use serde::de::value::MapAccessDeserializer;
use serde::de::{
    self, DeserializeOwned, DeserializeSeed, Deserializer, Expected, IntoDeserializer, MapAccess, SeqAccess,
    Unexpected, Visitor,
};
use tenun_engine::Layer;
use toml::de::{DeString, DeTable, DeValue};
use toml::{Spanned, Table};

use super::SettingsError;
use crate::{layers, suggest};

/// Keys that name the kind of a table: they are read first.
const TAGS: [&str; 2] = ["layer", "name"];

/// A whole text file.
pub(crate) fn read_text(path: &Path) -> Result<String, SettingsError> {
    let io = |source| SettingsError::Io { path: path.to_owned(), source };
    let bytes = crate::file::read(path).map_err(io)?;
    String::from_utf8(bytes).map_err(|error| SettingsError::File {
        path: path.to_owned(),
        reason: format!("no text: {error}"),
        hint: None,
    })
}

/// A whole file of TOML.
pub(crate) fn parse<T: DeserializeOwned>(path: &Path) -> Result<T, SettingsError> {
    parse_with(&read_text(path)?, path, |_, _| None)
}

/// A value from TOML; errors have the place, and the nearest known name. `meant` may know what was meant by a key that a
/// table does not have, from the key and those that it has.
pub(crate) fn parse_with<T: DeserializeOwned>(
    text: &str,
    path: &Path,
    meant: impl Fn(&str, &[&str]) -> Option<String>,
) -> Result<T, SettingsError> {
    let file = |span: Option<Range<usize>>, message: &str, hint| {
        let place = span.map_or(String::new(), |span| place(text, span.start));
        SettingsError::File { path: path.to_owned(), reason: format!("{place}{message}"), hint }
    };
    let table = DeTable::parse(text).map_err(|error| file(error.span(), error.message(), None))?;
    let (span, value) = (table.span(), DeValue::Table(table.into_inner()));
    T::deserialize(Node { value: &value, span })
        .map_err(|fault| file(fault.span.clone(), &fault.to_string(), fault.hint(meant)))
}

/// A value from a table that stands in no file: an error is its words alone. Through its text, so that all that has
/// settings is read, and compiled, one way.
pub(super) fn from_table<T: DeserializeOwned>(table: &Table) -> Result<T, String> {
    let text = table.to_string();
    let table = DeTable::parse(&text).map_err(|error| error.message().to_owned())?;
    let (span, value) = (table.span(), DeValue::Table(table.into_inner()));
    T::deserialize(Node { value: &value, span }).map_err(|fault| fault.to_string())
}

/// Where a byte stands, for the beginning of a message.
fn place(text: &str, at: usize) -> String {
    let before = &text[..at.min(text.len())];
    let line = before.matches('\n').count() + 1;
    let column = before.chars().rev().take_while(|&c| c != '\n').count() + 1;
    format!("line {line}, column {column}: ")
}

/// Where the key of a dotted path stands, for the beginning of a message; nothing if it is not there.
pub(crate) fn place_of(text: &str, path: &str) -> String {
    let Ok(table) = DeTable::parse(text) else { return String::new() };
    let (mut table, mut at) = (table.get_ref(), None);
    for key in path.split('.') {
        let Some((key, value)) = table.get_key_value(key) else { break };
        at = Some(key.span().start);
        let DeValue::Table(inner) = value.get_ref() else { break };
        table = inner;
    }
    at.map_or(String::new(), |at| place(text, at))
}

/// Why a value cannot be read.
#[derive(Debug)]
enum Reason {
    Words(String),
    /// No such key, and those there are.
    Key(String, &'static [&'static str]),
    /// No such name, and those there are.
    Name(String, &'static [&'static str]),
}

/// Why a value cannot be read, and where it stands.
#[derive(Debug)]
struct Fault {
    reason: Reason,
    span: Option<Range<usize>>,
    /// The layer whose key it is.
    layer: Option<String>,
}

impl Fault {
    fn new(reason: Reason) -> Self {
        Self { reason, span: None, layer: None }
    }

    /// The fault, at `span` unless it is known more closely.
    fn at(mut self, span: &Range<usize>) -> Self {
        self.span.get_or_insert_with(|| span.clone());
        self
    }

    /// What was meant.
    fn hint(&self, meant: impl Fn(&str, &[&str]) -> Option<String>) -> Option<String> {
        match &self.reason {
            Reason::Words(_) => None,
            Reason::Key(given, known) => match &self.layer {
                Some(layer) => layers::meant_setting(layer, given),
                None => meant(given, known).or_else(|| nearest(given, known)),
            },
            Reason::Name(given, known) if *known == Layer::NAMES => layers::meant(given),
            Reason::Name(given, known) => nearest(given, known),
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list =
            |names: &[&str]| names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
        match &self.reason {
            Reason::Words(words) => f.write_str(words),
            Reason::Name(given, known) => {
                write!(f, "unknown variant `{given}`, expected one of {}", list(known))
            }
            Reason::Key(given, known) => {
                let layer = self.layer.as_ref().and_then(|name| Layer::describe(name));
                let names = match &layer {
                    Some(layer) => layer.settings.iter().map(|setting| setting.name).collect(),
                    None => known.to_vec(),
                };
                match (&layer, names.is_empty()) {
                    (Some(layer), true) => {
                        write!(f, "unknown field `{given}`: `{}` has no settings", layer.name)
                    }
                    (Some(layer), false) => {
                        write!(
                            f,
                            "unknown field `{given}` of `{}`, expected one of {}",
                            layer.name,
                            list(&names)
                        )
                    }
                    (None, _) => write!(f, "unknown field `{given}`, expected one of {}", list(&names)),
                }
            }
        }
    }
}

fn nearest(given: &str, known: &[&str]) -> Option<String> {
    suggest::nearest(given, known.iter().copied()).map(|name| format!("did you mean `{name}`?"))
}

/// What was expected, without the names of Rust's types: those who write TOML need not know them.
fn plain(expected: &dyn Expected) -> String {
    match expected.to_string().as_str() {
        "usize" | "u64" | "u32" | "u16" | "u8" => "a whole number of at least 0".to_owned(),
        "i64" | "i32" => "a whole number".to_owned(),
        "f64" | "f32" => "a number".to_owned(),
        other => other.to_owned(),
    }
}

impl std::error::Error for Fault {}

impl de::Error for Fault {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::new(Reason::Words(message.to_string()))
    }

    fn invalid_type(given: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::custom(format!("invalid type: {given}, expected {}", plain(expected)))
    }

    fn invalid_value(given: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::custom(format!("invalid value: {given}, expected {}", plain(expected)))
    }

    fn unknown_field(field: &str, expected: &'static [&'static str]) -> Self {
        Self::new(Reason::Key(field.to_owned(), expected))
    }

    fn unknown_variant(variant: &str, expected: &'static [&'static str]) -> Self {
        Self::new(Reason::Name(variant.to_owned(), expected))
    }
}

/// A value where it stands.
struct Node<'a> {
    value: &'a DeValue<'a>,
    span: Range<usize>,
}

impl<'a> Node<'a> {
    fn new(value: &'a Spanned<DeValue<'a>>) -> Self {
        Self { span: value.span(), value: value.get_ref() }
    }

    fn visit<V: Visitor<'a>>(value: &'a DeValue<'a>, visitor: V) -> Result<V::Value, Fault> {
        match value {
            DeValue::String(text) => visitor.visit_str(text),
            DeValue::Boolean(value) => visitor.visit_bool(*value),
            DeValue::Integer(number) => {
                let (digits, radix) = (number.as_str(), number.radix());
                if let Ok(number) = i64::from_str_radix(digits, radix) {
                    visitor.visit_i64(number)
                } else if let Ok(number) = u64::from_str_radix(digits, radix) {
                    visitor.visit_u64(number)
                } else {
                    Err(de::Error::custom(format!("{digits} is too large a number")))
                }
            }
            DeValue::Float(number) => match number.as_str().parse() {
                Ok(number) => visitor.visit_f64(number),
                Err(_) => Err(de::Error::custom(format!("{} is no number", number.as_str()))),
            },
            DeValue::Datetime(date) => {
                Err(de::Error::custom(format!("there is no setting that is a date, as {date} is")))
            }
            DeValue::Array(values) => visitor.visit_seq(Elements(values.iter())),
            DeValue::Table(table) => visitor.visit_map(Entries::new(table)),
        }
    }
}

impl<'de> Deserializer<'de> for Node<'de> {
    type Error = Fault;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        Self::visit(self.value, visitor).map_err(|fault| fault.at(&self.span))
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Fault> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        let outcome = match self.value {
            DeValue::String(name) => visitor.visit_enum((**name).into_deserializer()),
            DeValue::Table(table) => visitor.visit_enum(MapAccessDeserializer::new(Entries::new(table))),
            other => Self::visit(other, visitor),
        };
        outcome.map_err(|fault: Fault| fault.at(&self.span))
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct seq
        tuple tuple_struct map struct identifier ignored_any
    }
}

/// The values of an array.
struct Elements<'a>(std::slice::Iter<'a, Spanned<DeValue<'a>>>);

impl<'a> SeqAccess<'a> for Elements<'a> {
    type Error = Fault;

    fn next_element_seed<T: DeserializeSeed<'a>>(&mut self, seed: T) -> Result<Option<T::Value>, Fault> {
        self.0.next().map(|value| seed.deserialize(Node::new(value))).transpose()
    }
}

type Entry<'a> = (&'a Spanned<DeString<'a>>, &'a Spanned<DeValue<'a>>);

/// The entries of a table, in the order of the file, but the one that names its kind first.
struct Entries<'a> {
    entries: std::vec::IntoIter<Entry<'a>>,
    value: Option<&'a Spanned<DeValue<'a>>>,
    layer: Option<&'a str>,
}

impl<'a> Entries<'a> {
    fn new(table: &'a DeTable<'a>) -> Self {
        let mut entries: Vec<Entry<'a>> = table.iter().collect();
        entries.sort_by_key(|(key, _)| (!TAGS.contains(&&**key.get_ref()), key.span().start));
        let layer = table.get("layer").and_then(|layer| layer.get_ref().as_str());
        Self { entries: entries.into_iter(), value: None, layer }
    }
}

impl<'a> MapAccess<'a> for Entries<'a> {
    type Error = Fault;

    fn next_key_seed<K: DeserializeSeed<'a>>(&mut self, seed: K) -> Result<Option<K::Value>, Fault> {
        let Some((key, value)) = self.entries.next() else { return Ok(None) };
        self.value = Some(value);
        let name: de::value::StrDeserializer<'_, Fault> = (**key.get_ref()).into_deserializer();
        seed.deserialize(name).map(Some).map_err(|mut fault| {
            fault.layer = self.layer.map(str::to_owned);
            fault.at(&key.span())
        })
    }

    fn next_value_seed<V: DeserializeSeed<'a>>(&mut self, seed: V) -> Result<V::Value, Fault> {
        let value =
            self.value.take().ok_or_else(|| Fault::new(Reason::Words("a value before its key".into())))?;
        seed.deserialize(Node::new(value)).map_err(|fault| fault.at(&value.span()))
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use crate::preset::Recipe;

    /// The message and the hint for a network's file.
    fn refused(text: &str) -> (String, String) {
        let error = Recipe::parse(text, Path::new("net.toml")).unwrap_err();
        (error.to_string(), error.hint().unwrap_or_default())
    }

    /// Wherever a layer stands: what is wrong in it has its own line and column.
    #[test]
    fn an_error_has_the_place_of_what_is_wrong() {
        let conv = "[[encoder]]\nlayer = \"conv2d\"\nfilters = 8\n\n";
        for (text, place, words, hint) in [
            (
                "[[encoder]]\nkernle = 5\nlayer = \"conv2d\"\n",
                "line 6, column 1",
                "unknown field `kernle` of `conv2d`",
                "`kernel`",
            ),
            (
                "[[encoder]]\nlayer = \"conv2d\"\nkernel = \"5\"\n",
                "line 7, column 10",
                "expected a whole number",
                "",
            ),
            (
                "[[encoder]]\nlayer = \"conv2d\"\npadding = \"smae\"\n",
                "line 7, column 11",
                "unknown variant `smae`",
                "`same`",
            ),
            (
                "[[encoder]]\nlayer = \"batch_norm\"\n",
                "line 6, column 9",
                "unknown variant `batch_norm`",
                "use `group_norm`",
            ),
            ("[[encoder]]\nlayer = \"relu\"\nslope = 1\n", "line 7, column 1", "`relu` has no settings", ""),
            (
                "[[encoder]]\nlayer = \"max_pool\"\nstride = 2\n",
                "line 7, column 1",
                "`stride` of `max_pool`",
                "side by side",
            ),
            ("[[encoder]]\nfilters = 3\n", "line 5, column", "missing field `layer`", ""),
            (
                "[[encoder]]\nlayer = \"residual\"\nbody = [\n  { layer = \"relu\" },\n  { filter = 3, layer = \"conv2d\" },\n]\n",
                "line 9, column 5",
                "unknown field `filter`",
                "`filters`",
            ),
        ] {
            let (message, told) = refused(&format!("{conv}{text}"));
            assert!(message.contains(place), "{message}");
            assert!(message.contains(words), "{message}");
            assert!(told.contains(hint), "{message}: {told}");
        }
        for (text, place, hint) in [
            (
                "stages = [8]\ncode_layers = [\n  { layer = \"sampling\", bet = 2 },\n]\n",
                "line 4, column 25",
                "`beta`",
            ),
            ("stages = [8]\nactivation = \"rulo\"\n", "line 3, column 14", "`relu`"),
            (
                "stages = [8]\nactivation = { layer = \"leaky_relu\", slop = 0.2 }\n",
                "line 3, column 38",
                "`slope`",
            ),
            ("stages = [8]\nlayers = 3\n", "line 3, column 1", "[[encoder]]"),
            ("stages = [8]\n[training]\nlr = 3\n", "line 4, column 1", "`learning_rate`"),
            ("stages = [8]\n[training]\nepochs = \"3\"\n", "line 4, column 10", ""),
            (
                "stages = [8]\n[training]\noptimizer = { bta1 = 0.5, name = \"adam\" }\n",
                "line 4, column 15",
                "`beta1`",
            ),
            (
                "stages = [8]\n[training]\nschedule = { name = \"step\", facto = 0.5 }\n",
                "line 4, column 29",
                "`factor`",
            ),
            ("stages = [8]\n[training]\nschedule = { name = \"cosin\" }\n", "line 4, column 21", "`cosine`"),
            ("stages = [8]\n[training.optimizer]\nname = \"adm\"\n", "line 4, column 8", "`adam`"),
        ] {
            let (message, told) = refused(&format!("[network]\n{text}"));
            assert!(message.contains(place), "{message}");
            assert!(told.contains(hint), "{message}: {told}");
        }
        assert!(refused("[network\n").0.contains("line 1"), "{}", refused("[network\n").0);
    }

    /// A run's settings, too: also where tables are flattened.
    #[test]
    fn an_error_in_the_settings_of_a_run_has_its_place() {
        let refused = |text: &str| {
            let error =
                super::parse_with::<crate::settings::Settings>(text, Path::new("config.toml"), |_, _| None);
            error.unwrap_err().to_string()
        };
        let start = "[data]\nsource = \"mnist\"\n[network]\npreset = \"cae\"\n";
        for (rest, place, words) in [
            ("latnt = 3\n[training]\n", "line 5, column 1", "unknown field `latnt`"),
            ("latent = -3\n[training]\n", "line 5, column 10", "-3"),
            (
                "[training]\nschedule = { name = \"cosine\", factor = 0.5 }\n",
                "line 6, column 12",
                "`step` only",
            ),
            (
                "[[network.spec.encoder]]\nlayer = \"relu\"\nslope = 2\n[training]\n",
                "line 7, column 1",
                "`relu` has no settings",
            ),
        ] {
            let message = refused(&format!("{start}{rest}"));
            assert!(message.contains(place) && message.contains(words), "{message}");
        }
    }

    /// Names elsewhere that mean exactly the same.
    #[test]
    fn other_names_of_the_same_are_understood() {
        let of = |text: &str| Recipe::parse(text, Path::new("net.toml")).unwrap().layers.encoder;
        assert_eq!(
            of("[network]\nfilters = [8]\nkernel_size = 5\nlatent_dim = 3\nactivation = \"swish\"\n"),
            of("[network]\nstages = [8]\nkernel = 5\nlatent = 3\nactivation = { layer = \"silu\" }\n")
        );
        assert_eq!(
            of(
                "[[encoder]]\nlayer = \"conv2d\"\nout_channels = 8\nstrides = 2\n[[encoder]]\nlayer = \"dense\"\nunits = 3\n"
            ),
            of(
                "[[encoder]]\nlayer = \"conv2d\"\nfilters = 8\nstride = 2\n[[encoder]]\nlayer = \"dense\"\nfeatures = 3\n"
            )
        );
    }
}
