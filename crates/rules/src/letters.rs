//! Codes that people read and type: letters of [`USER_CODE_ALPHABET`] (RFC 8628 §6.1).

use valetkey_protocol::device::USER_CODE_ALPHABET;

/// So many letters out of random (or MACed) bytes. Of 128 bits, eight letters use up 34.6 and ten 43.3: that the number of
/// values is no multiple of theirs shows in the twenty-fifth decimal.
pub(crate) fn letters(bytes: &[u8; 16], count: usize) -> String {
    let base = USER_CODE_ALPHABET.len() as u128;
    let mut number = u128::from_be_bytes(*bytes);
    let mut text = String::with_capacity(count);
    for _ in 0..count {
        let at = usize::try_from(number % base).unwrap_or_default();
        if let Some(letter) = USER_CODE_ALPHABET.get(at) {
            text.push(char::from(*letter));
        }
        number /= base;
    }
    text
}

/// The first half of 32 bytes.
pub(crate) fn half(bytes: &[u8; 32]) -> [u8; 16] {
    bytes.first_chunk().copied().unwrap_or_default()
}

/// What a person typed, as letters: without case, blanks and hyphens.
pub(crate) fn typed(text: &str) -> String {
    text.chars()
        .filter(|letter| !letter.is_whitespace() && *letter != '-')
        .map(|letter| letter.to_ascii_uppercase())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_letter_comes_up_at_every_place() {
        let mut seen = vec![BTreeSet::new(); 8];
        for number in 0..4000_u32 {
            let bytes = valetkey_jose::hash::sha256(&number.to_be_bytes());
            for (at, letter) in letters(&half(&bytes), 8).chars().enumerate() {
                seen[at].insert(letter);
            }
        }
        assert!(
            seen.iter()
                .all(|letters| letters.len() == USER_CODE_ALPHABET.len())
        );
    }

    proptest! {
        #[test]
        fn a_code_has_its_length_and_only_letters_of_the_alphabet(bytes: [u8; 16], count in 0_usize..=12) {
            let text = letters(&bytes, count);
            prop_assert_eq!(text.len(), count);
            prop_assert!(text.bytes().all(|letter| USER_CODE_ALPHABET.contains(&letter)));
            prop_assert_eq!(typed(&text.to_lowercase()), text);
        }
    }
}
