//! The page is whole, escapes what others wrote, fetches nothing, is the same each time, and outlives a section that
//! fails.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use maud::{Render, html};
use tenun_engine::{Cpu, Network, Shape, Width};

use super::illustration::{Description, Illustration};
use super::section::{Content, Section};
use super::sections::SECTIONS;
use super::*;
use crate::Model;
use crate::data::{Collection, Dataset, Images, Labels};
use crate::finding::Finding;
use crate::measure::family::{Denoising, KL, Measurement};
use crate::measure::{
    BCE, ClassScores, MAE, MSE, ModelScores, PSNR, PcaScores, SSIM, Score, Scored, Scores, SetScores,
};
use crate::model::{DataInfo, ModelInfo};
use crate::picture::{Histogram, PictureError, histogram};
use crate::preset;
use crate::settings::{DataSettings, NetworkSettings, Settings, TrainingSettings};
use crate::train::EpochMetrics;

/// What an attacker, or just a folder with an odd name, would write.
const HOSTILE: &str = r#"<script src="http://evil.example/x.js">'&"</script>"#;

/// Elements that have no end tag.
const VOID: [&str; 4] = ["meta", "img", "source", "br"];

fn scores(bce: f64) -> Scores {
    let score = |value| Score { value, floor: None };
    let bce = Score { value: bce, floor: Some(0.2422) };
    let others = [(&MSE, score(0.0118)), (&MAE, score(0.05)), (&PSNR, score(19.28)), (&SSIM, score(0.7))];
    std::iter::once((&BCE, bce)).chain(others).collect()
}

/// A run whose every word is hostile.
struct Run {
    settings: Settings,
    model: Model,
    cpu: Cpu,
    collection: Collection,
    epochs: Vec<EpochMetrics>,
    scored: Scored,
    words: Vec<String>,
    findings: Vec<Finding>,
}

impl Run {
    fn new() -> Self {
        let shape = Shape::new(1, 28, 28);
        let pixels = (0..3 * shape.len()).map(|i| (i * 7 % 256) as u8).collect();
        let labels = Labels::new(vec![0, 0, 1], vec![HOSTILE.into(), "none".into()]).unwrap();
        let set = Dataset::new(HOSTILE, Images::new(shape, pixels).unwrap());
        let set = set.with_labels(labels).unwrap().with_ids(vec![HOSTILE.into(), "b".into(), "c".into()]);
        let set = set.unwrap();
        let network = Network::new(&preset::find("cae").unwrap().spec(shape)).unwrap();
        let parameters = network.initialise(1);
        let data = DataInfo { name: HOSTILE.into(), sha256: HOSTILE.into(), classes: Vec::new() };
        let info = ModelInfo { data: Some(data), ..ModelInfo::new(Some(HOSTILE.into())) };
        let per_image =
            r#"{"bce":[0.3,0.4,0.5],"bce_floor":[0.2,0.2,0.2],"mse":[0.1,0.2,0.3],"psnr":[10,7,5]}"#;
        let classes = vec![
            ClassScores { name: HOSTILE.into(), images: 1000, scores: Some(scores(0.3)) },
            ClassScores { name: "none".into(), images: 0, scores: None },
        ];
        let finding = Finding {
            rule: HOSTILE.into(),
            epoch: 3,
            seen: HOSTILE.into(),
            meaning: HOSTILE.into(),
            advice: HOSTILE.into(),
        };
        Self {
            settings: Settings {
                data: DataSettings { source: HOSTILE.into(), ..DataSettings::default() },
                network: NetworkSettings { preset: Some(HOSTILE.into()), ..NetworkSettings::default() },
                training: TrainingSettings::default(),
            },
            model: Model::new(network, parameters, info),
            cpu: Cpu::new(Some(1), Width::detect()).unwrap(),
            collection: Collection::new("data".into(), set.clone(), Some(set)).unwrap(),
            epochs: vec![EpochMetrics {
                epoch: 1,
                train_loss: 0.5,
                val_loss: Some(0.4),
                train_seconds: 1.0,
                val_seconds: 0.1,
                learning_rate: 0.01,
                terms: BTreeMap::new(),
                steps: None,
            }],
            scored: Scored {
                model: ModelScores {
                    scores: SetScores {
                        measured_on: HOSTILE.into(),
                        images: 3,
                        overall: scores(0.2791),
                        absent: [("ssim".to_owned(), HOSTILE.to_owned())].into(),
                    },
                    mean_image: scores(0.4911),
                    pca: Some(PcaScores { components: 128, images: 3, scores: scores(0.2697) }),
                    denoising: Some(Denoising { corrupted: scores(0.5), denoised: scores(0.3) }),
                    family: vec![Measurement { metric: &KL, codebook: None, value: 1.5, images: 3 }],
                },
                classes,
                per_image: serde_json::from_str(per_image).unwrap(),
            },
            words: vec![HOSTILE.into()],
            findings: vec![finding],
        }
    }

    fn context(&self) -> Context<'_> {
        Context {
            settings: &self.settings,
            command: self.words.first().map_or("", String::as_str),
            notes: &self.words,
            model: &self.model,
            cpu: &self.cpu,
            collection: &self.collection,
            held_out: None,
            epochs: &self.epochs,
            best_epoch: 1,
            evaluated: &self.collection.train,
            evaluated_split: HOSTILE,
            scored: &self.scored,
            findings: &self.findings,
        }
    }
}

fn page(run: &Run) -> String {
    let report = Report::compose(&run.context(), &mut |_, _| ());
    assert_eq!(report.left_out().next(), None);
    report.html()
}

