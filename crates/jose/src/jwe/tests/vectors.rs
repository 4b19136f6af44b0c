//! The examples of RFC 7516, 7518, 7520 and 8037, some of Project Wycheproof's, and tokens made with another
//! implementation (joserfc).

use aws_lc_rs::agreement::PrivateKey;

use super::{open, with_d};
use crate::jwe::agreement::{Point, Purpose, agree};
use crate::jwe::content::{self, Sealed};
use crate::jwe::{ContentEncryption, Curve, DecryptingKey, KeyManagement, Unopened};
use crate::jwk::Members;
use crate::{JoseError, b64, hash};

fn bytes(text: &str) -> Vec<u8> {
    b64::decode_url(text).unwrap()
}

fn hex(text: &str) -> Vec<u8> {
    text.as_bytes()
        .chunks(2)
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
        .collect()
}

fn sealed(iv: &[u8], ciphertext: &[u8], tag: &[u8]) -> Sealed {
    Sealed {
        iv: iv.to_vec(),
        ciphertext: ciphertext.to_vec(),
        tag: tag.to_vec(),
    }
}

/// RFC 7518 B.1 and B.3: the same text, initialization vector and header.
#[test]
fn rfc_7518_b_the_cbc_modes_with_hmac() {
    let text = b"A cipher system must not be required to be secret, and it must be able to fall into the hands of the \
                 enemy without inconvenience";
    let aad = b"The second principle of Auguste Kerckhoffs";
    let iv = hex("1af38c2dc2b96ffdd86694092341bc04");
    let examples = [
        (
            ContentEncryption::A128CbcHs256,
            32,
            B1,
            "652c3fa36b0a7c5b3219fab3a30bc1c4",
        ),
        (
            ContentEncryption::A256CbcHs512,
            64,
            B3,
            "4dd3b4c088a7f45c216839645b2012bf2e6269a8c56a816dbc1b267761955bc5",
        ),
    ];
    for (enc, length, ciphertext, tag) in examples {
        let key: Vec<u8> = (0..length).collect();
        let opened = content::open(enc, &key, aad, &sealed(&iv, &hex(ciphertext), &hex(tag))).unwrap();
        assert_eq!(opened.as_slice(), text);
    }
}

/// The key management of this example is not spoken here; its content is.
#[test]
fn rfc_7516_a_1_the_content_in_gcm() {
    let key = [
        177, 161, 244, 128, 84, 143, 225, 115, 63, 180, 3, 255, 107, 154, 212, 246, 138, 7, 110, 91, 112, 46,
        34, 105, 47, 130, 203, 46, 122, 234, 64, 252,
    ];
    let header = "eyJhbGciOiJSU0EtT0FFUCIsImVuYyI6IkEyNTZHQ00ifQ";
    let sent = sealed(
        &bytes("48V1_ALb6US04U3b"),
        &bytes("5eym8TW_c8SuK0ltJ3rpYIzOeDQz7TALvtu6UG9oMo4vpzs9tX_EFShS8iB7j6jiSdiwkIr3ajwQzaBtQD_A"),
        &bytes("XFBoMYUZodetZdvTiFvSkQ"),
    );
    let opened = content::open(ContentEncryption::A256Gcm, &key, header.as_bytes(), &sent).unwrap();
    assert_eq!(
        opened.as_slice(),
        b"The true sign of intelligence is not knowledge but imagination."
    );
}

/// RFC 7516 appendix B computes this tag step by step.
#[test]
fn rfc_7516_a_3_and_b_the_content_in_cbc_with_hmac() {
    let key = [
        4, 211, 31, 197, 84, 157, 252, 254, 11, 100, 157, 250, 63, 170, 106, 206, 107, 124, 212, 45, 111,
        107, 9, 219, 200, 177, 0, 240, 143, 156, 44, 207,
    ];
    let header = "eyJhbGciOiJBMTI4S1ciLCJlbmMiOiJBMTI4Q0JDLUhTMjU2In0";
    let sent = sealed(
        &bytes("AxY8DCtDaGlsbGljb3RoZQ"),
        &bytes("KDlTtXchhZTGufMYmOYGS4HffxPSUrfmqCHXaI9wOGY"),
        &bytes("U0m_YmjN04DJvceFICbCVQ"),
    );
    let opened = content::open(ContentEncryption::A128CbcHs256, &key, header.as_bytes(), &sent).unwrap();
    assert_eq!(opened.as_slice(), b"Live long and prosper.");
}

