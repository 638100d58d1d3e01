//! The kinds of layers by name, for those who write network files: [`find`], and what an unknown name was meant to be.

use tenun_engine::Layer;
pub use tenun_engine::layer::{Choice, Description, Setting};

use crate::names::escaped;
use crate::suggest;

/// There is no layer of that name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no layer `{}`", escaped(given))]
pub struct UnknownLayer {
    /// What was given.
    pub given: String,
}

impl UnknownLayer {
    /// The layer that was meant, and all there are.
    #[must_use]
    pub fn hint(&self) -> String {
        let all = || Layer::NAMES.join(", ");
        match meant(&self.given) {
            Some(meant) => format!("{meant}. Known layers: {}", all()),
            None => format!("known layers: {}", all()),
        }
    }
}

/// Every kind of layer.
#[must_use]
pub fn all() -> Vec<Description> {
    Layer::descriptions()
}

/// The kind of layer that is called `name`.
///
/// # Errors
/// [`UnknownLayer`], whose hint has the layer that was meant.
pub fn find(name: &str) -> Result<Description, UnknownLayer> {
    Layer::describe(name).ok_or_else(|| UnknownLayer { given: name.to_owned() })
}

/// The layer that was meant by an unknown name: that of PyTorch, Keras or the literature, or a misspelt one.
pub(crate) fn meant(given: &str) -> Option<String> {
    match Layer::instead_of(given) {
        Some((instead, "")) => Some(format!("did you mean `{instead}`?")),
        Some((instead, why)) => Some(format!("use `{instead}`: {why}")),
        None => suggest::nearest(given, Layer::NAMES.iter().copied())
            .map(|name| format!("did you mean `{name}`?")),
    }
}

/// What was meant by an unknown setting of a layer: that of PyTorch or Keras, or a misspelt one.
pub(crate) fn meant_setting(layer: &str, given: &str) -> Option<String> {
    if let Some(instead) = Layer::no_setting(layer, given) {
        return Some(instead.to_owned());
    }
    let settings = Layer::describe(layer)?.settings;
    let names = settings.iter().flat_map(|setting| setting.aliases.iter().copied().chain([setting.name]));
    let nearest = suggest::nearest(given, names)?;
    let meant =
        settings.iter().find(|setting| setting.name == nearest || setting.aliases.contains(&nearest))?;
    Some(format!("did you mean `{}`?", meant.name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_other_libraries_lead_to_ours() {
        assert_eq!(find("swish").unwrap().name, "silu");
        let hint = |name: &str| find(name).unwrap_err().hint();
        assert!(hint("Linear").starts_with("did you mean `dense`?"), "{}", hint("Linear"));
        assert!(hint("conv").starts_with("did you mean `conv2d`?"));
        assert!(hint("MaxPool2d").starts_with("use `max_pool`: it rounds sizes up"));
        assert!(hint("batch_norm").starts_with("use `group_norm`: batch normalisation mixes"));
        assert!(hint("relo").starts_with("did you mean `relu`?"));
        assert!(hint("zzzzzzz").starts_with("known layers: conv2d, "));
        assert_eq!(meant_setting("dense", "unit").as_deref(), Some("did you mean `features`?"));
        assert!(meant_setting("max_pool", "stride").unwrap().contains("side by side"));
    }
}
