//! The tables: settings, network, classes, latent units.

use maud::{Markup, html};

use super::content::{LatentContent, NetworkRow, Setting};
use super::text::{decimals, percent};
use crate::measure::ClassScores;
use crate::measure::family;
use crate::text::{are, counted, thousands};

/// Names and values.
pub(super) fn settings(settings: &[Setting]) -> Markup {
    html! {
        dl.settings {
            @for Setting { name, value } in settings {
                div { dt { (name) } dd { (value) } }
            }
        }
    }
}

/// The figures of the network's families.
pub(super) fn family(figures: &[family::Figure]) -> Markup {
    html! {
        div.scroll tabindex="0" {
            table {
                thead { tr { th scope="col" { "figure" } th.number scope="col" { "value" } th scope="col" { "what it is" } } }
                tbody {
                    @for figure in figures {
                        tr {
                            th scope="row" { (figure.label()) }
                            td.number { (figure.text().replace('-', "−")) }
                            td { (figure.meaning) }
                        }
                    }
                }
            }
        }
    }
}

/// The layers with totals.
pub(super) fn network(rows: &[NetworkRow]) -> Markup {
    // Figures come from a caller, who may have read them from a file: they must not overflow.
    let total = |of: fn(&NetworkRow) -> u64| rows.iter().map(of).fold(0, u64::saturating_add);
    html! {
        div.scroll tabindex="0" {
            table {
                thead {
                    tr {
                        th scope="col" { "part" }
                        th scope="col" { "layer" }
                        th scope="col" { "output (height×width×channels)" }
                        th.number scope="col" { "parameters" }
                        th.number scope="col" { "multiply-adds" }
                    }
                }
                tbody {
                    @for (i, row) in rows.iter().enumerate() {
                        @let begins = i == 0 || rows[i - 1].part != row.part;
                        tr.begins[begins && i > 0] {
                            th scope="row" { @if begins { (row.part) } }
                            td { (row.layer) }
                            td { (row.output) }
                            td.number { (thousands(row.parameters)) }
                            td.number { (thousands(row.multiply_adds)) }
                        }
                    }
                }
                tfoot {
                    tr {
                        th scope="row" colspan="3" { "total" }
                        td.number { (thousands(total(|row| row.parameters))) }
                        td.number { (thousands(total(|row| row.multiply_adds))) }
                    }
                }
            }
        }
    }
}

/// Scores class by class.
pub(super) fn classes(classes: &[ClassScores]) -> Markup {
    let head = ["images", "BCE", "floor", "above floor", "MSE", "MAE", "PSNR (dB)", "SSIM"];
    html! {
        div.scroll tabindex="0" {
            table {
                thead {
                    tr {
                        th scope="col" { "class" }
                        @for name in head { th.number scope="col" { (name) } }
                    }
                }
                tbody {
                    @for class in classes {
                        tr {
                            th scope="row" { (class.name) }
                            td.number { (thousands(class.images as u64)) }
                            @if let Some(scores) = &class.scores {
                                td.number { (decimals(scores.bce, 4)) }
                                td.number { (decimals(scores.bce_floor, 4)) }
                                td.number { (decimals(scores.bce - scores.bce_floor, 4)) }
                                td.number { (decimals(scores.mse, 4)) }
                                td.number { (decimals(scores.mae, 4)) }
                                td.number { (decimals(scores.psnr, 2)) }
                                td.number { (decimals(scores.ssim, 3)) }
                            } @else {
                                @for _ in 0..7 { td.number { "–" } }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// What the units of the code do: in a sentence, and each one in a folded table.
pub(super) fn latent(latent: &LatentContent) -> Markup {
    let summary = &latent.summary;
    let units = summary.units.len();
    html! {
        p {
            "A code has " b { (counted(units, "number")) }
            @if latent.shape != units.to_string() { " (" (latent.shape) ")" }
            ". Over "
            (counted(summary.images, "image")) " "
            b { (percent(summary.zero_fraction)) } " of them are exactly zero, and "
            @if summary.dead.is_empty() {
                b { "no unit is dead" } " (constant over all images)."
            } @else {
                b {
                    (thousands(summary.dead.len() as u64)) " of " (counted(units, "unit")) " "
                    (are(summary.dead.len())) " dead"
                }
                ": constant over all images, carrying nothing."
            }
        }
        details {
            summary { "All " (counted(units, "unit")) }
            div.scroll tabindex="0" {
                table {
                    thead {
                        tr {
                            th scope="col" { "unit" }
                            @for name in ["mean", "std", "min", "max", "zero"] {
                                th.number scope="col" { (name) }
                            }
                        }
                    }
                    tbody {
                        @for (i, unit) in summary.units.iter().enumerate() {
                            tr {
                                th scope="row" { (i) @if unit.is_dead() { span.muted { " dead" } } }
                                td.number { (decimals(unit.mean, 3)) }
                                td.number { (decimals(unit.std, 3)) }
                                td.number { (decimals(unit.min.into(), 3)) }
                                td.number { (decimals(unit.max.into(), 3)) }
                                td.number { (percent(unit.zero_fraction)) }
                            }
                        }
                    }
                }
            }
        }
    }
}