#[test]
fn rfc_7516_a_2_rsa1_5_is_refused_by_name() {
    let refused = Unopened::parse("eyJhbGciOiJSU0ExXzUiLCJlbmMiOiJBMTI4Q0JDLUhTMjU2In0.AA.AA.AA.AA");
    let received = "RSA1_5".to_owned();
    assert_eq!(refused.err(), Some(JoseError::AlgorithmNotAllowed { received }));
}

fn private(curve: Curve, secret: &[u8]) -> PrivateKey {
    PrivateKey::from_private_key(curve.algorithm(), secret).unwrap()
}

#[test]
fn rfc_7518_c_both_sides_derive_the_same_key() {
    let alice = private(Curve::P256, &bytes("0_NxaRPUMQoAJt50Gz8YiTr8gRTwyEaCumd-MToTmIo"));
    let bob = private(Curve::P256, &bytes("VEmDZpDXXK8p8N0Cndsxs924q6nS1RXFASRl6BfUqdw"));
    let point = |x: &str, y: &str| {
        let (crv, x, y) = ("P-256".to_owned(), x.to_owned(), y.to_owned());
        Point::from_members(&Members::Ec { crv, x, y }).unwrap()
    };
    let alice_public = point(
        "gI0GAILBdu7T53akrFmMyGcsF3n5dO7MmwNBHKW5SV0",
        "SLW_xSffzlPWrHEVI30DHM_4egVwt3NQqeUD7nMFpps",
    );
    let bob_public = point(
        "weNJy2HscCSM6AEDTDg04biOvhFhyyWvOHQfeF_PxMQ",
        "e8lnCO-AlStT-NJVX-crhB7QRYhiix03illJOVAOyck",
    );
    let purpose = Purpose {
        algorithm: "A128GCM",
        key_bytes: 16,
        parties: [b"Alice", b"Bob"],
    };
    for (private, public) in [(&alice, &bob_public), (&bob, &alice_public)] {
        let key = agree(private, public, &purpose).unwrap();
        assert_eq!(b64::encode_url(&key), "VqqN6vgjbSBcIijNcacQGg");
    }
}

#[test]
fn rfc_8037_a_6_x25519_gives_the_shared_secret() {
    let secret = hex("77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a");
    let ephemeral = private(Curve::X25519, &secret);
    let okp = |x: &str| Members::Okp {
        crv: "X25519".to_owned(),
        x: x.to_owned(),
    };
    let sent = Point::of(Curve::X25519, &ephemeral).unwrap().to_members();
    assert_eq!(sent, Some(okp("hSDwCYkwp1R0i33ctD73Wg2_Og0mOBr066SpjqqbTmo")));
    let bob = Point::from_members(&okp("3p7bfXt9wbTTW2HC7OQ1Nz-DQ8hbeGdNrfx-FG-IK08")).unwrap();
    let purpose = Purpose {
        algorithm: "A128GCM",
        key_bytes: 32,
        parties: [b"", b""],
    };
    // One round of the Concat KDF, written out.
    let z = hex("4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742");
    let info = [&[0, 0, 0, 7][..], b"A128GCM", &[0; 4], &[0; 4], &[0, 0, 1, 0]].concat();
    let expected = hash::sha256(&[&[0, 0, 0, 1], z.as_slice(), &info].concat());
    assert_eq!(agree(&ephemeral, &bob, &purpose).unwrap().as_slice(), expected);
}

/// RFC 7520 §5.4 and §5.5 encrypt this.
const FRODO: &str = "You can trust us to stick with you through thick and thin\u{2013}to the bitter end. And you can \
                     trust us to keep any secret of yours\u{2013}closer than you keep it yourself. But you cannot \
                     trust us to let you face trouble alone, and go off without a word. We are your friends, Frodo.";

