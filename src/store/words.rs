//! Comparison of bytes, a word at a time. The platform charges for each instruction, and the compiler's own comparison
//! goes byte by byte.

/// Whether two byte strings are equal. For arrays the compiler removes the loop.
#[inline(always)]
pub fn equal(one: &[u8], other: &[u8]) -> bool {
    if one.len() != other.len() {
        return false;
    }
    match (one.last_chunk(), other.last_chunk()) {
        // The last 8 bytes cover the rest that is not a whole word. They may overlap the word before.
        (Some(last), Some(other_last)) => {
            let words = one.as_chunks().0.iter().zip(other.as_chunks().0);
            words.fold(differ(last, other_last), |found, (one, other)| found | differ(one, other)) == 0
        }
        _ => one.iter().zip(other).all(|(one, other)| one == other),
    }
}

/// 0 if the words are equal.
#[inline(always)]
fn differ(one: &[u8; 8], other: &[u8; 8]) -> u64 {
    u64::from_le_bytes(*one) ^ u64::from_le_bytes(*other)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn equal_is_equality(one: Vec<u8>, at: prop::sample::Index, change in 0..=1u8) {
            let mut other = one.clone();
            if !other.is_empty() {
                let at = at.index(other.len());
                other[at] ^= change;
            }
            prop_assert_eq!(equal(&one, &other), one == other);
            other.push(0);
            prop_assert!(!equal(&one, &other));
        }
    }
}
