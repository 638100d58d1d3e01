//! Python's pickles of plain values and NumPy arrays, read without executing anything: only what such values are made of is
//! known, and everything else is a value of which nothing is known.
//!
//! Source: CPython, `Lib/pickletools.py`.

use std::collections::HashMap;
use std::rc::Rc;

use super::array::{Array, Element};
use crate::text::counted;

/// Values inside of values inside of values, at most so deep.
const DEEPEST: u8 = 16;

/// Values that are made and copied, at most: sixteen million labels.
const MOST_VALUES: usize = 16 << 20;

/// Values that are made and copied of the smallest file.
const LEAST_VALUES: usize = 1 << 16;

/// An array, whose elements may be those of other values too.
#[derive(Debug)]
pub(crate) struct Elements {
    element: Element,
    axes: Vec<usize>,
    fortran: bool,
    bytes: Rc<[u8]>,
}

impl Elements {
    /// A copy of its own.
    pub(crate) fn array(&self) -> Array {
        let Self { element, fortran, .. } = *self;
        Array { element, axes: self.axes.clone(), fortran, bytes: self.bytes.to_vec() }
    }
}

/// A value.
#[derive(Clone, Debug)]
pub(crate) enum Value {
    Int(i64),
    Text(String),
    Bytes(Rc<[u8]>),
    /// A list or a tuple.
    List(Vec<Value>, u8),
    Dict(Vec<(Value, Value)>, u8),
    Global(String),
    /// The type of an array's elements, without their byte order.
    Type(String, char),
    Array(Rc<Elements>),
    /// Anything else.
    Other,
    Mark,
}

impl Value {
    fn depth(&self) -> u8 {
        match self {
            Self::List(_, depth) | Self::Dict(_, depth) => *depth,
            _ => 0,
        }
    }

    /// How many values copying it makes; a long text counts for several.
    fn weight(&self) -> usize {
        match self {
            Self::Text(text) | Self::Global(text) => 1 + text.len() / size_of::<Self>(),
            Self::List(values, _) => 1 + values.iter().map(Self::weight).sum::<usize>(),
            Self::Dict(entries, _) => {
                1 + entries.iter().map(|(key, value)| key.weight() + value.weight()).sum::<usize>()
            }
            _ => 1,
        }
    }

    fn list(values: Vec<Self>) -> Option<Self> {
        let depth = values.iter().map(Self::depth).max().unwrap_or(0) + 1;
        (depth <= DEEPEST).then_some(Self::List(values, depth))
    }

    /// A text, also one that Python 2 has as bytes.
    pub(crate) fn text(&self) -> Option<String> {
        match self {
            Self::Text(text) => Some(text.clone()),
            Self::Bytes(bytes) => Some(bytes.iter().map(|&byte| char::from(byte)).collect()),
            _ => None,
        }
    }

    fn bytes(&self) -> Option<Rc<[u8]>> {
        match self {
            Self::Bytes(bytes) => Some(Rc::clone(bytes)),
            Self::Text(text) => text.chars().map(|c| u8::try_from(u32::from(c)).ok()).collect(),
            _ => None,
        }
    }

    /// The keys of a dictionary that are texts, each with what it has for it.
    pub(crate) fn entries(&self) -> impl Iterator<Item = (String, &Self)> {
        let entries = match self {
            Self::Dict(entries, _) => &entries[..],
            _ => &[],
        };
        entries.iter().filter_map(|(key, value)| Some((key.text()?, value)))
    }

    /// What it is, as in "got …".
    pub(crate) fn kind(&self) -> String {
        match self {
            Self::Dict(..) => {
                let keys: Vec<String> = self.entries().map(|(key, _)| format!("`{key}`")).collect();
                let more = keys.len().saturating_sub(10);
                let more = if more > 0 { format!(" and {more} more") } else { String::new() };
                match keys.is_empty() {
                    true => "a dictionary without such keys".into(),
                    false => format!("a dictionary of {}{more}", keys[..keys.len().min(10)].join(", ")),
                }
            }
            Self::List(values, _) => format!("a list or tuple of {}", counted(values.len(), "value")),
            Self::Text(_) | Self::Bytes(_) => "a text".into(),
            Self::Int(_) => "a number".into(),
            Self::Array(_) => "an array".into(),
            Self::Global(_) | Self::Type(..) | Self::Other | Self::Mark => "an object of another kind".into(),
        }
    }