#[test]
fn rfc_7520_5_4_ecdh_es_with_key_wrap_on_p384() {
    let d = "iTx2pk7wW-GqJkHcEkFQb2EFyYcO7RugmaW3mRrQVAOUiPommT0IdnYK2xDlZh-j";
    let key = with_d(Curve::P384, KeyManagement::EcdhEsA128Kw, d);
    assert_eq!(open(RFC_7520_5_4, &key).unwrap(), FRODO.as_bytes());
    let kid = Unopened::parse(RFC_7520_5_4).unwrap().header().kid.clone();
    assert_eq!(kid.as_deref(), Some("peregrin.took@tuckborough.example"));
}

#[test]
fn rfc_7520_5_5_ecdh_es_alone_on_p256() {
    let d = "r_kHyZ-a06rmxM3yESK84r1otSg-aQcVStkRhA-iCM8";
    let key = with_d(Curve::P256, KeyManagement::EcdhEs, d);
    assert_eq!(open(RFC_7520_5_5, &key).unwrap(), FRODO.as_bytes());
}

/// The RFC's key on P-256 again.
const WYCHEPROOF_D: &str = "VEmDZpDXXK8p8N0Cndsxs924q6nS1RXFASRl6BfUqdw";

#[test]
fn wycheproof_valid_tokens_open() {
    for (alg, token) in WYCHEPROOF_VALID {
        let key = with_d(Curve::P256, alg, WYCHEPROOF_D);
        assert_eq!(open(token, &key).unwrap(), b"foo", "{token}");
    }
}

#[test]
fn wycheproof_an_invalid_curve_point_is_refused() {
    let key = with_d(Curve::P256, KeyManagement::EcdhEsA128Kw, WYCHEPROOF_D);
    assert_eq!(open(WYCHEPROOF_OFF_CURVE, &key), Err(JoseError::Decrypt));
}

#[test]
fn wycheproof_cut_tags_are_refused() {
    let key = with_d(Curve::P256, KeyManagement::EcdhEsA256Kw, WYCHEPROOF_D);
    let (rest, _) = WYCHEPROOF_VALID[2].1.rsplit_once('.').unwrap();
    for tag in ["SUOkmuBKHqYKI-Qx2YD1", "SUOkmuBKHqYKI-Qx", "SUOkmuBKHqY", ""] {
        assert_eq!(
            open(&format!("{rest}.{tag}"), &key),
            Err(JoseError::Decrypt),
            "{tag}"
        );
    }
}

#[test]
fn tokens_and_keys_made_elsewhere_open() {
    for (pkcs8, alg, token) in ELSEWHERE {
        let key = DecryptingKey::from_pkcs8(alg, &bytes(pkcs8)).unwrap();
        assert_eq!(open(token, &key).unwrap(), b"sealed elsewhere", "{alg}");
    }
}

const B1: &str = "c80edfa32ddf39d5ef00c0b468834279a2e46a1b8049f792f76bfe54b903a9c9a94ac9b47ad2655c5f10f9aef71427e2fc6f9b3f399a221489f16362c703233609d45ac69864e3321cf82935ac4096c86e133314c54019e8ca7980dfa4b9cf1b384c486f3a54c51078158ee5d79de59fbd34d848b3d69550a67646344427ade54b8851ffb598f7f80074b9473c82e2db";
const B3: &str = "4affaaadb78c31c5da4b1b590d10ffbd3dd8d5d302423526912da037ecbcc7bd822c301dd67c373bccb584ad3e9279c2e6d12a1374b77f077553df829410446b36ebd97066296ae6427ea75c2e0846a11a09ccf5370dc80bfecbad28c73f09b3a3b75e662a2594410ae496b2e2e6609e31e6e02cc837f053d21f37ff4f51950bbe2638d09dd7a4930930806d0703b1f6";

