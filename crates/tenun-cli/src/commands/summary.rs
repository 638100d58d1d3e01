//! `tenun summary`.

use serde::Serialize;
use tenun::Model;
use tenun::engine::{Cpu, Loss, Network, Placed, Rewrite, Shape, TrainingPlan};
use tenun::job;
use tenun::machine;
use tenun::names::shown;
use tenun::preset::{self, Preset};
use tenun::settings::{NetworkSettings, Settings, WITHOUT, network_title};
use tenun::text::megabytes;

use super::{Given, mistaken, settings};
use crate::arguments::SummaryArgs;
use crate::failure::Failure;
use crate::printer::Printer;
use crate::text::{Align, Table, count, counted, thousands};

#[derive(Serialize)]
struct Layer {
    name: String,
    layer: &'static str,
    settings: String,
    /// Channels, height, width.
    output: Shape,
    parameters: usize,
    multiply_adds: u64,
}

#[derive(Serialize)]
struct Summary {
    title: String,
    input: Shape,
    latent: Shape,
    output: Shape,
    parameters: usize,
    /// For one image, forwards.
    multiply_adds: u64,
    layers: Vec<Layer>,
    /// How training computes it, if asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    plan: Option<Plan>,
}

/// What a training plan computes together.
#[derive(Serialize)]
struct Plan {
    registers: String,
    threads: usize,
    /// Bytes of the buffers of all threads.
    memory: usize,
    /// Multiply-adds of one image, forwards and backwards: of the layers as they are written, and as they are computed.
    multiply_adds_written: u64,
    multiply_adds: u64,
    steps: Vec<Step>,
}

#[derive(Serialize)]
struct Step {
    layers: Vec<String>,
    rewrites: Vec<Rewrite>,
    /// Bytes for one thread.
    memory: usize,
    /// Of one image, forwards and backwards.
    multiply_adds: u64,
}

/// The plan that training would use: with binary cross-entropy where that is possible.
fn plan_of(network: &Network, args: &SummaryArgs, settings: &Settings) -> Result<Plan, Failure> {
    let cpu = Cpu::from_environment(args.threads.threads)?.without(&settings.training.without);
    let loss = if network.ends_in_sigmoid() { Loss::Bce } else { Loss::Mse };
    // A plan that no memory holds has lists of positions that none holds either.
    if let Some(available) = machine::available().filter(|&available| network.least_memory() > available) {
        return Err(Failure::failed(
            format!(
                "a plan of this network takes at least {} of memory, and {} are free; its largest layer is {}",
                megabytes(network.least_memory()),
                megabytes(available),
                network.largest_layer()
            ),
            Some("leave `--plan` out, or make the images smaller".into()),
        ));
    }
    let (steps, bytes) = TrainingPlan::describe(network, loss, &cpu).map_err(tenun::Error::from)?;
    let computed = steps.iter().map(|step| step.multiply_adds as u64).sum();
    let steps = steps.iter().map(|step| Step {
        layers: step.layers.clone(),
        rewrites: step.rewrites.clone(),
        memory: step.memory,
        multiply_adds: step.multiply_adds as u64,
    });
    Ok(Plan {
        registers: cpu.width().to_string(),
        threads: cpu.threads(),
        memory: bytes.saturating_mul(cpu.threads()),
        multiply_adds_written: network.training_multiply_adds(),
        multiply_adds: computed,
        steps: steps.collect(),
    })
}

pub(crate) fn run(args: &SummaryArgs, given: &Given, printer: &Printer) -> Result<(), Failure> {
    let settings = settings::of(&args.settings)?;
    let (title, network) = match (named_preset(args), &args.model) {
        (Some(preset), _) => {
            let network =
                NetworkSettings { preset: Some(preset.name.to_owned()), ..settings.network.clone() };
            made(&Settings { network, training: preset.recipe().training, ..settings.clone() }, args)?
        }
        (None, Some(path)) if given.has("input") => {
            return Err(Failure::usage(
                format!("--input does not apply: {} has its own input shape", shown(path)),
                Some("leave `--input` out".into()),
            ));
        }
        (None, Some(path)) if !settings.network.change.is_none() => {
            let given = args.settings.given().iter().filter(|(setting, _)| *setting != &WITHOUT);
            let flags: Vec<String> = given.map(|(setting, _)| setting.argument()).collect();
            return Err(Failure::usage(
                format!(
                    "{} can be given before training only, but {} is trained",
                    flags.join(", "),
                    shown(path)
                ),
                Some("leave it out".into()),
            ));
        }
        (None, Some(path)) => {
            mistaken::model("summary", path)?;
            let model = Model::load(path)?;
            (model.info().preset.clone().unwrap_or_else(|| "network".into()), model.network().clone())
        }
        (None, None) => made(&settings, args)?,
    };
    let summary = Summary {
        title,
        input: network.input(),
        latent: network.latent(),
        output: network.output(),
        parameters: network.parameter_count(),
        multiply_adds: network.multiply_adds(),
        layers: network.layers().map(layer).collect(),
        plan: if args.plan { Some(plan_of(&network, args, &settings)?) } else { None },
    };
    printer.result("summary", &summary, || text(&summary));
    Ok(())
}

