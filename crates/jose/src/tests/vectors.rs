//! The examples of RFC 7515, 7517, 7638 and 8037, of OpenID Connect Core, and values made with another implementation.

use aws_lc_rs::encoding::AsDer as _;
use aws_lc_rs::rsa::KeyPairComponents;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, RsaKeyPair, RsaPublicKeyComponents,
};
use serde_json::{Value, json};

use super::ANYTHING;
use crate::{
    Algorithm, JoseError, Jwk, JwkSet, KeySet, SigningKey, VerifyingKey, b64, derive, hash, jwt, mac, seal,
};

/// RFC 7515 A.2.1.
const RSA_N: &str = "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ";
const RSA_D: &str = "Eq5xpGnNCivDflJsRQBXHx1hdR1k6Ulwe2JZD50LpXyWPEAeP88vLNO97IjlA7_GQ5sLKMgvfTeXZx9SE-7YwVol2NXOoAJe46sui395IW_GO-pWJ1O0BkTGoVEn2bKVRUCgu-GjBVaYLU6f3l9kJfFNS3E0QbVdxzubSu3Mkqzjkn439X0M_V51gfpRLI9JYanrC4D4qAdGcopV_0ZHHzQlBjudU2QvXt4ehNYTCBr6XCLQUShb1juUO1ZdiYoFaFQT5Tw8bGUl_x_jTj3ccPDVZFD9pIuhLhBOneufuBiB4cS98l2SR_RQyGWSeWjnczT0QU91p1DhOVRuOopznQ";
const RSA_P: &str = "4BzEEOtIpmVdVEZNCqS7baC4crd0pqnRH_5IB3jw3bcxGn6QLvnEtfdUdiYrqBdss1l58BQ3KhooKeQTa9AB0Hw_Py5PJdTJNPY8cQn7ouZ2KKDcmnPGBY5t7yLc1QlQ5xHdwW1VhvKn-nXqhJTBgIPgtldC-KDV5z-y2XDwGUc";
const RSA_Q: &str = "uQPEfgmVtjL0Uyyx88GZFF1fOunH3-7cepKmtH4pxhtCoHqpWmT8YAmZxaewHgHAjLYsp1ZSe7zFYHj7C6ul7TjeLQeZD_YwD66t62wDmpe_HlB-TnBA-njbglfIsRLtXlnDzQkv5dTltRJ11BKBBypeeF6689rjcJIDEz9RWdc";
const RSA_DP: &str = "BwKfV3Akq5_MFZDFZCnW-wzl-CCo83WoZvnLQwCTeDv8uzluRSnm71I3QCLdhrqE2e9YkxvuxdBfpT_PI7Yz-FOKnu1R6HsJeDCjn12Sk3vmAktV2zb34MCdy7cpdTh_YVr7tss2u6vneTwrA86rZtu5Mbr1C1XsmvkxHQAdYo0";
const RSA_DQ: &str = "h_96-mK1R_7glhsum81dZxjTnYynPbZpHziZjeeHcXYsXaaMwkOlODsWa7I9xXDoRwbKgB719rrmI2oKr6N3Do9U0ajaHF-NKJnwgjMd2w9cjz3_-kyNlxAr2v4IKhGNpmM5iIgOS1VZnOZ68m6_pbLBSp3nssTdlqvd0tIiTHU";
const RSA_QI: &str = "IYd7DHOhrWvxkwPQsRM2tOgrjbcrfvtQJipd-DlcxyVuuM9sQLdgjVk2oy26F0EmpScGLq2MowX7fhd_QJQ3ydy5cY7YIBi87w93IKLEdfnbJtoOPLUW0ITrJReOgo1cq9SbsxYawBgfp_gh6A5603k2-ZQwVK0JKSHuLFkuQ3U";

/// RFC 7515 A.2, A.3, A.5: the same claims each time.
const PAYLOAD: &str =
    "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
const A2_SIGNATURE: &str = "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw";
const A3_SIGNATURE: &str =
    "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";

