//! The page is whole, escapes what others wrote, fetches nothing, and is the same each time.

use super::*;
use crate::doctor::Finding;
use crate::latent::LatentSummary;
use crate::measure::family;
use crate::measure::{ClassScores, Scores};

/// What an attacker, or just a folder with an odd name, would write.
const HOSTILE: &str = r#"<script src="http://evil.example/x.js">'&"</script>"#;

/// Elements that have no end tag.
const VOID: [&str; 4] = ["meta", "img", "source", "br"];

fn scores(bce: f64) -> Scores {
    Scores { bce, bce_floor: 0.2422, mse: 0.0118, mae: 0.05, psnr: 19.28, ssim: 0.7 }
}

fn figure() -> Figure {
    Figure {
        title: HOSTILE.into(),
        caption: HOSTILE.into(),
        alt: HOSTILE.into(),
        light: vec![1, 2, 3],
        dark: Some(vec![4, 5, 6]),
        width: 200,
        height: 100,
    }
}

fn full() -> ReportContent {
    let row = |part: &str, parameters, multiply_adds| NetworkRow {
        part: part.into(),
        layer: HOSTILE.into(),
        output: HOSTILE.into(),
        parameters,
        multiply_adds,
    };
    ReportContent {
        title: HOSTILE.into(),
        subtitle: HOSTILE.into(),
        scored_on: HOSTILE.into(),
        settings: vec![Setting::new(HOSTILE, HOSTILE), Setting::new("epochs", 20)],
        scores: Some(scores(0.2791)),
        baseline: Some(scores(0.4911)),
        comparisons: vec![(HOSTILE.into(), 0.2697), ("broken".into(), f64::NAN)],
        family: vec![family::Figure { name: HOSTILE.into(), value: 1.5, meaning: HOSTILE.into() }],
        family_figures: vec![figure()],
        network: vec![row("encoder", 320, 225_792), row("encoder", 4_624, 903_168), row(HOSTILE, 7_841, 9)],
        curves: Some(figure()),
        reconstructions: vec![figure(), Figure { dark: None, ..figure() }],
        histogram: Some(figure()),
        classes: vec![
            ClassScores { name: HOSTILE.into(), images: 1000, scores: Some(scores(0.3)) },
            ClassScores { name: "none".into(), images: 0, scores: None },
        ],
        latent: Some(LatentContent {
            shape: HOSTILE.into(),
            summary: LatentSummary::new(&[0.0, 1.0, 0.0, 2.0], 2).expect("valid codes"),
            scatter: Some(figure()),
        }),
        features: Some(figure()),
        findings: vec![Finding {
            rule: HOSTILE.into(),
            epoch: 3,
            seen: HOSTILE.into(),
            meaning: HOSTILE.into(),
            advice: HOSTILE.into(),
        }],
        notes: vec![HOSTILE.into()],
        command: HOSTILE.into(),
        provenance: vec![Setting::new(HOSTILE, HOSTILE)],
    }
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
    let elements = check_balanced(&render(&full()));
    for needed in ["h1", "main", "section", "table", "figure", "figcaption", "nav", "dl"] {
        assert!(elements.iter().any(|element| element == needed), "{needed}");
    }
    check_balanced(&render(&ReportContent::default()));
}

#[test]
fn what_others_wrote_stays_text() {
    let page = render(&full());
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
    let page = render(&full());
    assert!(page.contains("src=\"data:image/png;base64,AQID\""));
    assert!(page.contains("srcset=\"data:image/png;base64,BAUG\""));
    assert_eq!(page.matches("<img ").count(), page.matches(" alt=\"&lt;script").count());
    assert!(page.contains("width=\"100\" height=\"50\""), "two pixels for each one of the page");
}

#[test]
fn figures_are_said_with_what_they_mean() {
    let page = render(&ReportContent { comparisons: vec![("PCA".into(), 0.2697)], ..full() });
    assert!(page.contains("12,785") && page.contains("1,128,969"), "totals of the network");
    assert!(page.contains("14.8\u{a0}%"), "place between floor and mean image");
    assert!(page.contains("(this model is worse)"), "PCA is better, and the page says so");
    assert!(page.contains("<b>1 of 2 units is dead</b>"));
}

#[test]
fn what_is_missing_is_left_out() {
    let page = render(&ReportContent { title: "bare".into(), ..ReportContent::default() });
    assert!(!page.contains("<section"));
    let broken = Scores { bce: f64::NAN, psnr: f64::INFINITY, ..scores(0.3) };
    let page =
        render(&ReportContent { scores: Some(broken), baseline: Some(scores(0.49)), ..Default::default() });
    assert!(page.contains("∞ dB") && !page.contains("NaN"), "numbers that are none have a sign");
    check_balanced(&page);
}

#[test]
fn totals_that_a_file_made_up_do_not_overflow() {
    let mut content = full();
    content.network[0].parameters = u64::MAX;
    assert!(render(&content).contains("18,446,744,073,709,551,615"));
}

#[test]
fn same_content_same_bytes_also_through_json() {
    let mut content = full();
    content.comparisons.truncate(1);
    let json = serde_json::to_string(&content).expect("serialisable");
    let back: ReportContent = serde_json::from_str(&json).expect("readable");
    assert_eq!(back, content);
    assert_eq!(render(&back), render(&content));
}
