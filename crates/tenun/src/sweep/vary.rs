//! [`Vary`]: a setting and the values it is to take: a list, or a range to draw from.

use serde::{Deserialize, Serialize};
use tenun_engine::{Philox, Purpose};
use toml::{Table, Value};

use super::SweepError;
use super::address::{Choice, path_of, text};

/// A setting and the values it is to take, as `--vary` has it: `lr=0.001,0.003` or `training.learning_rate=1e-4..1e-2`.
///
/// Values are those of TOML, words without quotes; `none` leaves the setting out. A range draws logarithmically where
/// both its ends are above 0, evenly otherwise: whole numbers where both ends are, to four digits where they are not.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Vary {
    name: String,
    written: String,
    values: Values,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Values {
    List(Vec<Choice>),
    Integers { low: i64, high: i64 },
    Numbers { low: f64, high: f64 },
}

impl From<Vary> for String {
    fn from(vary: Vary) -> Self {
        format!("{}={}", vary.name, vary.written)
    }
}

impl TryFrom<String> for Vary {
    type Error = SweepError;

    fn try_from(text: String) -> Result<Self, SweepError> {
        text.parse()
    }
}

impl std::str::FromStr for Vary {
    type Err = SweepError;

    fn from_str(text: &str) -> Result<Self, SweepError> {
        let wrong = |reason: &str| SweepError::Syntax { text: text.to_owned(), reason: reason.to_owned() };
        let (name, written) = text.split_once('=').ok_or_else(|| wrong("there is no `=`"))?;
        let (name, written) = (name.trim(), written.trim());
        if name.is_empty() {
            return Err(wrong("there is no setting before the `=`"));
        }
        if name.split('.').any(str::is_empty) {
            return Err(wrong("a part of the setting's name is empty"));
        }
        let values = match range(written) {
            Some(range) => range.map_err(|reason| wrong(&reason))?,
            None => Values::List(list(written).map_err(|reason| wrong(&reason))?),
        };
        Ok(Self { name: name.to_owned(), written: written.to_owned(), values })
    }
}

impl Vary {
    /// The setting, as it was given.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its dotted path in `config.toml`.
    #[must_use]
    pub fn path(&self) -> &str {
        path_of(&self.name)
    }

    pub(super) fn values(&self) -> &Values {
        &self.values
    }

    /// Some of its values, to see whether the setting takes them.
    pub(super) fn samples(&self) -> Vec<Choice> {
        match &self.values {
            Values::List(choices) => choices.clone(),
            Values::Integers { low, high } => vec![Some((*low).into()), Some((*high).into())],
            Values::Numbers { low, high } => vec![Some((*low).into()), Some((*high).into())],
        }
    }

    /// The value of draw number `draw` of the random search of `seed`, as the `place`th setting that is varied.
    pub(super) fn draw(&self, seed: u64, draw: u32, place: u32) -> Choice {
        let [a, b, ..] = Philox::new(seed, Purpose::Search).words(0, draw, place, 0);
        // 53 bits, as many as a double has: in [0, 1).
        let unit = ((u64::from(a) << 32 | u64::from(b)) >> 11) as f64 / (1u64 << 53) as f64;
        match self.values {
            Values::List(ref choices) => {
                let at = (unit * choices.len() as f64) as usize;
                choices[at.min(choices.len() - 1)].clone()
            }
            Values::Integers { low, high } => {
                // Each whole number has the part of the axis up to the next one.
                let value = between(low as f64, high as f64 + 1.0, low > 0, unit).floor() as i64;
                Some(value.clamp(low, high).into())
            }
            Values::Numbers { low, high } => {
                let value = between(low, high, low > 0.0, unit);
                let digits = format!("{value:.3e}").parse().unwrap_or(value);
                Some(digits.clamp(low, high).into())
            }
        }
    }
}

fn between(low: f64, high: f64, log: bool, unit: f64) -> f64 {
    if log { low * (unit * (high / low).ln()).exp() } else { low + unit * (high - low) }
}

/// `LOW..HIGH`, if the text has this form; and what is wrong with it.
fn range(text: &str) -> Option<Result<Values, String>> {
    let (low, high) = text.split_once("..")?;
    let (low, high) = (number(low.trim())?, number(high.trim())?);
    let values = match (&low, &high) {
        (Value::Integer(low), Value::Integer(high)) => Values::Integers { low: *low, high: *high },
        _ => {
            let float = |value: &Value| match value {
                Value::Integer(number) => *number as f64,
                other => other.as_float().unwrap_or(f64::NAN),
            };
            Values::Numbers { low: float(&low), high: float(&high) }
        }
    };
    let rises = match values {
        Values::Integers { low, high } => low < high,
        Values::Numbers { low, high } => low < high && (high - low).is_finite(),
        Values::List(_) => true,
    };
    Some(if rises { Ok(values) } else { Err("a range goes from a number to a larger one".to_owned()) })
}

/// A finite number, also such as TOML would not take, as `.5`.
fn number(text: &str) -> Option<Value> {
    if !text.starts_with(|c: char| c.is_ascii_digit() || "+-.".contains(c)) {
        return None;
    }
    match text.parse::<i64>() {
        Ok(whole) => Some(whole.into()),
        Err(_) => text.parse::<f64>().ok().filter(|number| number.is_finite()).map(Value::from),
    }
}

fn list(written: &str) -> Result<Vec<Choice>, String> {
    let mut choices: Vec<Choice> = Vec::new();
    for part in parts(written) {
        let choice = value(part.trim())?;
        if choices.contains(&choice) {
            return Err(format!("`{}` stands there twice", text(&choice)));
        }
        choices.push(choice);
    }
    Ok(choices)
}