/// RFC 7517 A.1, RFC 7638 §3.1: the same key.
const N_7517: &str = "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw";

fn bytes(text: &str) -> Vec<u8> {
    b64::decode_url(text).unwrap()
}

fn verifying(jwk: Value) -> VerifyingKey {
    VerifyingKey::from_jwk(&serde_json::from_value(jwk).unwrap()).unwrap()
}

fn joe(claims: &Value) {
    assert_eq!(
        *claims,
        json!({"iss": "joe", "exp": 1_300_819_380, "http://example.com/is_root": true})
    );
}

fn rsa_signing_key() -> SigningKey {
    let components = KeyPairComponents {
        public_key: RsaPublicKeyComponents {
            n: bytes(RSA_N),
            e: bytes("AQAB"),
        },
        d: bytes(RSA_D),
        p: bytes(RSA_P),
        q: bytes(RSA_Q),
        dP: bytes(RSA_DP),
        dQ: bytes(RSA_DQ),
        qInv: bytes(RSA_QI),
    };
    let pair = RsaKeyPair::from_components(&components).unwrap();
    SigningKey::from_pkcs8(Algorithm::RS256, pair.as_der().unwrap().as_ref()).unwrap()
}

#[test]
fn rfc_7515_a_2_rs256_signs_to_the_very_bytes_and_verifies() {
    let input = format!("eyJhbGciOiJSUzI1NiJ9.{PAYLOAD}");
    let key = rsa_signing_key();
    assert_eq!(
        b64::encode_url(&key.sign(input.as_bytes()).unwrap()),
        A2_SIGNATURE
    );
    let token = format!("{input}.{A2_SIGNATURE}");
    let public = verifying(json!({"kty": "RSA", "n": RSA_N, "e": "AQAB"}));
    let verified = jwt::verify::<Value>(&token, &public, &ANYTHING).unwrap();
    assert_eq!(verified.header.alg, "RS256");
    joe(&verified.claims);
}

#[test]
fn rfc_7515_a_3_es256_verifies() {
    let (x, y) = (
        "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
        "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
    );
    let public = verifying(json!({"kty": "EC", "crv": "P-256", "x": x, "y": y}));
    let token = format!("eyJhbGciOiJFUzI1NiJ9.{PAYLOAD}.{A3_SIGNATURE}");
    joe(&jwt::verify::<Value>(&token, &public, &ANYTHING).unwrap().claims);

    // The private key of the example gives the public one, and signatures that verify.
    let point = [&[4][..], &bytes(x), &bytes(y)].concat();
    let private = bytes("jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI");
    let pair =
        EcdsaKeyPair::from_private_key_and_public_key(&ECDSA_P256_SHA256_FIXED_SIGNING, &private, &point)
            .unwrap();
    let key = SigningKey::from_pkcs8(Algorithm::ES256, pair.to_pkcs8v1().unwrap().as_ref()).unwrap();
    assert_eq!(json!(key.public_jwk())["x"], x);
    assert_eq!(json!(key.public_jwk())["y"], y);
    let signature = key.sign(b"message").unwrap();
    assert_eq!(public.verify(Algorithm::ES256, b"message", &signature), Ok(()));
}

#[test]
fn rfc_7515_a_5_unsecured_is_refused() {
    let public = verifying(json!({"kty": "RSA", "n": RSA_N, "e": "AQAB"}));
    let token = format!("eyJhbGciOiJub25lIn0.{PAYLOAD}.");
    let refused = Err(JoseError::AlgorithmNotAllowed {
        received: "none".into(),
    });
    assert_eq!(jwt::verify::<Value>(&token, &public, &ANYTHING), refused);
    assert!(jwt::Unverified::parse(&token).is_err());
}

/// RFC 7517 A.1, and with the private members of A.2.
fn rfc_7517_set() -> Value {
    json!({"keys": [
        {"kty": "EC", "crv": "P-256", "x": "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4",
         "y": "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM", "use": "enc", "kid": "1"},
        {"kty": "RSA", "n": N_7517, "e": "AQAB", "alg": "RS256", "kid": "2011-04-29"},
    ]})
}

