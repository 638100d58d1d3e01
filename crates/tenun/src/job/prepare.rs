//! From settings to a [`Job`]: every check, the data, the split, the network, the first weights.

use std::path::Path;

use tenun_engine::layer::Variance;
use tenun_engine::{Cpu, Loss, Network, PlanError};

use super::Job;
use super::memory::{Run, check, estimate};
use crate::data::{Collection, DataError, Dataset, ImageRecord, Images, hold_out};
use crate::model::Tensors;
use crate::preset::Recipe;
use crate::settings::{DEFAULT_PRESET, DataSettings, Layers, NetworkSettings, Settings};
use crate::text::{are, counted};
use crate::train::TrainError;
use crate::{Error, machine, preset};

/// The share held out for validation where the source has no test images.
const DEFAULT_FRACTION: f64 = 0.1;

/// With fewer images than this none is held out unless asked for.
const FEW: usize = 10;

pub(super) fn job(
    mut settings: Settings,
    open: impl Fn(&DataSettings) -> Result<Collection, DataError>,
    cpu: Cpu,
    record: Option<ImageRecord>,
) -> Result<Job, Error> {
    settings.check()?;
    // What needs no data is checked before the data are read.
    let layers = layers(&settings.network)?;
    let mut collection = open(&settings.data)?;
    let mut notes = std::mem::take(&mut collection.notes);
    if let Some(given) = &mut settings.network.preset
        && let Ok(preset) = preset::find(given)
        && preset.name != given
    {
        notes.push(format!("`{given}` is the preset `{}`", preset.name));
        preset.name.clone_into(given);
    }
    if collection.test.is_none()
        && settings.data.val_fraction.is_none()
        && collection.train.len() >= FEW
        && !collection.train.images().are_all_equal()
    {
        settings.data.val_fraction = Some(DEFAULT_FRACTION);
        notes.push(
            "there are no test images: about 10 % of the images are held out for validation".to_owned(),
        );
    }
    let seed = settings.data.split_seed.unwrap_or(settings.training.seed);
    let fraction = settings.data.val_fraction;
    let split = fraction.map(|fraction| hold_out(&collection.train, fraction, seed));
    let (train, mut held_out) = match split {
        None => (collection.train.clone(), None),
        Some(Ok((train, held))) => (train, Some(held)),
        // What the run remembers has to say then which images were held out.
        Some(Err(_)) if record.is_some() => (collection.train.clone(), None),
        Some(Err(error)) => return Err(error.into()),
    };
    let is = ImageRecord::of(&train, held_out.as_ref(), collection.test.as_ref());
    let mut change = None;
    let has_record = record.is_some();
    let record = match record {
        None => {
            collection.train = train;
            is
        }
        Some(was) if was == is => {
            collection.train = train;
            was
        }
        // Other images than those of the run are there: its own are found among them.
        Some(was) => {
            let is_limited = settings.data.limit_train.is_some() || settings.data.limit_test.is_some();
            if is_limited {
                let all = DataSettings { limit_train: None, limit_test: None, ..settings.data.clone() };
                collection = Collection { skipped: collection.skipped, ..open(&all)? };
            }
            let found = was.restore(&collection.train, collection.test.as_ref(), is_limited)?;
            (collection.train, collection.test, held_out) = (found.train, found.test, found.held_out);
            change = found.change;
            was
        }
    };
    notes.extend(change.as_ref().map(|change| format!("the data changed since training: {change}")));
    let twice = record.tests_in_training();
    if twice > 0 {
        notes.push(format!(
            "{} {} also among the training images; `tenun data inspect` names them",
            counted(twice, "test image"),
            are(twice)
        ));
    }
    let shape = collection.train.images().shape();
    let network = Network::new(&measured(layers, collection.train.images()).spec(shape))?;
    let network = for_loss(network, settings.training.loss)?;
    let resolved = network.spec();
    settings.network.resolved = !settings.network.change.is_none();
    settings.network.spec = Some(Layers { encoder: resolved.encoder, decoder: resolved.decoder });
    if settings.training.loss == Loss::Bce && !network.ends_in_sigmoid() {
        let last = network.decoder().last().map_or_else(String::new, |placed| placed.layer.name().to_owned());
        return Err(TrainError::Plan(PlanError::NeedsSigmoid { last }).into());
    }
    let available = machine::available();
    let wanted = Run {
        network: &network,
        settings: &settings.training,
        train: collection.train.images(),
        validation: held_out.as_ref().or(collection.test.as_ref()).map(Dataset::images),
        with_report: true,
        cpu: &cpu,
    };
    let estimate = estimate(wanted, available.unwrap_or(u64::MAX))?;
    check(&estimate, available)?;
    let initial = match &settings.training.init {
        Some(path) => weights(path, &network)?,
        None => network.initialise(settings.training.seed),
    };
    Ok(Job {
        settings,
        collection,
        held_out,
        network,
        initial,
        cpu,
        notes,
        record,
        has_record,
        change,
        with_report: true,
        memory: estimate.peak,
    })
}

/// The layers that the settings ask for, for images of any shape.
///
/// # Errors
/// [`Error::Preset`] for a preset that there is not, [`Error::Settings`] for a file that cannot be read and for a change
/// that does not fit.
pub fn layers(network: &NetworkSettings) -> Result<Layers, Error> {
    let chosen = match (&network.spec, &network.file) {
        (Some(layers), _) => layers.clone(),
        (None, Some(file)) => Recipe::read(file)?.layers,
        (None, None) => preset::find(network.preset.as_deref().unwrap_or(DEFAULT_PRESET))?.recipe().layers,
    };
    if network.resolved { Ok(chosen) } else { Ok(network.change.apply(&chosen)?) }
}

/// The network as it is trained with `loss`: for a Gaussian likelihood with a variance to learn at the end of its decoder,
/// unless it has one.
///
/// # Errors
/// [`Error::Network`], if the layers do not fit together.
pub fn for_loss(network: Network, loss: Loss) -> Result<Network, Error> {
    if loss != Loss::Gaussian || network.log_variance().is_some() {
        return Ok(network);
    }
    let mut spec = network.spec();
    if let Some(decoder) = &mut spec.decoder {
        decoder.insert(decoder.len() - usize::from(network.ends_in_sigmoid()), Variance {}.into());
    }
    Ok(Network::new(&spec)?)
}

/// The layers, those that standardise with mean and deviation of the training images where they have none.
fn measured(mut layers: Layers, images: &Images) -> Layers {
    for layer in &mut layers.encoder {
        layer.adapt(&|| images.moments());
    }
    layers
}

/// Weights by their names; a file of weights alone serves as well as a model.
fn weights(path: &Path, network: &Network) -> Result<Vec<f32>, Error> {
    Ok(Tensors::read(path)?.parameters(network)?)
}
