//! Settings: what the run was asked to do.

use serde::Serialize;

use crate::Error;
use crate::report::Context;
use crate::report::elements::{entries, entry};
use crate::report::section::{Content, Section};
use crate::text::thousands;

pub(super) const SECTION: Section = Section { id: "settings", heading: "Settings", compose };

fn compose(context: &Context<'_>) -> Result<Option<Content>, Error> {
    let (data, t) = (&context.settings.data, &context.settings.training);
    let mut all = vec![
        entry("data", &data.source),
        entry("training images", thousands(context.collection.train.len() as u64)),
    ];
    if let Some(held) = context.held_out {
        all.push(entry("held-out images", thousands(held.len() as u64)));
    }
    if let Some(test) = &context.collection.test {
        all.push(entry("test images", thousands(test.len() as u64)));
    }
    all.extend([
        entry("network", context.settings.network.preset.as_deref().unwrap_or("from a file")),
        entry("loss", t.loss),
        entry("optimizer", words(&t.optimizer)),
        entry("learning rate", t.learning_rate),
        entry("schedule", words(&t.schedule)),
        entry("batch size", t.batch_size),
        entry("epochs", t.epochs),
        entry("seed", t.seed),
        entry("order of images", if t.shuffle { "shuffled every epoch" } else { "as in the file" }),
    ]);
    if let Some(norm) = t.clip_norm {
        all.push(entry("gradient norm at most", norm));
    }
    if let Some(patience) = t.patience {
        all.push(entry("patience in epochs", patience));
    }
    Ok(Some(Content::of(entries(&all))))
}

/// Settings of several numbers as `name, key value, key value`.
fn words(value: &impl Serialize) -> String {
    let Ok(serde_json::Value::Object(map)) = serde_json::to_value(value) else { return String::new() };
    let part = |(key, value): (&String, &serde_json::Value)| match (key.as_str(), value) {
        ("name", serde_json::Value::String(name)) => name.clone(),
        // Written through single precision, which is what was set: 0.9, not 0.8999999761581421.
        (key, serde_json::Value::Number(n)) if n.is_f64() => {
            format!("{} {}", key.replace('_', " "), n.as_f64().unwrap_or_default() as f32)
        }
        (key, value) => format!("{} {value}", key.replace('_', " ")),
    };
    map.iter().map(part).collect::<Vec<_>>().join(", ")
}