const RFC_7520_5_4: &str = "eyJhbGciOiJFQ0RILUVTK0ExMjhLVyIsImtpZCI6InBlcmVncmluLnRvb2tAdHVja2Jvcm91Z2guZXhhbXBsZSIsImVwayI6eyJrdHkiOiJFQyIsImNydiI6IlAtMzg0IiwieCI6InVCbzRrSFB3Nmtiang1bDB4b3dyZF9vWXpCbWF6LUdLRlp1NHhBRkZrYllpV2d1dEVLNml1RURzUTZ3TmROZzMiLCJ5Ijoic3AzcDVTR2haVkMyZmFYdW1JLWU5SlUyTW84S3BvWXJGRHI1eVBOVnRXNFBnRXdaT3lRVEEtSmRhWTh0YjdFMCJ9LCJlbmMiOiJBMTI4R0NNIn0.0DJjBXri_kBcC46IkU5_Jk9BqaQeHdv2.mH-G2zVqgztUtnW_.tkZuOO9h95OgHJmkkrfLBisku8rGf6nzVxhRM3sVOhXgz5NJ76oID7lpnAi_cPWJRCjSpAaUZ5dOR3Spy7QuEkmKx8-3RCMhSYMzsXaEwDdXta9Mn5B7cCBoJKB0IgEnj_qfo1hIi-uEkUpOZ8aLTZGHfpl05jMwbKkTe2yK3mjF6SBAsgicQDVCkcY9BLluzx1RmC3ORXaM0JaHPB93YcdSDGgpgBWMVrNU1ErkjcMqMoT_wtCex3w03XdLkjXIuEr2hWgeP-nkUZTPU9EoGSPj6fAS-bSz87RCPrxZdj_iVyC6QWcqAu07WNhjzJEPc4jVntRJ6K53NgPQ5p99l3Z408OUqj4ioYezbS6vTPlQ.WuGzxmcreYjpHGJoa17EBg";
const RFC_7520_5_5: &str = "eyJhbGciOiJFQ0RILUVTIiwia2lkIjoibWVyaWFkb2MuYnJhbmR5YnVja0BidWNrbGFuZC5leGFtcGxlIiwiZXBrIjp7Imt0eSI6IkVDIiwiY3J2IjoiUC0yNTYiLCJ4IjoibVBVS1RfYkFXR0hJaGcwVHBqanFWc1AxclhXUXVfdndWT0hIdE5rZFlvQSIsInkiOiI4QlFBc0ltR2VBUzQ2ZnlXdzVNaFlmR1RUMElqQnBGdzJTUzM0RHY0SXJzIn0sImVuYyI6IkExMjhDQkMtSFMyNTYifQ..yc9N8v5sYyv3iGQT926IUg.BoDlwPnTypYq-ivjmQvAYJLb5Q6l-F3LIgQomlz87yW4OPKbWE1zSTEFjDfhU9IPIOSA9Bml4m7iDFwA-1ZXvHteLDtw4R1XRGMEsDIqAYtskTTmzmzNa-_q4F_evAPUmwlO-ZG45Mnq4uhM1fm_D9rBtWolqZSF3xGNNkpOMQKF1Cl8i8wjzRli7-IXgyirlKQsbhhqRzkv8IcY6aHl24j03C-AR2le1r7URUhArM79BY8soZU0lzwI-sD5PZ3l4NDCCei9XkoIAfsXJWmySPoeRb2Ni5UZL4mYpvKDiwmyzGd65KqVw7MsFfI_K767G9C9Azp73gKZD0DyUn1mn0WW5LmyX_yJ-3AROq8p1WZBfG-ZyJ6195_JGG2m9Csg.WCCkNa-x4BeB9hIDIfFuhg";