#[test]
fn rfc_7517_a_1_public_keys_are_read_and_the_encryption_key_checks_no_signature() {
    let set = JwkSet::from_json(&rfc_7517_set().to_string()).unwrap();
    assert_eq!(set.keys.iter().map(Jwk::kty).collect::<Vec<_>>(), ["EC", "RSA"]);
    assert_eq!(serde_json::to_value(&set).unwrap(), rfc_7517_set());
    let usable = KeySet::from_jwks(&set);
    assert_eq!(usable.len(), 1);
    assert_eq!(
        usable.get("2011-04-29").unwrap().algs().collect::<Vec<_>>(),
        [Algorithm::RS256]
    );
    assert!(usable.get("1").is_none());
}

#[test]
fn rfc_7517_a_2_private_members_are_never_written_again() {
    let mut private = rfc_7517_set();
    private["keys"][0]["d"] = json!("870MB6gfuTJ4HtUnUvYMyJpr5eUZNP4Bk43bVdj3eAE");
    for member in ["d", "p", "q", "dp", "dq", "qi"] {
        private["keys"][1][member] = json!("X4cTteJY_gn4FYPsXB8rdXix5vwsg1FLN5E3EaG6RJoVH-HLLKD9");
    }
    let set = JwkSet::from_json(&private.to_string()).unwrap();
    assert_eq!(serde_json::to_value(&set).unwrap(), rfc_7517_set());
    assert!(!format!("{set:?}").contains("870MB6gfuTJ4HtUnUvYMyJpr5eUZNP4Bk43bVdj3eAE"));
}

#[test]
fn rfc_7517_a_3_symmetric_keys_are_skipped() {
    let set = json!({"keys": [
        {"kty": "oct", "alg": "A128KW", "k": "GawgguFyGrWKav7AX4VKUg"},
        {"kty": "oct", "kid": "HMAC key used in JWS spec Appendix A.1 example",
         "k": "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow"},
    ]});
    assert!(JwkSet::from_json(&set.to_string()).unwrap().keys.is_empty());
}