/// Cuts at commas that are in no brackets and no quotes.
fn parts(text: &str) -> Vec<&str> {
    let (mut parts, mut start, mut depth, mut quote) = (Vec::new(), 0, 0_i32, None);
    for (at, c) in text.char_indices() {
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') => quote = Some(c),
            (None, '[' | '{') => depth += 1,
            (None, ']' | '}') => depth -= 1,
            (None, ',') if depth == 0 => {
                parts.push(&text[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&text[start..]);
    parts
}

/// One value: a number, a word, or whatever else TOML has.
fn value(part: &str) -> Result<Choice, String> {
    if part.is_empty() {
        return Err("a value is empty".to_owned());
    }
    if part == "none" {
        return Ok(None);
    }
    if let Some(number) = number(part) {
        return Ok(Some(number));
    }
    if let Ok(mut table) = format!("v = {part}").parse::<Table>()
        && table.len() == 1
    {
        return Ok(table.remove("v"));
    }
    let is_word = part.chars().all(|c| c.is_alphanumeric() || "_-./=".contains(c));
    if is_word { Ok(Some(part.into())) } else { Err(format!("`{part}` is no value of TOML, and no word")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vary(text: &str) -> Vary {
        text.parse().unwrap_or_else(|error| panic!("{error}"))
    }

    #[test]
    fn lists_hold_what_toml_holds_and_words() {
        let list = |text: &str| match vary(text).values {
            Values::List(choices) => choices,
            other => panic!("{other:?}"),
        };
        assert_eq!(list("lr=0.001,1e-2, .5"), [Some(0.001.into()), Some(0.01.into()), Some(0.5.into())]);
        assert_eq!(list("training.loss=bce,mse"), [Some("bce".into()), Some("mse".into())]);
        assert_eq!(list("a.b=1,-2"), [Some(1.into()), Some((-2).into())]);
        assert_eq!(list("a.b=true,false"), [Some(true.into()), Some(false.into())]);
        assert_eq!(list("a.b=none,3"), [None, Some(3.into())]);
        assert_eq!(list("a.b=\"none\",'x,y'"), [Some("none".into()), Some("x,y".into())]);
        assert_eq!(list("a.b=../x,y.z")[0], Some("../x".into()));
        let tables = list("training.optimizer={name=\"sgd\", momentum=0.5},{name=\"adam\"}");
        assert_eq!(tables.len(), 2);
        assert_eq!(tables[0].as_ref().unwrap()["momentum"], 0.5.into());
        assert_eq!(list("data.size=[28,28],[14,14]").len(), 2);
        assert_eq!((vary("lr=1").name(), vary("lr=1").path()), ("lr", "training.learning_rate"));
    }

    #[test]
    fn ranges_are_of_whole_numbers_or_of_others() {
        assert_eq!(vary("lr=1e-4..1e-2").values, Values::Numbers { low: 1e-4, high: 1e-2 });
        assert_eq!(vary("latent=2..128").values, Values::Integers { low: 2, high: 128 });
        assert_eq!(vary("d=0..0.5").values, Values::Numbers { low: 0.0, high: 0.5 });
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        for (text, reason) in [
            ("lr", "no `=`"),
            ("=1", "no setting"),
            ("a..b=1", "a part"),
            ("lr=", "empty"),
            ("lr=1,,2", "empty"),
            ("lr=1,1", "twice"),
            ("lr=2..1", "larger"),
            ("lr=1e-2..1e-2", "larger"),
            ("lr=a b", "no value"),
            ("lr=[1", "no value"),
            ("lr=1\nx=2", "no value"),
        ] {
            let error = text.parse::<Vary>().unwrap_err();
            assert!(error.to_string().contains(reason), "{text}: {error}");
        }
    }

    #[test]
    fn a_sweeps_file_brings_them_back() {
        let vary = vary("training.learning_rate=1e-4..1e-2");
        let json = serde_json::to_string(&vary).unwrap();
        assert_eq!(serde_json::from_str::<Vary>(&json).unwrap(), vary);
    }

    #[test]
    fn draws_lie_in_the_range_spread_evenly_over_its_logarithm() {
        let rate = vary("lr=1e-4..1e-2");
        let draws: Vec<f64> = (0..2000).map(|i| rate.draw(1, i, 0).unwrap().as_float().unwrap()).collect();
        assert!(draws.iter().all(|x| (1e-4..=1e-2).contains(x)));
        // Half of them lie under the geometric mean: 1000, with a standard deviation of 22.
        let below = draws.iter().filter(|&&x| x < 1e-3).count();
        assert!((890..1110).contains(&below), "{below}");
        let sizes = vary("n=1..3");
        let count = |n: i64| (0..3000).filter(|&i| sizes.draw(1, i, 0) == Some(n.into())).count();
        // The logarithm of 2, 3/2 and 4/3 over that of 4: a half, 0.29 and 0.21.
        let counts = [count(1), count(2), count(3)];
        assert_eq!(counts.iter().sum::<usize>(), 3000);
        assert!((1380..1620).contains(&counts[0]) && counts[1] > counts[2] && counts[2] > 500, "{counts:?}");
        let even = vary("n=0..9");
        let low = (0..2000).filter(|&i| even.draw(1, i, 0).unwrap().as_integer().unwrap() < 5).count();
        assert!((890..1110).contains(&low), "{low}");
        // Another seed, another place, another draw: other numbers. The same: the same.
        let draw = |seed, draw, place| rate.draw(seed, draw, place);
        assert_eq!(draw(1, 2, 3), draw(1, 2, 3));
        assert!(draw(1, 2, 3) != draw(2, 2, 3) && draw(1, 2, 3) != draw(1, 3, 3));
        assert_ne!(draw(1, 2, 3), draw(1, 2, 4));
    }
}