/// Wycheproof's tests 33, 55 and 60 of JWE.
const WYCHEPROOF_VALID: [(KeyManagement, &str); 3] = [
    (
        KeyManagement::EcdhEsA128Kw,
        "eyJhbGciOiJFQ0RILUVTK0ExMjhLVyIsImVuYyI6IkExMjhDQkMtSFMyNTYiLCJlcGsiOnsia3R5IjoiRUMiLCJ4Ijoib0JHZzlCeHhJYWlmaHktSHdEcUFPM3luZGlLTzFSbjhvcTZ2MlRLSjZKRSIsInkiOiJCMm9aZVVsc0tXYXhfXzl4ZURDY0owYXRVYVZuTzZzYjhObmZ1dmxyNGNnIiwiY3J2IjoiUC0yNTYifX0.EMryDi1xUlchLZUZLT85xvMBBYMwDBRHFtF50_txDpQVpQPHsYgUIA.orxQswpocXaaLOTTxOKgnQ.O0YdzsAyykfgsLRAFoGazA.ZWQPNGDlM-RYlv5cFOxTbQ",
    ),
    (
        KeyManagement::EcdhEsA128Kw,
        "eyJhbGciOiJFQ0RILUVTK0ExMjhLVyIsImVuYyI6IkEyNTZDQkMtSFM1MTIiLCJlcGsiOnsia3R5IjoiRUMiLCJ4IjoiQ2J0YXNNaGVaNkx6NExlMEZtYWp6Um1fd0pnYkZlQ25KcDNpSGdmRnlRcyIsInkiOiJrS0FBZkNhb2hHY3A4V0M2QW1yaWhCMWZ0V0dkYW1CTjQxaDA3QmhOUzBjIiwiY3J2IjoiUC0yNTYifX0.2tSc72Fbdg6DYprc9W3Ixj-uSvtSAhardMLZ4t-fnKqfqm2EnDoeLfShseeMYqyeqqXOJaulAnV94kMNhjEjm19PqFZWS9RE.PByK6WWDVPNt93flnvaY8A.6R58TUentdgiutsvKBa3Sw.zGQq_maLjY3n1ziuOBZ0pocmdtUajAtpVPIY2oLuqGI",
    ),
    (
        KeyManagement::EcdhEsA256Kw,
        "eyJhbGciOiJFQ0RILUVTK0EyNTZLVyIsImVuYyI6IkExMjhHQ00iLCJlcGsiOnsia3R5IjoiRUMiLCJ4IjoiNnJkWnk1VXo0Zk9SOUZrTlRSSzV0anZlR00tbDNHd041N2hzeWR4N1p1RSIsInkiOiJuLTZSb1AwYjloNzVjT3ZraF9RWngyWGt4UmJfWWoxdWFSTW00a2FyclVRIiwiY3J2IjoiUC0yNTYifX0.Hls4JUg4xCxZ2Bhy3BYGWVA_6zjp1Icv.79pZtpzwHf3wbiKV.6pW6.SUOkmuBKHqYKI-Qx2YD1Mw",
    ),
];
/// Its test 49.
const WYCHEPROOF_OFF_CURVE: &str = "eyJhbGciOiJFQ0RILUVTK0ExMjhLVyIsImVuYyI6IkExMjhDQkMtSFMyNTYiLCJlcGsiOnsia3R5IjoiRUMiLCJ4IjoiZ1RsaTY1ZVRRN3otQmgxNDdmZjhLM203azJVaURpRzJMcFlrV0FhRkpDYyIsInkiOiJjTEFuakthNGJ6akQ3REpWUHdhOUVQclJ6TUc3ck9OZ3NpVUQta2YzMEZzIiwiY3J2IjoiUC0yNTYifX0.qGAdxtEnrV_3zbIxU2ZKrMWcejNltjA_dtefBFnRh9A2z9cNIqYRWg.pEA5kX304PMCOmFSKX_cEg.a9fwUrx2JXi1OnWEMOmZhXd94-bEGCH9xxRwqcGuG2AMo-AwHoljdsH5C_kcTqlXS5p51OB1tvgQcMwB5rpTxg.72CHiYFecyDvuUa43KKT6w";

