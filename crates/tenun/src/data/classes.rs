//! Labels of every kind as classes. Nobody needs them for training, so nothing about them stops it: what cannot be a class is
//! left out, and said.

use super::Labels;
use super::array::{Array, Element};
use super::dataset::numbered_classes;
use super::natural;
use crate::names::escaped;

/// What images without a class are counted as.
const NONE: &str = "none";

/// The label of one image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Label {
    Number(i64),
    Text(String),
    None,
}

/// The labels of an array, one for each image; or why there are none.
pub(crate) fn of_array(array: &Array, notes: &mut Vec<String>) -> Result<Vec<Label>, String> {
    match array.axes[..] {
        [_] | [_, 1] | [1, _] => {}
        [_, 1, 1] => {}
        [_, classes] => return one_hot(array, classes, notes),
        _ => return Err(format!("an array of shape {:?} gives no class for each image", array.axes)),
    }
    let size = array.element.size();
    if let Element::Text { .. } = array.element {
        let texts = array.bytes.chunks_exact(size.max(1)).map(|bytes| array.element.text(bytes));
        return Ok(texts.map(|text| of_text(&text)).collect());
    }
    let mut labels = Vec::new();
    for bytes in array.bytes.chunks_exact(size.max(1)) {
        labels.push(of_number(array.element.number(bytes))?);
    }
    Ok(labels)
}

/// A number as a class: −1 and NaN are none.
pub(crate) fn of_number(value: f64) -> Result<Label, String> {
    if value.is_nan() || value == -1.0 {
        return Ok(Label::None);
    }
    if value.fract() != 0.0 || value.abs() > 1e15 {
        return Err(format!("{value} is no class"));
    }
    Ok(Label::Number(value as i64))
}

/// A text as a class: of digits it is a number.
pub(crate) fn of_text(text: &str) -> Label {
    let text = text.trim();
    match text.parse::<f64>().map(of_number) {
        Ok(Ok(label)) if text.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'-')) => {
            label
        }
        _ if text.is_empty() => Label::None,
        _ => Label::Text(text.to_owned()),
    }
}

/// Rows with one 1 and else 0: the place of the 1 is the class.
fn one_hot(array: &Array, classes: usize, notes: &mut Vec<String>) -> Result<Vec<Label>, String> {
    let (strides, size) = (array.strides(), array.element.size());
    let value = |row: usize, column: usize| {
        let at = (row * strides[0] + column * strides[1]) * size;
        array.bytes.get(at..at + size).map_or(f64::NAN, |bytes| array.element.number(bytes))
    };
    let is_number = !matches!(array.element, Element::Text { .. });
    let mut labels = Vec::new();
    for row in 0..array.axes[0] {
        let set: Vec<usize> = (0..classes).filter(|&column| value(row, column) != 0.0).collect();
        match set[..] {
            [class] if is_number && value(row, class) == 1.0 => labels.push(Label::Number(class as i64)),
            _ => return Err(format!("{classes} values for each image are not one class")),
        }
    }
    notes.push(format!("labels with one 1 among {classes} values are taken as classes 0 to {}", classes - 1));
    Ok(labels)
}

/// The classes of parts that belong together, such as training and test images; a part that has none stays without.
/// What cannot be told by 16 bits is dropped.
pub(crate) fn together<const N: usize>(
    parts: [Option<Vec<Label>>; N],
    names: Option<&[String]>,
    notes: &mut Vec<String>,
) -> [Option<Labels>; N] {
    let all: Vec<&Label> = parts.iter().flatten().flatten().collect();
    let number = |label: &Label| match *label {
        Label::Number(number) => u16::try_from(number).ok(),
        _ => None,
    };
    let most = all.iter().filter_map(|label| number(label)).max();
    let plain = all.iter().all(|label| matches!(label, Label::None) || number(label).is_some());
    // Numbers from 0 on are classes by themselves, also those between that no image has; years or identifiers are not.
    if plain && let Some(most) = most.filter(|&most| most < 1000 || usize::from(most) < 2 * all.len()) {
        let mut classes = names.map_or_else(|| numbered_classes([&[most][..]]), <[String]>::to_vec);
        while classes.len() <= usize::from(most) {
            classes.push(classes.len().to_string());
        }
        let none = classes.len();
        let has_none = all.iter().any(|label| matches!(label, Label::None));
        if has_none && none > usize::from(u16::MAX) {
            notes.push("labels are not used: there are more than 65,536 classes".into());
            return parts.map(|_| None);
        }
        if has_none {
            classes.push(NONE.into());
        }
        return parts.map(|part| {
            let part = part?;
            let numbers = part.iter().map(|label| number(label).unwrap_or(none as u16)).collect();
            Labels::new(numbers, classes.clone()).ok()
        });
    }
    let text = |label: &Label| match label {
        Label::Number(number) => number.to_string(),
        Label::Text(text) => text.clone(),
        Label::None => NONE.into(),
    };
    let mut classes: Vec<String> = all.iter().map(|label| text(label)).collect();
    classes.sort_by(|a, b| natural::compare(a, b).then_with(|| a.cmp(b)));
    classes.dedup();
    if classes.len() > usize::from(u16::MAX) + 1 {
        notes.push(format!("labels are not used: {} different ones are no classes", classes.len()));
        return parts.map(|_| None);
    }
    let place = |label: &Label| {
        let name = text(label);
        classes.binary_search_by(|class| natural::compare(class, &name).then_with(|| class.cmp(&name))).ok()
    };
    parts.map(|part| {
        let numbers: Option<Vec<u16>> =
            part?.iter().map(|label| place(label).and_then(|place| u16::try_from(place).ok())).collect();
        Labels::new(numbers?, classes.clone()).ok()
    })
}

/// Labels of `images` images, unless there are more or fewer.
pub(crate) fn matching(
    labels: Result<Vec<Label>, String>,
    images: usize,
    place: &str,
    notes: &mut Vec<String>,
) -> Option<Vec<Label>> {
    let wrong = match labels {
        Ok(labels) if labels.len() == images => return Some(labels),
        Ok(labels) => format!("{} labels for {images} images", labels.len()),
        Err(wrong) => wrong,
    };
    notes.push(format!("{} is not used as labels: {wrong}", escaped(place)));
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn classes(labels: Vec<Label>) -> (Vec<u16>, Vec<String>) {
        let [labels] = together([Some(labels)], None, &mut Vec::new());
        let labels = labels.unwrap();
        (labels.classes().to_vec(), labels.names().to_vec())
    }

    #[test]
    fn numbers_texts_and_none() {
        let number = |number| of_number(number).unwrap();
        assert_eq!(
            classes(vec![number(2.0), number(0.0)]),
            (vec![2, 0], ["0", "1", "2"].map(String::from).to_vec())
        );
        assert_eq!(
            classes(vec![number(1.0), number(-1.0)]),
            (vec![1, 2], ["0", "1", "none"].map(String::from).to_vec())
        );
        assert_eq!(classes(vec![number(-5.0), number(1e6)]).1, ["-5", "1000000"]);
        assert_eq!(classes(vec![number(1990.0), number(2020.0)]).1, ["1990", "2020"]);
        assert_eq!(classes(vec![of_text("dog"), of_text("cat"), of_text("dog")]).0, [1, 0, 1]);
        assert_eq!(of_text(" 3.0 "), Label::Number(3));
        assert!(of_number(0.25).is_err());
        assert_eq!(of_number(f64::NAN), Ok(Label::None));
    }
}