#[test]
fn rfc_7638_3_1_thumbprint() {
    let jwk = json!({"kty": "RSA", "n": N_7517, "e": "AQAB", "alg": "RS256", "kid": "2011-04-29"});
    let jwk: Jwk = serde_json::from_value(jwk).unwrap();
    assert_eq!(jwk.thumbprint(), "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
}

#[test]
fn rfc_8037_a_ed25519_thumbprint_signature_and_verification() {
    let x = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";
    let seed = bytes("nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A");
    let pair = Ed25519KeyPair::from_seed_and_public_key(&seed, &bytes(x)).unwrap();
    for pkcs8 in [pair.to_pkcs8().unwrap(), pair.to_pkcs8v1().unwrap()] {
        let key = SigningKey::from_pkcs8(Algorithm::Ed25519, pkcs8.as_ref()).unwrap();
        assert_eq!(key.kid(), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
        assert_eq!(json!(key.public_jwk())["x"], x);

        let input = b"eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc";
        let signature = key.sign(input).unwrap();
        assert_eq!(
            b64::encode_url(&signature),
            "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg"
        );
        let public = verifying(json!({"kty": "OKP", "crv": "Ed25519", "x": x}));
        assert_eq!(public.verify(Algorithm::Ed25519, input, &signature), Ok(()));
    }
}

#[test]
fn ps256_and_es384_of_another_implementation_verify() {
    let ps256 = "eyJhbGciOiJQUzI1NiJ9.eyJzdWIiOiJhbGljZSJ9.jLa8k8DMzIiHIDrEsTdEXRDW-OmF_lamHWwHcGhM4--B9nqhl9RSkSznTQ9XAljnCS0qAbRaxSYXXRo4rbpeW1VR7sIOxA2-KgAv5lpqdsBTuTT015erfPxkiAOtkm-WM9gfaVaNrIz9C8BWW1uyBeYfP15zNB_yO224j5qYX7V6QYf_KONiQ2oX9_EGPjtlOwOxSbDtRVujds6jPZJ3dIcjXWNwZ_6f4TB66RfBFNWXBRk_XhRzh92IVYScLjPZcNxR5zLBH1Lzl6u56YjRG5M1nDIpvK5sSApogLrAfSdjxDQ0KdZ5u5XsrdbbqItcacGl6NVFOKckzHNYD9feSg";
    let rsa = verifying(json!({"kty": "RSA", "n": RSA_N, "e": "AQAB"}));
    assert_eq!(
        jwt::verify::<Value>(ps256, &rsa, &ANYTHING).unwrap().claims["sub"],
        "alice"
    );

    let es384 = "eyJhbGciOiJFUzM4NCJ9.eyJzdWIiOiJhbGljZSJ9.Jprui4OzfumiAVWbnUfPT0XNCUgoML4czOsq252GMViLQFbh9fhTjYoM2KQEU2IUyFhBnCDqu_GrEx9o4Manbl0yWOoqgQzDQcLbnj6PrJya3abMk_OfXBOlXIM3K7Ca";
    let ec = verifying(json!({"kty": "EC", "crv": "P-384",
        "x": "I4umI5HRg03CX2_m0ajya46xYCmdNR-LbLsMfrtJcloMn9mDmkj6EPPUqMEuPHY_",
        "y": "eP1pc7lNxqZorghoYOJ8uwauhrOMP5yA_R4T0yDUmFxqjHtyhyFAX-IWFp8-7ZxA"}));
    assert_eq!(
        jwt::verify::<Value>(es384, &ec, &ANYTHING).unwrap().claims["sub"],
        "alice"
    );
}

#[test]
fn openid_connect_core_a_3_at_hash_and_its_longer_kin() {
    let token = "jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y";
    for alg in [Algorithm::RS256, Algorithm::PS256, Algorithm::ES256] {
        assert_eq!(hash::left_half_b64(alg, token), "77QmUPtjPfzWtF2AnpK9RQ");
    }
    assert_eq!(
        hash::left_half_b64(Algorithm::ES384, token),
        "jtAeDp945y1dDqU3nkIVGNZP1HjH_MFs"
    );
    assert_eq!(
        hash::left_half_b64(Algorithm::Ed25519, token),
        "q7nS86GgvvFaZkzALLWqJYaJIKw2wCDAVfCAsm5CrBM"
    );
}

#[test]
fn rfc_7636_b_sha_256_of_the_pkce_verifier() {
    let verifier = b"dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    assert_eq!(
        b64::encode_url(&hash::sha256(verifier)),
        "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
    );
}

/// What these give is stored and sent out: a change of the format would lose it.
#[test]
fn derived_keys_tags_and_sealed_values_keep_their_format() {
    let master: [u8; 32] = std::array::from_fn(|place| u8::try_from(place).unwrap());
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    assert_eq!(
        hex(derive::derive_key(&master, "seal").as_ref()),
        "cd698e11e123591abdfa6e0a9bc202205666e7a9839b8e8fe8c367b790a96a33"
    );
    assert_eq!(
        hex(derive::derive_key(&master, "mac").as_ref()),
        "03955ba19e2b561f5e77cdb549270947ddc7328c36cb099b56cf60149be80932"
    );
    let tag = mac::MacKey::new(&master).tag(&[b"code", b"", &[1, 2, 3]]);
    assert_eq!(
        hex(&tag),
        "373c2d7225d06ad7bf7b1de5f2713e39122f0fa75ef58a0006616507166606b3"
    );
    let sealed = "ZGVmZ2hpamtsbW5vP3O_ElmdPvseAC2HrRYPj2KhZ3j5BZYBGkQ_sQRTJJzdiWAEp4icsQ";
    let opened = seal::SealKey::new(&master)
        .open_from_text(b"authorize", sealed)
        .unwrap();
    assert_eq!(opened.as_slice(), b"what the browser carries");
}