/// Checks that every element that begins also ends, in the right order; gives the elements.
fn check_balanced(page: &str) -> Vec<String> {
    let mut open: Vec<String> = Vec::new();
    let mut all = Vec::new();
    // Styles have no tags in them, and no other element has a bare `<` in its text.
    for part in page.split('<').skip(1) {
        let (tag, _) = part.split_once('>').expect("a tag ends");
        if tag.starts_with('!') {
            continue;
        }
        let name = tag.trim_start_matches('/').split_whitespace().next().expect("a tag has a name");
        if tag.starts_with('/') {
            assert_eq!(open.pop().as_deref(), Some(name), "{tag} ends something else");
        } else if !VOID.contains(&name) {
            open.push(name.to_owned());
        }
        all.push(name.to_owned());
    }
    assert!(open.is_empty(), "left open: {open:?}");
    all
}

#[test]
fn every_element_ends() {
    let elements = check_balanced(&page(&Run::new()));
    for needed in ["h1", "main", "section", "table", "figure", "figcaption", "nav", "dl"] {
        assert!(elements.iter().any(|element| element == needed), "{needed}");
    }
    assert_eq!(elements.iter().filter(|&element| element == "section").count(), 2 * SECTIONS.len());
    check_balanced(&Report::of(&Run::new().context(), &[], &mut |_, _| ()).html());
}

#[test]
fn what_others_wrote_stays_text() {
    let page = page(&Run::new());
    assert!(!page.contains("<script"), "a script got in");
    assert!(!page.contains("src=\"http"), "an address got in");
    assert!(page.contains("&lt;script src=&quot;http://evil.example/x.js&quot;&gt;"));
    // Every address that a browser would load by itself is inside the page.
    for attribute in ["src=\"", "srcset=\"", "href=\""] {
        for rest in page.split(attribute).skip(1).filter(|rest| !rest.starts_with("http://evil")) {
            assert!(rest.starts_with("data:image/png;base64,") || rest.starts_with('#'), "{}", &rest[..40]);
        }
    }
    let style = page.split("<style>").nth(1).and_then(|rest| rest.split("</style>").next()).expect("styles");
    assert!(!style.contains("url(") && !style.contains("@import"));
}

#[test]
fn pictures_are_inside_and_have_words() {
    let run = Run::new();
    let report = Report::compose(&run.context(), &mut |_, _| ());
    let page = report.html();
    for (name, png) in report.pictures() {
        assert!(page.contains(&format!("src=\"data:image/png;base64,{}\"", STANDARD.encode(png))), "{name}");
    }
    let images = page.matches("<img ").count();
    assert_eq!((images, images), (report.pictures().count(), page.matches("<source srcset=\"data:").count()));
    assert_eq!(images, page.matches(" alt=\"").count() - page.matches(" alt=\"\"").count());
    let description = Description { file: "file", heading: HOSTILE, caption: HOSTILE.into(), alt: HOSTILE };
    let chart = Histogram { values: &[1.0, 2.0], ..Histogram::default() };
    let figure = Illustration::draw(description, |theme| histogram(&chart, theme)).unwrap();
    let figure = figure.render().into_string();
    check_balanced(&figure);
    assert_eq!(figure.matches(" alt=\"&lt;script").count(), 1);
    assert!(figure.contains("width=\"860\" height=\"320\""), "two pixels for each one of the page");
}

#[test]
fn figures_are_said_with_what_they_mean() {
    let page = page(&Run::new());
    assert!(page.contains("12,785"), "totals of the network");
    assert!(page.contains("14.8\u{a0}%"), "place between floor and mean image");
    assert!(page.contains("(this model is worse)"), "PCA is better, and the page says so");
}

#[test]
fn what_is_missing_is_left_out() {
    let run = Run::new();
    assert!(!Report::of(&run.context(), &[], &mut |_, _| ()).html().contains("<section"));
    let mut scored = run.scored.clone();
    scored.classes.clear();
    scored.model.family.clear();
    scored.model.scores.overall = [(&BCE, f64::NAN), (&PSNR, f64::INFINITY)].into_iter().collect();
    scored.model.pca = Some(PcaScores { components: 1, images: 1, scores: scores(f64::NAN) });
    let bare = Run {
        words: Vec::new(),
        scored,
        findings: Vec::new(),
        epochs: Vec::new(),
        collection: Collection { test: None, ..run.collection.clone() },
        ..run
    };
    let page = page(&bare);
    for section in ["diagnostics", "notes", "family", "curves", "classes"] {
        assert!(!page.contains(&format!("<section id=\"{section}\"")), "{section}");
    }
    assert!(page.contains("∞ dB") && !page.contains("NaN"), "numbers that are none have a sign");
    check_balanced(&page);
}

#[test]
fn a_section_that_fails_is_left_out_with_a_note_and_the_others_stand() {
    let text = |id, compose| Section { id, heading: id, compose };
    let sections = [
        text("before", |_| Ok(Some(Content::of(html! { p { "first" } })))),
        text("broken", |_| Err(PictureError::Empty { what: HOSTILE }.into())),
        text("silent", |_| Ok(None)),
        text("after", |_| Ok(Some(Content::of(html! { p { "last" } })))),
    ];
    let report = Report::of(&Run::new().context(), &sections, &mut |_, _| ());
    let left_out: Vec<LeftOut> = report.left_out().collect();
    assert_eq!(left_out.len(), 1);
    assert_eq!(left_out[0].section, "broken");
    assert!(left_out[0].reason.starts_with("nothing to draw"), "{}", left_out[0].reason);
    let page = report.html();
    check_balanced(&page);
    assert!(page.contains("<p>first</p>") && page.contains("<p>last</p>") && !page.contains("silent"));
    assert!(page.contains("This section is left out: nothing to draw: &lt;script"));
}

#[test]
fn the_same_run_makes_the_same_bytes() {
    assert!(page(&Run::new()) == page(&Run::new()));
}