    /// What a dictionary has for a key.
    pub(crate) fn get(&self, key: &str) -> Option<&Self> {
        let Self::Dict(entries, _) = self else { return None };
        entries.iter().find(|(name, _)| name.text().as_deref() == Some(key)).map(|(_, value)| value)
    }
}

/// Reads the one value of a pickle; none if it is cut short, or made of something that is not known.
pub(crate) fn read(file: &[u8]) -> Option<Value> {
    let left = file.len().saturating_mul(2).saturating_add(LEAST_VALUES).min(MOST_VALUES);
    let mut machine = Machine { rest: file, stack: Vec::new(), memo: HashMap::new(), left };
    loop {
        let &code = machine.take(1)?.first()?;
        machine.left = machine.left.checked_sub(1)?;
        if code == b'.' {
            return machine.stack.pop();
        }
        machine.step(code)?;
    }
}

struct Machine<'a> {
    rest: &'a [u8],
    stack: Vec<Value>,
    memo: HashMap<usize, Value>,
    /// Values that may still be made or copied: what is remembered once and copied often would be more than any memory.
    left: usize,
}

impl<'a> Machine<'a> {
    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.rest.split_at_checked(count)?;
        self.rest = rest;
        Some(taken)
    }

    /// A number of so many bytes, the least first.
    fn number(&mut self, bytes: usize) -> Option<usize> {
        let taken = self.take(bytes)?;
        taken.iter().rev().try_fold(0_usize, |value, &byte| Some(value.checked_mul(256)? + usize::from(byte)))
    }

    fn line(&mut self) -> Option<String> {
        let end = self.rest.iter().position(|&byte| byte == b'\n')?;
        let line = self.take(end + 1)?;
        Some(String::from_utf8_lossy(&line[..end]).trim_end_matches('\r').to_owned())
    }

    fn push_text(&mut self, length: usize) -> Option<()> {
        let text = String::from_utf8_lossy(self.take(length)?).into_owned();
        self.stack.push(Value::Text(text));
        Some(())
    }

    fn push_bytes(&mut self, length: usize) -> Option<()> {
        let bytes = self.take(length)?.into();
        self.stack.push(Value::Bytes(bytes));
        Some(())
    }

    fn take_marked(&mut self) -> Option<Vec<Value>> {
        let at = self.stack.iter().rposition(|value| matches!(value, Value::Mark))?;
        let values = self.stack.split_off(at + 1);
        self.stack.pop();
        Some(values)
    }

    fn remember(&mut self, key: usize) -> Option<()> {
        let value = copied(self.stack.last()?, &mut self.left)?;
        self.memo.insert(key, value);
        Some(())
    }

    fn recall(&mut self, key: usize) -> Option<()> {
        let value = copied(self.memo.get(&key)?, &mut self.left)?;
        self.stack.push(value);
        Some(())
    }

    fn last(&mut self, count: usize) -> Option<Vec<Value>> {
        let at = self.stack.len().checked_sub(count)?;
        Some(self.stack.split_off(at))
    }

    fn append(&mut self, more: Vec<Value>) -> Option<()> {
        match self.stack.last_mut()? {
            Value::List(values, depth) => {
                *depth = more.iter().map(|value| value.depth() + 1).max().unwrap_or(1).max(*depth);
                values.extend(more);
                (*depth <= DEEPEST).then_some(())
            }
            _ => Some(()),
        }
    }

    fn set(&mut self, more: Vec<Value>) -> Option<()> {
        match self.stack.last_mut()? {
            Value::Dict(entries, depth) => {
                *depth = more.iter().map(|value| value.depth() + 1).max().unwrap_or(1).max(*depth);
                let mut more = more.into_iter();
                while let (Some(key), Some(value)) = (more.next(), more.next()) {
                    entries.push((key, value));
                }
                (*depth <= DEEPEST).then_some(())
            }
            _ => Some(()),
        }
    }

    fn step(&mut self, code: u8) -> Option<()> {
        match code {
            0x80 => drop(self.take(1)?),
            0x95 => drop(self.take(8)?),
            b'(' => self.stack.push(Value::Mark),
            b'0' => drop(self.stack.pop()?),
            b'1' => drop(self.take_marked()?),
            b'2' => {
                let value = copied(self.stack.last()?, &mut self.left)?;
                self.stack.push(value);
            }
            b'N' | 0x89 => self.stack.push(Value::Other),
            0x88 => self.stack.push(Value::Int(1)),
            b'K' => {
                let value = self.number(1)?;
                self.stack.push(Value::Int(value as i64));
            }
            b'M' => {
                let value = self.number(2)?;
                self.stack.push(Value::Int(value as i64));
            }
            b'J' => {
                let value = i32::from_le_bytes(*self.take(4)?.first_chunk()?);
                self.stack.push(Value::Int(value.into()));
            }
            0x8a => {
                let length = self.number(1)?;
                let bytes = self.take(length)?;
                let value =
                    bytes.iter().rev().take(8).fold(0_i64, |value, &byte| value << 8 | i64::from(byte));
                self.stack.push(Value::Int(value));
            }
            b'I' | b'L' => {
                let line = self.line()?;
                self.stack.push(line.trim_end_matches('L').parse().map_or(Value::Other, Value::Int));
            }
            b'G' => {
                self.take(8)?;
                self.stack.push(Value::Other);
            }
            b'F' => {
                self.line()?;
                self.stack.push(Value::Other);
            }
            b'U' | b'C' => {
                let length = self.number(1)?;
                self.push_bytes(length)?;
            }
            b'T' | b'B' => {
                let length = self.number(4)?;
                self.push_bytes(length)?;
            }
            0x8e | 0x96 => {
                let length = self.number(8)?;
                self.push_bytes(length)?;
            }
            0x8c => {
                let length = self.number(1)?;
                self.push_text(length)?;
            }
            b'X' => {
                let length = self.number(4)?;
                self.push_text(length)?;
            }
            0x8d => {
                let length = self.number(8)?;
                self.push_text(length)?;
            }
            b'S' | b'V' => {
                let line = self.line()?;
                self.stack.push(Value::Text(line.trim_matches(['\'', '"']).to_owned()));
            }
            b']' | b')' => self.stack.push(Value::List(Vec::new(), 1)),
            b'}' => self.stack.push(Value::Dict(Vec::new(), 1)),
            b't' | b'l' => {
                let values = self.take_marked()?;
                self.stack.push(Value::list(values)?);
            }
            0x85..=0x87 => {
                let values = self.last(usize::from(code - 0x84))?;
                self.stack.push(Value::list(values)?);
            }
            b'd' => {
                let values = self.take_marked()?;
                self.stack.push(Value::Dict(Vec::new(), 1));
                self.set(values)?;
            }
            b'a' => {
                let values = self.last(1)?;
                self.append(values)?;
            }
            b'e' => {
                let values = self.take_marked()?;
                self.append(values)?;
            }
            b's' => {
                let values = self.last(2)?;
                self.set(values)?;
            }
            b'u' => {
                let values = self.take_marked()?;
                self.set(values)?;
            }
            b'q' => {
                let key = self.number(1)?;
                self.remember(key)?;
            }
            b'r' => {
                let key = self.number(4)?;
                self.remember(key)?;
            }
            b'p' => {
                let key = self.line()?.parse().ok()?;
                self.remember(key)?;
            }
            0x94 => self.remember(self.memo.len())?,
            b'h' => {
                let key = self.number(1)?;
                self.recall(key)?;
            }
            b'j' => {
                let key = self.number(4)?;
                self.recall(key)?;
            }
            b'g' => {
                let key = self.line()?.parse().ok()?;
                self.recall(key)?;
            }
            b'c' => {
                let name = format!("{} {}", self.line()?, self.line()?);
                self.stack.push(Value::Global(name));
            }
            0x93 => {
                let names = self.last(2)?;
                self.stack.push(Value::Global(format!("{} {}", names[0].text()?, names[1].text()?)));
            }
            b'R' | 0x81 => {
                let called = self.last(2)?;
                self.stack.push(call(&called[0], &called[1]));
            }
            b'b' => {
                let state = self.stack.pop()?;
                let value = self.stack.pop()?;
                self.stack.push(build(value, &state));
            }
            _ => return None,
        }
        Some(())
    }
}

