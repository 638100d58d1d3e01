//! The order in which people count: `image2` before `image10`.

use std::cmp::Ordering;

/// Compares two names piece by piece, runs of digits by their value and all else by its bytes; names that are
/// equal so far (`a01`, `a1`) are ordered by their bytes, so that no two different names are equal.
pub(crate) fn compare(left: &str, right: &str) -> Ordering {
    let (mut a, mut b) = (left.as_bytes(), right.as_bytes());
    while let (Some(&x), Some(&y)) = (a.first(), b.first()) {
        if x.is_ascii_digit() && y.is_ascii_digit() {
            let (number, other) = (digits(a), digits(b));
            let order = significant(number).len().cmp(&significant(other).len());
            match order.then_with(|| significant(number).cmp(significant(other))) {
                Ordering::Equal => (a, b) = (&a[number.len()..], &b[other.len()..]),
                unequal => return unequal,
            }
        } else if x == y {
            (a, b) = (&a[1..], &b[1..]);
        } else {
            return x.cmp(&y);
        }
    }
    a.len().cmp(&b.len()).then_with(|| left.cmp(right))
}

/// The digits that `bytes` start with.
fn digits(bytes: &[u8]) -> &[u8] {
    &bytes[..bytes.iter().take_while(|byte| byte.is_ascii_digit()).count()]
}

/// `digits` without leading zeros: a longer number is then a larger one.
fn significant(digits: &[u8]) -> &[u8] {
    &digits[digits.iter().take_while(|&&byte| byte == b'0').count()..]
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn numbers_count_and_letters_do_not() {
        let mut names = ["b", "a10", "a9/x", "a9", "a01", "a1", "a", "2", "10", "a99999999999999999999999"];
        names.sort_by(|a, b| compare(a, b));
        assert_eq!(
            names,
            ["2", "10", "a", "a01", "a1", "a9", "a9/x", "a10", "a99999999999999999999999", "b"]
        );
    }

    proptest! {
        #[test]
        fn it_is_a_total_order(a in "[a0-1]{0,5}", b in "[a0-1]{0,5}", c in "[a0-1]{0,5}") {
            prop_assert_eq!(compare(&a, &b), compare(&b, &a).reverse());
            prop_assert_eq!(compare(&a, &b) == Ordering::Equal, a == b);
            if compare(&a, &b).is_le() && compare(&b, &c).is_le() {
                prop_assert!(compare(&a, &c).is_le());
            }
        }
    }
}