const RSA_PKCS8: &str = "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQDAO08_wyVEOqDa5E5ZPFJrxVOXx-MjVEAHH4Tynd3mG4mR_SfYP4MqzzEUGgPdOorpbnBxADb3syZa95jFf_IFWUotW2Fsq0z2e-i30OcdYx5ywmGLSP-LBouSbsrE2Ohc2BOTVdiPnzwLPekecAHUpq70VaGR_0JuXR5s2xb1OfR5GwvivbaxRr7hYrLXfYWRjfR-7tyFb7zLVO0myhNlQZ9XqrFddvE8cgqsJFgQZrwMph2YWF4xNzMLuIMWwD2GIsNKA4nSrYRgH044ovK_fmQnpSgE1ciEvVj5dH2ezWrshJ8mIjKDqOGBMwYF5qmcJk6oECdzkMEyPhEU0emlAgMBAAECggEAC3Z970tvuXXVibf7hA64y3xk07QzszOe7c3PW7hWNxaFSZNTAO4ooDDiuFQkzthi2DChu9tLa9HfA6WoEn7iq7b7WWENmjFM0ZXp9qwaXAJBGo7Eyk18D4pAYGcC6GIW2RJ5eFuyIj5YkkMK16nOMiQOYruIevBBwdsDqXIXGGBV4rx1xylxJJvB32-LYuAjtBtJwcFmNTls-JjRbSqXjyI-YRC4wwiKmGCjpJjcvKMJAT312YWftq0bRitZ5PlUPM8LnwOVUMUgZBcT4rcjCf9JFl_JqC5NzodOpe3bioMShhUJGYuvjqJUPAC8iGbkxBiw2-DNPmxrA24BR2UwsQKBgQDecbWI4HcG3I1HyCtzXSWcaXDvgzzM9g7PBLoRVA5A7cpPht665-GXITsiCneHZNYDtmSce4dxDFpDuNKiPYvoiLV9BGqtQ-jTjq_eR6pCTT-5fexkONySsR06jEy2iNm-9yKe_V7fHQinpIH7beedGepJp89OnqJ0losPNyFNgwKBgQDdOtyzPx4NgI4RfCtFm6bftSZUkidze30VeKpyntnoXSUyxqL3hgF2WFEcK3fMYSoo_X8j3XCuf_6byOZl78ohwTUsMkJfBhetVQHpZ3i0kHzTsUNf93jy9JFeR6cGu-fQCuXahTT5HJxep7LXKXVoi9WBKhGb1I9Z-0WyHj-rtwKBgDQeGjVuuhSOej-WQ6_s5BIIlmBXtFglUoToi5vhwNEvpZYKeIb8K1vYel1YbHb5hjcqddpACxTOmxuA40EGAJDD7xnSfhgIcDWZGdWPnvGX3dVdDpTQycVI4BtGofami7X1e1Qa8y59Q_jbT2UUdA7X8o-9VJIMEu4UE5LGDPR3AoGBALd3bzw_pd6wtCEQBprNgNCZXFZadtkwmgVKcqBn2HL5fDXlwZTgzymkCHACJHGcSuh_ggbuR9qPT0lGjLwQ5mKj5kLm02AWn2Ah1VoJc3LbOIoewa8-flGOPVgguAW_o3lG8GQOgGXvMkbVcF07hqDTBpb9mmjPGKsY1S3oJAl1AoGAaB21gQVPiif9npFD6Vqbzwc_x7anYVdKzg-4uQ_7-KeBnjYtNmeUkVZb_3YhHc85X1P_Zdsy9XeuKeGhTGuhFwfDCoc_zowSFvQlNTTGTmBJjoGp3PnfMLJVa2EV5fRNWMuimm0nAgIErJ22fUTpz4-3IVwDg4eg8N_X8zWbuDo";
const P256_PKCS8: &str = "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg6-bK2xgSdwqsWIjoh1xFq_wnZUM7zNnBYHa-dmhP_N6hRANCAATHWSMxnTKEA2mJnJUivHtEp4hAw6maeuQwDrsLPvgKprvMRk3V6yd1uvWIlWxeKd4kh2jJyDJp63pUJPIEnZKy";
const P384_PKCS8: &str = "MIG2AgEAMBAGByqGSM49AgEGBSuBBAAiBIGeMIGbAgEBBDAD22gNOkc4Us7GKqv0vu6vj7S5mwhOJaH2WvkvpQjHliAnZ_RvuQ37CwofOGlLS2GhZANiAATCObv3TD84pbVJcGVurSeWCsK8Tdxk-rN3l6d0HF1NxVG9kq3B282m2zUta-RYYE0EmZ6GDNQX_ODcWJlHnJO3tbaNrKV-Frm0y0RyBp_cXxoSmuymT9y-VV8wtiXfolM";
const X25519_PKCS8: &str = "MC4CAQAwBQYDK2VuBCIEILgzmK2L_8SqWWCIzBc_8ETlZcMSHII_TieC_g-1-8J6";

