//! [`DoctorObserver`]: runs the doctor's rules during training, and passes all events on to another observer.

use super::{Evidence, Finding, PixelFacts, Sample, TrainingContext, look};
use crate::train::{BatchProgress, EpochMetrics, Observer, Phase, TrainError};

/// Passes all events of training on to an observer, and the doctor's findings with them.
pub(crate) struct DoctorObserver<'a> {
    context: TrainingContext<'a>,
    inner: &'a mut dyn Observer,
    pixels: PixelFacts,
    metrics: Vec<EpochMetrics>,
    findings: Vec<Finding>,
}

impl<'a> DoctorObserver<'a> {
    /// For training that resumes after the epochs of `metrics`, whose findings were reported when they ended.
    pub(crate) fn new(
        context: TrainingContext<'a>,
        metrics: Vec<EpochMetrics>,
        inner: &'a mut dyn Observer,
    ) -> Self {
        let pixels = PixelFacts::of(context.train, context.settings.loss);
        let mut doctor = Self { context, inner, pixels, metrics, findings: Vec::new() };
        match doctor.metrics.len() {
            0 => doctor.look(None, None),
            epochs => {
                for epochs in 0..=epochs {
                    let mut evidence = Evidence::new(context, &doctor.pixels);
                    evidence.metrics = &doctor.metrics[..epochs];
                    look(&evidence, &mut doctor.findings);
                }
            }
        }
        doctor
    }

    fn look(&mut self, sample: Option<&Sample>, failure: Option<&TrainError>) {
        let known = self.findings.len();
        let mut evidence = Evidence::new(self.context, &self.pixels);
        evidence.metrics = &self.metrics;
        evidence.sample = sample;
        evidence.failure = failure;
        look(&evidence, &mut self.findings);
        self.findings[known..].iter().for_each(|finding| self.inner.warning(finding));
    }

    /// Examines training that has failed.
    pub(crate) fn failed(&mut self, failure: &TrainError) {
        self.look(None, Some(failure));
    }

    /// Reports those of the `findings` at the end of training that were not reported before, and takes back reported ones
    /// that are not among them.
    pub(crate) fn tell(&mut self, findings: &[Finding]) {
        let (stays, passed) = std::mem::take(&mut self.findings)
            .into_iter()
            .partition(|known| findings.iter().any(|finding| finding.rule == known.rule));
        self.findings = stays;
        let passed: Vec<Finding> = passed;
        passed.iter().for_each(|finding| self.inner.taken_back(finding));
        for finding in findings {
            if self.findings.iter().all(|known| known.rule != finding.rule) {
                self.findings.push(finding.clone());
                self.inner.warning(finding);
            }
        }
    }
}

impl Observer for DoctorObserver<'_> {
    fn epoch_begins(&mut self, epoch: u32, epochs: u32, batches: usize) {
        self.inner.epoch_begins(epoch, epochs, batches);
    }

    fn batch_ends(&mut self, progress: &BatchProgress) {
        self.inner.batch_ends(progress);
    }

    fn epoch_ends(&mut self, metrics: &EpochMetrics) {
        self.inner.epoch_ends(metrics);
    }

    fn epoch_weights(&mut self, metrics: &EpochMetrics, parameters: &[f32]) {
        self.inner.epoch_weights(metrics, parameters);
        self.metrics.push(metrics.clone());
        // Activations do not change much from one late epoch to the next: after epochs 1, 2, 4, 8 … is enough.
        let sample =
            if metrics.epoch.is_power_of_two() { Sample::of(self.context, parameters) } else { None };
        self.look(sample.as_ref(), None);
    }

    fn warning(&mut self, finding: &Finding) {
        self.inner.warning(finding);
    }

    fn taken_back(&mut self, finding: &Finding) {
        self.inner.taken_back(finding);
    }

    fn section_left_out(&mut self, section: &str, reason: &str) {
        self.inner.section_left_out(section, reason);
    }

    fn phase(&mut self, phase: Phase) {
        self.inner.phase(phase);
    }

    fn progress(&mut self, done: usize, total: usize) {
        self.inner.progress(done, total);
    }
}