/// A copy, as long as there may be more values.
fn copied(value: &Value, left: &mut usize) -> Option<Value> {
    *left = left.checked_sub(value.weight())?;
    Some(value.clone())
}

/// What calling something gives, as far as it is known.
fn call(function: &Value, arguments: &Value) -> Value {
    let (Value::Global(name), Value::List(arguments, _)) = (function, arguments) else { return Value::Other };
    let known = match (&name[..], &arguments[..]) {
        ("numpy dtype", [kind, ..]) => kind.text().map(|kind| Value::Type(kind, '|')),
        ("_codecs encode", [text, ..]) => text.bytes().map(Value::Bytes),
        ("numpy.core.multiarray _reconstruct" | "numpy._core.multiarray _reconstruct", _) => {
            Some(Value::Global("array".into()))
        }
        (
            "numpy.core.numeric _frombuffer" | "numpy._core.numeric _frombuffer",
            [bytes, Value::Type(kind, order), Value::List(axes, _), order_of_axes, ..],
        ) => array(axes, kind, *order, order_of_axes.text().as_deref() == Some("F"), bytes.bytes()),
        (
            "numpy.core.multiarray scalar" | "numpy._core.multiarray scalar",
            [Value::Type(kind, order), bytes],
        ) => {
            let element = Element::parse(&format!("{order}{kind}"));
            element
                .zip(bytes.bytes())
                .filter(|(element, bytes)| element.size() == bytes.len())
                .map(|(element, bytes)| Value::Int(element.number(&bytes) as i64))
        }
        ("collections OrderedDict", _) => Some(Value::Dict(Vec::new(), 1)),
        _ => None,
    };
    known.unwrap_or(Value::Other)
}