/// The token on P-384 has `apu` and `apv`.
const ELSEWHERE: [(&str, KeyManagement, &str); 8] = [
    (
        RSA_PKCS8,
        KeyManagement::RsaOaep256,
        "eyJhbGciOiJSU0EtT0FFUC0yNTYiLCJlbmMiOiJBMjU2R0NNIn0.mVMKTWPSZV-WhQOXuptflFUjNBujBU5lILRz5VSaOLYxhAoHsGE7c8SweYPSAWZiQZ1EmcDBWEu9NHcFl1nlApzYpjYb9Zu-xVVlsJhq8UH_KpfnbFZThI-jYipI1CGyZmRF0JARL5xmFbshnXgL2JlcaRqgjOdCyZoXOebYBSxuvTXl0bTi3lG9uE2d4GMthIvwBVgha6R1AuEPz-4GNI9pVk_k87xbKjQxqJsbWUsB9DtdVGJeLYmLDvVrrUIegdH6VtmSEJvSHs26Q0hhMLtfbv-AmNBHILwJoaWECRM_0UA-tQjN8sIQgCYRIC9iHiKxlhSEqbSUBKSoWGr-qg.S80YgK5MaXzCL39g.s0FuzyqDFg4E6noten78CA.daPcMsfzb3zeHzfGQzgbuA",
    ),
    (
        RSA_PKCS8,
        KeyManagement::RsaOaep256,
        "eyJhbGciOiJSU0EtT0FFUC0yNTYiLCJlbmMiOiJBMTI4Q0JDLUhTMjU2In0.C4lv2yMHDfEklfRvWeAeY7Rf0giK-CctisoBGnC1zWzW-ByW64m7Zhn9x2lgauEdlhEFdM-vaLgTG311irkDBipUPcr0HhbwaRDlm5P2SXOd1aUmhpBprT5vVaTOJrotyEyaBjy1nfazjkFBz0yMWFjJWOwAl2wsfRQeR5xlcw_NcgAFyIXNDrrBFsZzkxF2_hNBrWCsh_QOsG5bWbivhLx9coKd0AZqpXAUmj9mY9SJx0PmT8tUh16xZy99Yojgv6beHYDS4R5J5m7PIXqFrdDdgS8zYH81wcSS0pEtNZ2I0_P4f1xkE6k6AEmvTkc9kuGxZVUJrhk8Y8IO0C0TBw.fe__5PPmOcW_LnTzdz4n_Q.wUMjx2jOfduSWPmLjgomutcYt3T4wrG8WsspHyDRC0Y.HxOOEN2jwCQ8vtPMD2NEqw",
    ),
    (
        P256_PKCS8,
        KeyManagement::EcdhEs,
        "eyJhbGciOiJFQ0RILUVTIiwiZW5jIjoiQTI1NkdDTSIsImVwayI6eyJjcnYiOiJQLTI1NiIsIngiOiJSLTRtZWVreXl2UkR3R3pLVnByaDcxNlV3dWxrc0d4aW5aQzR0MGxiY3VvIiwieSI6IklvTFpoMUV0aGR6eUVmQUd3a1VqR0VwNFFGNkNIVWY1MTNzaVdtSkVDSzgiLCJrdHkiOiJFQyJ9fQ..9bYHqsC7JAx-Zh0I.pWFLkSJ_XMOX-RLaWhRU7w.iQcaNy3PolMIyNTfx5FVtg",
    ),
    (
        P256_PKCS8,
        KeyManagement::EcdhEs,
        "eyJhbGciOiJFQ0RILUVTIiwiZW5jIjoiQTI1NkNCQy1IUzUxMiIsImVwayI6eyJjcnYiOiJQLTI1NiIsIngiOiI3cFJHdmpMaHFUeDktdDl0SFU0eFo0Qm9faEtuSG44N1VSWGFmZVpHMmRNIiwieSI6IlpyYllPak95VmcxdXhFWlJOX3VZVDFLenB1aTlQaGFtblBmbGk0QlhMRGMiLCJrdHkiOiJFQyJ9fQ..vdOBvG3z3VvyRFPAHRngIg.a8CxxmAo95wfks6gesI5jTypTxkLxdpTO45hLEg0xpE.TlWt85Vds2REoi8ssJnXLhrtXAu9qAO9DkJeA8-6UuY",
    ),
    (
        P256_PKCS8,
        KeyManagement::EcdhEsA256Kw,
        "eyJhbGciOiJFQ0RILUVTK0EyNTZLVyIsImVuYyI6IkExMjhDQkMtSFMyNTYiLCJlcGsiOnsiY3J2IjoiUC0yNTYiLCJ4IjoibUtaaF81VE1fb1JUc1RKNlFpb0FIUEFfUS13aGkyWklCWmtjT2RUVldhTSIsInkiOiJiYk13dno3Zmw4TVlMd2dmc200VnhCM1BIU1hXSTVYay02N21xMy1nN0tNIiwia3R5IjoiRUMifX0.Z8do60QT-3WZPE_EECq1fGm9TmD4sq9rCbKUE58-wzw84ASZMepSHQ.tT27D2uaqRPhtcJL_xKYeg.TeJWqhtC8_WOjFIEfn-y03_EVCuvaRqmFKgv1g_scZo.usXj8glLEvHcve25pML6Aw",
    ),
    (
        P384_PKCS8,
        KeyManagement::EcdhEsA128Kw,
        "eyJhbGciOiJFQ0RILUVTK0ExMjhLVyIsImVuYyI6IkEyNTZHQ00iLCJhcHUiOiJRV3hwWTJVIiwiYXB2IjoiUW05aSIsImVwayI6eyJjcnYiOiJQLTM4NCIsIngiOiJfV1JEeVFZMWhQWTlfU08yREJTTGstcGhnc2JFVGFGc2JtYTVyUVZydHhGR2pHaW92anAyVWNfSkwwdVcwYU9iIiwieSI6Ii1oNEo1emg1d2RaYlZ3aU5VN3FYVTdvQ3l4T1QwSENMa3ZyQTlvV3ljZ0cxSW05QlUyM2FMSGZlWUdJVmtpUm8iLCJrdHkiOiJFQyJ9fQ.RzD4FuMK0J4Vou0ClAgC1ypjws5-ng3BEm3jeZ6qEAQobB5PBtrfHQ.AboRircFlfJlDybb.GkbBQJQH0vWfq0nrdlBXyA.CjtBShWXEV9yg3R4W80MYw",
    ),
    (
        X25519_PKCS8,
        KeyManagement::EcdhEs,
        "eyJhbGciOiJFQ0RILUVTIiwiZW5jIjoiQTEyOEdDTSIsImVwayI6eyJjcnYiOiJYMjU1MTkiLCJ4IjoiZjk3dTBPWS1janNTaWxnZHFURzhhVU8wVnFjbnpFYTIwMXJxMzlsbnowZyIsImt0eSI6Ik9LUCJ9fQ..DetqsCM2S0LoRakN.eiviAGC3sr4A-cszvzJQDQ.1I2eXV2JLh1rVCy1gSv8jA",
    ),
    (
        X25519_PKCS8,
        KeyManagement::EcdhEsA256Kw,
        "eyJhbGciOiJFQ0RILUVTK0EyNTZLVyIsImVuYyI6IkEyNTZHQ00iLCJlcGsiOnsiY3J2IjoiWDI1NTE5IiwieCI6Ik5kLV9MWDdaQnlxNFBuZnFlMFJRWHptbnFTeGxqNHVOR0lhRS1EVHBFM3MiLCJrdHkiOiJPS1AifX0.An1wytO5Unuo7hqvHJl3gZSxSgt-gA0wSj_ZzllcliXTX1sTSCy6dQ.TqLOI8bcYsZVaQe5.A3kj5x0-tVReAMmG0WAvSQ.kKl32beS0v2Odc2Kf4WB1g",
    ),
];