/// The preset that stands where a model is expected; a file or folder of that name comes first.
fn named_preset(args: &SummaryArgs) -> Option<&'static Preset> {
    let path = args.model.as_deref().filter(|path| !path.exists())?;
    preset::find(path.to_str()?).ok()
}

/// The network that would be trained, with what its loss adds to it, and what it is called.
fn made(settings: &Settings, args: &SummaryArgs) -> Result<(String, Network), Failure> {
    let layers = job::layers(&settings.network)?;
    let network = job::for_loss(Network::new(&layers.spec(args.input))?, settings.training.loss)?;
    Ok((network_title(settings), network))
}

fn layer(placed: &Placed) -> Layer {
    Layer {
        name: placed.place.name.clone(),
        layer: placed.layer.name(),
        settings: placed.layer.settings(),
        output: placed.place.output,
        parameters: placed.parameter_count(),
        multiply_adds: placed.layer.multiply_adds(placed.place.input),
    }
}

fn text(summary: &Summary) -> String {
    let mut table = Table::new(&[
        ("layer", Align::Left),
        ("", Align::Left),
        ("output shape", Align::Right),
        ("parameters", Align::Right),
        ("multiply-adds", Align::Right),
    ]);
    let none = String::new;
    table.row(["input".into(), none(), summary.input.to_string(), none(), none()]);
    for layer in &summary.layers {
        let number = |number: u64| if number == 0 { none() } else { thousands(number) };
        table.row([
            layer.name.clone(),
            layer.settings.clone(),
            layer.output.to_string(),
            number(layer.parameters as u64),
            number(layer.multiply_adds),
        ]);
    }
    table.rule();
    table.row(["total".into(), none(), none(), count(summary.parameters), thousands(summary.multiply_adds)]);
    let code = summary.latent;
    let numbers = if code.is_vector() { String::new() } else { format!("{code} = ") };
    let plan = summary.plan.as_ref().map_or_else(String::new, |plan| format!("\n{}", plan_text(plan)));
    format!(
        "{}: input {}, latent code {numbers}{}\n\n{}{plan}",
        summary.title,
        summary.input,
        counted(code.len(), "dimension"),
        table.render()
    )
}

fn plan_text(plan: &Plan) -> String {
    let mut table = Table::new(&[
        ("fused layers", Align::Left),
        ("rewrite", Align::Left),
        ("multiply-adds", Align::Right),
        ("memory per thread", Align::Right),
    ]);
    for step in &plan.steps {
        let rewrites: Vec<_> = step.rewrites.iter().map(|rewrite| rewrite.name()).collect();
        let kib = format!("{} KiB", thousands(step.memory.div_ceil(1024) as u64));
        let products = if step.multiply_adds == 0 { String::new() } else { thousands(step.multiply_adds) };
        table.row([step.layers.join(", "), rewrites.join(", "), products, kib]);
    }
    table.rule();
    let total = format!("{} KiB", thousands((plan.memory / plan.threads).div_ceil(1024) as u64));
    table.row([
        "total with the images; steps share buffers".into(),
        String::new(),
        thousands(plan.multiply_adds),
        total,
    ]);
    let mut used: Vec<Rewrite> = plan.steps.iter().flat_map(|step| step.rewrites.iter().copied()).collect();
    used.sort_unstable();
    used.dedup();
    let told = used.iter().map(|rewrite| format!("  {rewrite:<10} {}\n", rewrite.description()));
    format!(
        "plan: tiles of 16 images, {} registers, {}\n\n{}\nmultiply-adds of one image, forward and \
         backward; {} without rewrites\n{}",
        plan.registers,
        counted(plan.threads, "thread"),
        table.render(),
        thousands(plan.multiply_adds_written),
        if used.is_empty() { String::new() } else { format!("\n{}", told.collect::<String>()) }
    )
}
