//! [`Change`] at work: a network with another latent dimension, another width or other dropout.

use tenun_engine::Layer;
use tenun_engine::layer::{Dense, Dropout, Role, Standardise};

use crate::settings::{Change, LATENT, Layers, SettingsError, WIDTH};

/// How many features the layers of a code need for each latent dimension: two where it is drawn from a distribution,
/// for mean and variance.
pub(super) fn features_per_dimension(code_layers: &[Layer]) -> usize {
    code_layers.iter().map(Layer::inputs_per_output).product()
}

impl Change {
    /// Whether nothing is to be different.
    #[must_use]
    pub fn is_none(&self) -> bool {
        *self == Self::default()
    }

    /// The changed layers.
    ///
    /// # Errors
    /// As [`Self::check`], and [`SettingsError::Words`] for a network whose decoder is written out: it would no longer
    /// fit.
    pub fn apply(&self, layers: &Layers) -> Result<Layers, SettingsError> {
        self.check()?;
        if self.is_none() {
            return Ok(layers.clone());
        }
        if layers.decoder.is_some() && (self.latent.is_some() || self.width.is_some()) {
            return Err(SettingsError::Words(format!(
                "{} and {} change the encoder, and the decoder of this network is written out: change both in its \
                 file, or leave the decoder out of it and it is derived",
                LATENT.argument(),
                WIDTH.argument()
            )));
        }
        let mut encoder = layers.encoder.clone();
        // Behind the code stand the layers that add to the loss: what it costs, is drawn from, or is rounded to.
        let code = encoder.iter().rposition(|layer| !layer.adds_to_loss()).map_or(0, |last| last + 1);
        let has_dense_code = code > 0 && encoder[code - 1].role() == Role::Dense;
        if let Some(width) = self.width {
            let end = if has_dense_code { code - 1 } else { code };
            encoder[..end].iter_mut().for_each(|layer| layer.widen(width));
        }
        if let Some(latent) = self.latent {
            let features = latent.saturating_mul(features_per_dimension(&encoder[code..]));
            if has_dense_code {
                encoder[code - 1] = Dense { features, bias: true }.into();
            } else {
                encoder.insert(code, Dense { features, bias: true }.into());
            }
        }
        let has_own = encoder.iter().any(|layer| layer.role() == Role::Standardisation);
        if self.standardise && !has_own {
            // What is made worse for a denoising network is the image itself.
            let at = encoder.iter().take_while(|layer| layer.role() == Role::Corruption).count();
            encoder.insert(at, Standardise::default().into());
        }
        if let Some(rate) = self.dropout {
            drop_out(&mut encoder, rate);
        }
        Ok(Layers { encoder, decoder: layers.decoder.clone() })
    }
}

fn drop_out(encoder: &mut Vec<Layer>, rate: f32) {
    let mut there = false;
    for layer in encoder.iter_mut() {
        if let Some(old) = layer.dropout_rate() {
            (*old, there) = (rate, true);
        }
    }
    if !there && rate > 0.0 {
        let layers = std::mem::take(encoder).into_iter();
        *encoder = layers
            .flat_map(|layer| {
                let dropout = (layer.role() == Role::Activation).then(|| Dropout { rate }.into());
                std::iter::once(layer).chain(dropout)
            })
            .collect();
    }
}

#[cfg(test)]
mod tests {
    use tenun_engine::layer::{Conv2d, Relu, Sampling};

    use super::*;

    fn layers() -> Layers {
        let encoder = vec![Conv2d { filters: 3, ..Conv2d::default() }.into(), Relu {}.into()];
        Layers { encoder, decoder: None }
    }

    #[test]
    fn a_code_is_added_or_changed() {
        let change = Change { latent: Some(5), ..Change::default() };
        let with = change.apply(&layers()).unwrap();
        assert_eq!(with.encoder[2], Dense { features: 5, bias: true }.into());
        let other = Change { latent: Some(9), ..Change::default() }.apply(&with).unwrap();
        assert_eq!(other.encoder.len(), 3);
        assert_eq!(other.encoder[2], Dense { features: 9, bias: true }.into());
        let mut drawn = with;
        drawn.encoder.push(Sampling::default().into());
        let drawn = change.apply(&drawn).unwrap();
        assert_eq!(drawn.encoder[2], Dense { features: 10, bias: true }.into(), "mean and variance of each");
    }

    #[test]
    fn width_leaves_the_code_alone() {
        let with =
            Change { latent: Some(5), width: Some(2.5), ..Change::default() }.apply(&layers()).unwrap();
        assert_eq!(with.encoder[0], Conv2d { filters: 8, ..Conv2d::default() }.into());
        let wider = Change { width: Some(2.0), ..Change::default() }.apply(&with).unwrap();
        assert_eq!(wider.encoder[2], Dense { features: 5, bias: true }.into());
    }

    #[test]
    fn dropout_is_set_or_added() {
        let with = Change { dropout: Some(0.2), ..Change::default() }.apply(&layers()).unwrap();
        assert_eq!(with.encoder[2], Dropout { rate: 0.2 }.into());
        let other = Change { dropout: Some(0.4), ..Change::default() }.apply(&with).unwrap();
        assert_eq!(other.encoder[2..], [Dropout { rate: 0.4 }.into()]);
    }

    #[test]
    fn inputs_are_standardised_after_they_are_corrupted() {
        let mut denoising = layers();
        denoising.encoder.insert(0, tenun_engine::layer::Corrupt::default().into());
        let change = Change { standardise: true, ..Change::default() };
        let with = change.apply(&denoising).unwrap();
        assert_eq!(with.encoder[1], Standardise::default().into());
        assert_eq!(change.apply(&with).unwrap(), with, "once is enough");
    }

    #[test]
    fn what_cannot_be_is_refused() {
        let refused = |change: Change| change.apply(&layers()).unwrap_err().to_string();
        assert!(refused(Change { latent: Some(0), ..Change::default() }).starts_with("--latent"));
        assert!(refused(Change { width: Some(f64::NAN), ..Change::default() }).starts_with("--width"));
        assert!(refused(Change { dropout: Some(1.0), ..Change::default() }).starts_with("--dropout"));
        let written = Layers { decoder: Some(vec![Relu {}.into()]), ..layers() };
        let error = Change { width: Some(2.0), ..Change::default() }.apply(&written).unwrap_err();
        assert!(error.to_string().contains("written out"), "{error}");
    }
}