/// A value with its state.
fn build(value: Value, state: &Value) -> Value {
    let Value::List(state, _) = state else { return value };
    match (value, &state[..]) {
        (Value::Type(kind, _), [_, order, ..]) => {
            let order = order.text().and_then(|order| order.chars().next()).unwrap_or('|');
            Value::Type(kind, order)
        }
        (Value::Global(_), [_, Value::List(axes, _), Value::Type(kind, order), fortran, bytes]) => {
            let fortran = matches!(fortran, Value::Int(1));
            array(axes, kind, *order, fortran, bytes.bytes()).unwrap_or(Value::Other)
        }
        (value, _) => value,
    }
}

fn array(axes: &[Value], kind: &str, order: char, fortran: bool, bytes: Option<Rc<[u8]>>) -> Option<Value> {
    let element = Element::parse(&format!("{order}{kind}"))?;
    let axis = |value: &Value| match value {
        Value::Int(axis) => usize::try_from(*axis).ok(),
        _ => None,
    };
    let axes: Vec<usize> = axes.iter().map(axis).collect::<Option<_>>()?;
    let length = axes.iter().try_fold(element.size(), |product, &axis| product.checked_mul(axis))?;
    let bytes = bytes.filter(|bytes| bytes.len() == length)?;
    Some(Value::Array(Rc::new(Elements { element, axes, fortran, bytes })))
}
