//! Sealed values and tags under attack.

use crate::derive::derive_key;
use crate::hash::constant_time_eq;
use crate::mac::MacKey;
use crate::seal::SealKey;
use crate::{JoseError, b64};

const KEY: [u8; 32] = [7; 32];

#[test]
fn a_sealed_value_changed_anywhere_does_not_open() {
    let key = SealKey::new(&KEY);
    let sealed = key.seal(b"authorize", b"state");
    for bit in 0..sealed.len() * 8 {
        let mut changed = sealed.clone();
        changed[bit / 8] ^= 1 << (bit % 8);
        assert_eq!(
            key.open(b"authorize", &changed),
            Err(JoseError::Decrypt),
            "bit {bit}"
        );
    }
    for length in 0..sealed.len() {
        assert_eq!(key.open(b"authorize", &sealed[..length]), Err(JoseError::Decrypt));
        assert_eq!(
            key.open(b"authorize", &sealed[length + 1..]),
            Err(JoseError::Decrypt)
        );
    }
    assert_eq!(
        key.open(b"authorize", &[&sealed[..], &[0]].concat()),
        Err(JoseError::Decrypt)
    );
}

#[test]
fn a_sealed_value_opens_for_its_purpose_and_key_only() {
    let key = SealKey::new(&KEY);
    let sealed = key.seal(b"authorize", b"state");
    for aad in [&b""[..], b"authoriz", b"authorize ", b"session"] {
        assert_eq!(key.open(aad, &sealed), Err(JoseError::Decrypt));
    }
    let other = SealKey::new(&[8; 32]);
    assert_eq!(other.open(b"authorize", &sealed), Err(JoseError::Decrypt));
    assert_eq!(key.open(b"authorize", &sealed).unwrap().as_slice(), b"state");
}

#[test]
fn every_failure_to_open_looks_the_same() {
    let key = SealKey::new(&KEY);
    let text = key.seal_to_text(b"a", b"state");
    for wrong in [
        "",
        "A",
        "!",
        "AAAA",
        &format!("{text}="),
        &format!("{text}\n"),
        &text[1..],
        &text[..text.len() - 1],
    ] {
        assert_eq!(
            key.open_from_text(b"a", wrong),
            Err(JoseError::Decrypt),
            "{wrong:?}"
        );
    }
    assert_eq!(key.open_from_text(b"b", &text), Err(JoseError::Decrypt));
    assert_eq!(key.open_from_text(b"a", &text).unwrap().as_slice(), b"state");
}

#[test]
fn the_same_value_is_never_sealed_the_same_way_twice() {
    let key = SealKey::new(&KEY);
    let (first, second) = (key.seal(b"", b"state"), key.seal(b"", b"state"));
    assert_ne!(first[..12], second[..12]);
    assert_ne!(first[12..], second[12..]);
    assert_eq!(key.open(b"", &key.seal(b"", b"")).unwrap().as_slice(), b"");
}

#[test]
fn parts_that_run_together_have_different_tags() {
    let key = MacKey::new(&KEY);
    let lists: [&[&[u8]]; 8] = [
        &[b"ab", b"c"],
        &[b"a", b"bc"],
        &[b"abc"],
        &[b"abc", b""],
        &[b"", b"abc"],
        &[],
        &[b""],
        &[b"", b""],
    ];
    for (place, one) in lists.iter().enumerate() {
        for other in &lists[place + 1..] {
            assert_ne!(key.tag(one), key.tag(other), "{one:?} {other:?}");
        }
    }
    // One part that spells out the framing of two.
    let spelled = [b"a".as_slice(), &1_u64.to_be_bytes(), b"b"].concat();
    assert_ne!(key.tag(&[&spelled]), key.tag(&[b"a", b"b"]));
}

#[test]
fn a_tag_changed_shortened_or_of_another_key_is_refused() {
    let key = MacKey::new(&KEY);
    let tag = key.tag(&[b"grant", b"1"]);
    assert!(key.verify(&[b"grant", b"1"], &tag));
    for bit in 0..256 {
        let mut changed = tag;
        changed[bit / 8] ^= 1 << (bit % 8);
        assert!(!key.verify(&[b"grant", b"1"], &changed));
    }
    for length in 0..32 {
        assert!(!key.verify(&[b"grant", b"1"], &tag[..length]));
    }
    assert!(!key.verify(&[b"grant", b"1"], &[&tag[..], &[0]].concat()));
    assert!(!key.verify(&[b"grant", b"2"], &tag));
    assert!(!MacKey::new(&[8; 32]).verify(&[b"grant", b"1"], &tag));
}

#[test]
fn labels_and_masters_give_keys_of_their_own() {
    assert_eq!(derive_key(&KEY, "codes"), derive_key(&KEY, "codes"));
    assert_ne!(derive_key(&KEY, "codes"), derive_key(&KEY, "code"));
    assert_ne!(derive_key(&KEY, ""), derive_key(&KEY, "codes"));
    assert_ne!(derive_key(&[8; 32], "codes"), derive_key(&KEY, "codes"));
    assert_ne!(derive_key(&KEY, "").as_ref(), &KEY);
    // Longer than any buffer the library keeps for it.
    assert_ne!(
        derive_key(&KEY, &"l".repeat(5000)),
        derive_key(&KEY, &"l".repeat(5001))
    );
}

#[test]
fn keys_do_not_show_themselves() {
    assert_eq!(format!("{:?}", SealKey::new(&KEY)), "SealKey(..)");
    assert_eq!(format!("{:?}", MacKey::new(&KEY)), "MacKey(..)");
}

#[test]
fn comparison_needs_equal_length_and_content() {
    assert!(constant_time_eq(b"", b""));
    assert!(constant_time_eq(b"abc", b"abc"));
    assert!(!constant_time_eq(b"abc", b"abd"));
    assert!(!constant_time_eq(b"abc", b"ab"));
    assert!(!constant_time_eq(b"", b"a"));
    assert_eq!(b64::encode_url(b""), "");
}
