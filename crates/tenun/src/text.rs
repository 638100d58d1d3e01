//! Numbers in sentences, as the library's messages and the program write them.

/// A whole number with its thousands apart: `60,000`.
#[must_use]
pub fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A count and what is counted, named as one of them is.
///
/// ```
/// use tenun::text::counted;
///
/// assert_eq!(counted(1, "test image"), "1 test image");
/// assert_eq!(counted(12_785, "parameter"), "12,785 parameters");
/// assert_eq!(counted(0, "class"), "0 classes");
/// ```
#[must_use]
pub fn counted(number: usize, what: &str) -> String {
    let ending = match number {
        1 => "",
        _ if ["s", "x", "sh", "tch"].iter().any(|sound| what.ends_with(sound)) => "es",
        _ => "s",
    };
    format!("{} {what}{ending}", thousands(number as u64))
}

/// Bytes as people say them: `85 MB`, `1.2 GB`.
#[must_use]
pub fn megabytes(bytes: u64) -> String {
    let bytes = bytes as f64;
    if bytes < 1e9 { format!("{:.0} MB", (bytes / 1e6).ceil()) } else { format!("{:.1} GB", bytes / 1e9) }
}

/// `is` after one, `are` after any other number.
#[must_use]
pub fn are(number: usize) -> &'static str {
    if number == 1 { "is" } else { "are" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_as_people_read_them() {
        let all = [0, 999, 1_000, 12_785, 1_234_567].map(thousands);
        assert_eq!(all, ["0", "999", "1,000", "12,785", "1,234,567"]);
    }

    #[test]
    fn one_is_no_plural() {
        let all = [0, 1, 2_000].map(|number| format!("{} {}", counted(number, "code"), are(number)));
        assert_eq!(all, ["0 codes are", "1 code is", "2,000 codes are"]);
        assert_eq!(
            ["batch", "class", "epoch", "box"].map(|what| counted(2, what)),
            ["2 batches", "2 classes", "2 epochs", "2 boxes"]
        );
    }
}
