//! [`Tagged`]: data whose kind one key names, such as `{ layer = "conv2d", filters = 8 }`.
//!
//! Serde's own `tag` copies such a table before it looks at it, and an error in it no longer knows its line. Here the
//! fields are read where they stand, as soon as the kind is known. Only what stands before the tag has to be copied, so
//! a format with positions does well to give the tag first.

use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::value::{MapAccessDeserializer, StringDeserializer};
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, Visitor};

/// Data whose kind one key names.
pub(crate) trait Tagged: Sized {
    /// The key.
    const TAG: &'static str;
    /// What it can say.
    const NAMES: &'static [&'static str];

    /// Whether `name` names a kind.
    fn knows(name: &str) -> bool {
        Self::NAMES.contains(&name)
    }

    /// Reads the kind called `name`, which is known, from its fields.
    ///
    /// # Errors
    /// If the fields are not those of that kind.
    fn read<'de, D: Deserializer<'de>>(name: &str, fields: D) -> Result<Self, D::Error>;
}

/// Reads any kind of `T`.
pub(crate) fn deserialize<'de, T: Tagged, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
    deserializer.deserialize_map(TableVisitor(PhantomData))
}

struct TableVisitor<T>(PhantomData<T>);

impl<'de, T: Tagged> Visitor<'de> for TableVisitor<T> {
    type Value = T;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "a table with the key `{}`", T::TAG)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<T, A::Error> {
        let mut before = Vec::new();
        while let Some(key) = map.next_key::<String>()? {
            if key == T::TAG {
                let name = map.next_value_seed(NameSeed::<T>(PhantomData))?;
                let fields = Fields { before: before.into_iter(), value: None, rest: map };
                return T::read(&name, MapAccessDeserializer::new(fields));
            }
            before.push((key, map.next_value::<serde_json::Value>()?));
        }
        Err(A::Error::missing_field(T::TAG))
    }
}

/// Reads a name, and refuses one that is not known, so that the error points at the name.
struct NameSeed<T>(PhantomData<T>);

impl<'de, T: Tagged> DeserializeSeed<'de> for NameSeed<T> {
    type Value = String;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<String, D::Error> {
        let name = String::deserialize(deserializer)?;
        if T::knows(&name) { Ok(name) } else { Err(D::Error::unknown_variant(&name, T::NAMES)) }
    }
}

/// All fields but the tag: copies of those that stood before it, and the others where they stand.
struct Fields<A> {
    before: std::vec::IntoIter<(String, serde_json::Value)>,
    value: Option<serde_json::Value>,
    rest: A,
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for Fields<A> {
    type Error = A::Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, A::Error> {
        let Some((key, value)) = self.before.next() else { return self.rest.next_key_seed(seed) };
        self.value = Some(value);
        seed.deserialize(StringDeserializer::new(key)).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, A::Error> {
        match self.value.take() {
            Some(value) => seed.deserialize(value).map_err(A::Error::custom),
            None => self.rest.next_value_seed(seed),
        }
    }
}
