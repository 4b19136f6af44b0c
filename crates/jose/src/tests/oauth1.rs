//! OAuth 1.0a signatures: what must not verify, the published examples, and signatures made by OpenSSL.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::JoseError;
use crate::oauth1::{Digest, RsaPrivateKey, RsaPublicKey, hmac, hmac_verify};

const MESSAGE: &[u8] = b"GET&http%3A%2F%2Fphotos.example.net%2Fphotos&oauth_nonce%3DchapoH";

const SPKI: &str = "-----BEGIN PUBLIC KEY-----\n\
MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAtoKF8GzcyTNjzA0FK+zi\n\
bo6vZMbgEfsE0pm/rHmqQRyE8V+fCuTVXYWMigpubInye7N2LvC8+eOJ+BkUN8Qf\n\
BcZAL1Ser5TwAD5vWqAWgf7CK9gSEC9jV5KZdgx1FNEISJBH4AyPa4K3zJ+AsTd4\n\
+u93SewfuFL+723m94KOs8fdPT5+Bp/JAEA1Aq+K/YStj0MHuPpqjDpx1eZCj0bl\n\
mCweU/qBelBqy6iomDKgtQ+5FrG5MeOUPoTfEo2c8MvWG26Cv0uT8tCGL8seqXoZ\n\
4zO/UZhbDs04osHmuFKeYbZa6xnMPE2iYS4U4KGXKrQ5BAr4MSXynAGQzEdM29AX\n\
FwIDAQAB\n\
-----END PUBLIC KEY-----";

const PKCS1: &str = "-----BEGIN RSA PUBLIC KEY-----\n\
MIIBCgKCAQEAtoKF8GzcyTNjzA0FK+zibo6vZMbgEfsE0pm/rHmqQRyE8V+fCuTV\n\
XYWMigpubInye7N2LvC8+eOJ+BkUN8QfBcZAL1Ser5TwAD5vWqAWgf7CK9gSEC9j\n\
V5KZdgx1FNEISJBH4AyPa4K3zJ+AsTd4+u93SewfuFL+723m94KOs8fdPT5+Bp/J\n\
AEA1Aq+K/YStj0MHuPpqjDpx1eZCj0blmCweU/qBelBqy6iomDKgtQ+5FrG5MeOU\n\
PoTfEo2c8MvWG26Cv0uT8tCGL8seqXoZ4zO/UZhbDs04osHmuFKeYbZa6xnMPE2i\n\
YS4U4KGXKrQ5BAr4MSXynAGQzEdM29AXFwIDAQAB\n\
-----END RSA PUBLIC KEY-----";

const TOO_SMALL: &str = "-----BEGIN PUBLIC KEY-----\n\
MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQD1kMxREPiCskkJJLI74BrXY3yP\n\
Dayg+QEdwDEnXNbH6a21A31JfHNKryCtd/EHNFle2yCadVdmvBJelp2kGnhb3jqC\n\
BGKLN6Yhbt1l5+tlz83w+EfJKf9Q1L0sKY39A9lRv88Ex7UWCQVh9eAIlbsiYpNS\n\
8PpOgJMIqGtyUzHqZQIDAQAB\n\
-----END PUBLIC KEY-----";

/// Made by `openssl dgst -sha1 -sign`.
const RSA_SHA1: &str = "YUW/yEM/PKUGnlC0baQpkhIrtYcV0YgnkfNFCiZEmRDwqGi2+Pyb8EoMXWEhEID+riavV2CIszIWHcZQJhZgB4eWHmWdPIDRkcZ0\
    kOKvuLo4FjGsm3+qTzHl0I3BviYkF69oT4yPbqB3/BsyKCe0MPWWYlC/DBV9x6WePYdPB2fDdYN+tXg3BxhC2Ap1DzgYe/5VbS6g\
    7BxJQC7JT4iau0pkq4VBgk722g8P7zbsZ2KAsJzsVy5xAch+TV2MUV15t98rr/Re4s0e/KmV7h349dcJrYwPXmStlGqy7J00+JxO\
    zET8K17bD3SffHb5Z6nWKT1R1vgTeE4xb91CndcCtg==";

/// Made by `openssl dgst -sha256 -sign`.
const RSA_SHA256: &str = "Pd5XI2T24P16TbAHNlp1XBlG/fjGRIjfkHYASuT717U9AdqaKDk6Ae1dhZLof0hmddE3rPygJK1KoDbhm/VwqeS8wuQ/d/BOvLN4\
    bq15n1tEv6HwMt7a+qFgu7nZo0rrVeCoQXhIsGg2K7OfRhztl9DqvXEofGrh9k2K/2h4r7v9/Nff5swmqeuCEWGHJyx1E2EJgNhV\
    FPKnHdjoLS0Dg86VIrRh/pYvFHM3zHtnwUgPG+RWFC0WO583yfXl5v76TIy6/6JrjAqtp5VOPcdy/xpjyUrS9BdzPMWBobI3QT9N\
    TC3noPHFA3LTwKJoY93arrNAwZd5KzOyUc+SIaVc7w==";

/// The key that made both; it guards nothing.
const PRIVATE: &str = "-----BEGIN PRIVATE KEY-----\n\
MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC2goXwbNzJM2PM\n\
DQUr7OJujq9kxuAR+wTSmb+seapBHITxX58K5NVdhYyKCm5sifJ7s3Yu8Lz544n4\n\
GRQ3xB8FxkAvVJ6vlPAAPm9aoBaB/sIr2BIQL2NXkpl2DHUU0QhIkEfgDI9rgrfM\n\
n4CxN3j673dJ7B+4Uv7vbeb3go6zx909Pn4Gn8kAQDUCr4r9hK2PQwe4+mqMOnHV\n\
5kKPRuWYLB5T+oF6UGrLqKiYMqC1D7kWsbkx45Q+hN8SjZzwy9YbboK/S5Py0IYv\n\
yx6pehnjM79RmFsOzTiiwea4Up5htlrrGcw8TaJhLhTgoZcqtDkECvgxJfKcAZDM\n\
R0zb0BcXAgMBAAECggEABAipfjFhxd6pZ4KoKRrgvFHSBZexryQNrLvyNRUxUqQX\n\
OiCDauG454rCmvB1FVgNMHe8dngirSE+1Ol0/XCLwPxrQcCMi1Pu5Ap9OpMMPE5N\n\
q1totsvdVburQaUv10hxdu0dcZHFf7pRZqfl18TimyU8zTj3UIMhGFilALZ1gfqw\n\
zArCwyMQW6VLlEJ+4/FtWEd/1oesJWNkwOLd1kHbzNFxztPWD3Jh0GchZwVUedCu\n\
U+6D3xVk70uegxB2govWIaC5g4gQvWS/A0VJgeDIzlzK/Tuqy3JhQfNLBmlncJVb\n\
qGbD5UGp9LHGx/FaeFu4PwdHUtJPBD08w5pUUcXRIQKBgQDtIRqJ1sEoaN71Qay2\n\
pXqP0p25POh6zfqdSWOLMPiRs+7g8sZlR7ro81qkCfNdVQdagcGjjkGJ8ayGIny7\n\
yzxdSNyS7KjCvgOG0i7jFi7w9W4vosAUiWVPAnlfHMIYFnA79gFDSZyevJvK+Emq\n\
XMenbuNyjSgjt7VDtaVHhcGldwKBgQDFCLB+DtnbOuuuSqyOdMqHed4bI1jz4rzu\n\
69Zy80I2FJ8KQV2pn6OwL/mStjyGPlZIvDNd5/t29VoayHtZUxjDaSxgtf2y/e1b\n\
Q8EIYasBfbRbGZCazajTkHTk+cbO7yR/rHi25Skn/KHvHZrsPJ1fhdzKG4dstRCn\n\
ExTpe4ADYQKBgGSBEF91rz6yXDV1FYAAWRcWPJVjdGGAZgU+MruvENuoeMnM/Du3\n\
EEhlxHgcY5KeVFSPBISO6cZOsUHU4isyM66SEDMRrWGE6be94/OJ1nF4hLAZ+fF6\n\
Xn8DXG/sn3NYJ0+yr8xWKdS5ugpn+8kCM/kKLcrCe03QMjq1hYzv6yh3AoGBAI9j\n\
yX2TtTv0XzwSIA30NMfvCpJZYQzr/28otoIlQhQ1YaCG/XDKOsenwkrg0J8pkoWQ\n\
YRmAD+L8nzxKlmnlLWpYifE/wIeYgDogzsQYv+hv4OdDbZcbADgnMsrIc8R5COjZ\n\
TWhc0VzGX9qyguJVIno34vw6mI2mH55XJqrcM8dBAoGAVP8ZDq4l8i2PqS1IMIDC\n\
L0P3ah1+Qf5YeZ9YDXNqW6jS//OjjKroWp4XegYtlklGszIjJSa/7Av2ox3MbtPt\n\
8f8KztmR1XCFXTC1RV77PqM45LxquDgiJSwky377+DeVnV1MIM/sDwvc3sIglmBp\n\
0U5dWedJ+ZTWtZZvEuRhqhQ=\n\
-----END PRIVATE KEY-----";

fn bytes(base64: &str) -> Vec<u8> {
    STANDARD.decode(base64).unwrap()
}

fn hmac_sha1(key: &str, message: &str) -> String {
    STANDARD.encode(hmac(Digest::Sha1, key.as_bytes(), message.as_bytes()))
}

#[test]
fn a_changed_cut_or_empty_signature_does_not_verify() {
    let key = RsaPublicKey::from_pem(SPKI).unwrap();
    for (digest, good) in [
        (Digest::Sha1, bytes(RSA_SHA1)),
        (Digest::Sha256, bytes(RSA_SHA256)),
    ] {
        assert!(key.verify(digest, MESSAGE, &good));
        assert!(!key.verify(digest, b"POST&", &good));
        assert!(!key.verify(digest, MESSAGE, &good[1..]));
        assert!(!key.verify(digest, MESSAGE, &[]));
        let mut flipped = good.clone();
        flipped[7] ^= 1;
        assert!(!key.verify(digest, MESSAGE, &flipped));
        let tag = hmac(digest, b"key", MESSAGE);
        assert!(hmac_verify(digest, b"key", MESSAGE, &tag));
        assert!(!hmac_verify(digest, b"key", MESSAGE, &tag[..10]));
        assert!(!hmac_verify(digest, b"kez", MESSAGE, &tag));
        assert!(!hmac_verify(digest, b"key", MESSAGE, &[]));
    }
    assert!(!key.verify(Digest::Sha1, MESSAGE, &bytes(RSA_SHA256)));
    assert!(!key.verify(Digest::Sha256, MESSAGE, &bytes(RSA_SHA1)));
}

#[test]
fn an_hmac_made_with_the_text_of_a_public_key_is_no_rsa_signature() {
    let key = RsaPublicKey::from_pem(SPKI).unwrap();
    let tag = hmac(Digest::Sha256, SPKI.as_bytes(), MESSAGE);
    assert!(!key.verify(Digest::Sha256, MESSAGE, &tag));
}

#[test]
fn weak_foreign_and_broken_keys_are_refused() {
    assert_eq!(RsaPublicKey::from_pem(TOO_SMALL).unwrap_err(), JoseError::BadKey);
    assert_eq!(RsaPublicKey::from_der(b"").unwrap_err(), JoseError::BadKey);
    for broken in [
        "",
        "x",
        PRIVATE,
        "-----BEGIN PUBLIC KEY-----",
        "-----BEGIN PUBLIC KEY-----!-----END PUBLIC KEY-----",
    ] {
        assert_eq!(
            RsaPublicKey::from_pem(broken).unwrap_err(),
            JoseError::Malformed,
            "{broken}"
        );
    }
    let two = format!("{SPKI}\n{SPKI}");
    assert_eq!(RsaPublicKey::from_pem(&two).unwrap_err(), JoseError::Malformed);
    let mut trailing = RsaPublicKey::from_pem(SPKI).unwrap().as_der().to_vec();
    trailing.push(0);
    assert_eq!(RsaPublicKey::from_der(&trailing).unwrap_err(), JoseError::BadKey);
    assert_eq!(RsaPrivateKey::from_pem(SPKI).unwrap_err(), JoseError::Malformed);
}

#[test]
fn both_spellings_of_a_public_key_are_one_key() {
    let (spki, pkcs1) = (
        RsaPublicKey::from_pem(SPKI).unwrap(),
        RsaPublicKey::from_pem(PKCS1).unwrap(),
    );
    assert_eq!(spki.as_der(), pkcs1.as_der());
    assert_eq!(
        RsaPublicKey::from_der(spki.as_der()).unwrap().as_der(),
        spki.as_der()
    );
    let windows = format!("\r\n{}\r\n", SPKI.replace('\n', "\r\n"));
    assert_eq!(RsaPublicKey::from_pem(&windows).unwrap().as_der(), spki.as_der());
}

#[test]
fn our_rsa_sha256_signature_is_the_one_that_openssl_makes() {
    let key = RsaPrivateKey::from_pem(PRIVATE).unwrap();
    assert_eq!(key.sign_sha256(MESSAGE).unwrap(), bytes(RSA_SHA256));
    assert_eq!(
        key.public_key().unwrap().as_der(),
        RsaPublicKey::from_pem(SPKI).unwrap().as_der()
    );
    assert_eq!(format!("{key:?}"), "RsaPrivateKey(..)");
}

/// RFC 2202 §3 (SHA-1) and RFC 4231 §4.3 (SHA-256), both case 2.
#[test]
fn hmac_follows_its_published_vectors() {
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let message = b"what do ya want for nothing?";
    assert_eq!(
        hex(&hmac(Digest::Sha1, b"Jefe", message)),
        "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"
    );
    assert_eq!(
        hex(&hmac(Digest::Sha256, b"Jefe", message)),
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
    );
}

/// The three signed requests of RFC 5849 §1.2, and OAuth Core 1.0 A.5.2.
#[test]
fn the_signatures_of_the_photo_printing_example() {
    let base = |method: &str, uri: &str, rest: &str| format!("{method}&http{uri}&{rest}");
    let initiate = base(
        "POST",
        "s%3A%2F%2Fphotos.example.net%2Finitiate",
        "oauth_callback%3Dhttp%253A%252F%252Fprinter.example.com%252Fready%26oauth_consumer_key%3Ddpf43f3p2l4k3l03\
         %26oauth_nonce%3DwIjqoS%26oauth_signature_method%3DHMAC-SHA1%26oauth_timestamp%3D137131200",
    );
    assert_eq!(
        hmac_sha1("kd94hf93k423kf44&", &initiate),
        "74KNZJeDHnMBp0EMJ9ZHt/XKycU="
    );
    let token = base(
        "POST",
        "s%3A%2F%2Fphotos.example.net%2Ftoken",
        "oauth_consumer_key%3Ddpf43f3p2l4k3l03%26oauth_nonce%3Dwalatlh%26oauth_signature_method%3DHMAC-SHA1\
         %26oauth_timestamp%3D137131201%26oauth_token%3Dhh5s93j4hdidpola%26oauth_verifier%3Dhfdp7dh39dks9884",
    );
    assert_eq!(
        hmac_sha1("kd94hf93k423kf44&hdhd0244k9j7ao03", &token),
        "gKgrFCywp7rO0OXSjdot/IHF7IU="
    );
    let key = "kd94hf93k423kf44&pfkkdhi9sl3r4s00";
    let photos = |nonce: &str, time: &str, version: &str| {
        let rest = format!(
            "file%3Dvacation.jpg%26oauth_consumer_key%3Ddpf43f3p2l4k3l03%26oauth_nonce%3D{nonce}\
             %26oauth_signature_method%3DHMAC-SHA1%26oauth_timestamp%3D{time}%26oauth_token%3Dnnch734d00sl2jdk{version}\
             %26size%3Doriginal"
        );
        hmac_sha1(key, &base("GET", "%3A%2F%2Fphotos.example.net%2Fphotos", &rest))
    };
    assert_eq!(photos("chapoH", "137131202", ""), "MdpQcU8iPSUjWoN/UDMsK2sui9I=");
    let core = photos("kllo9940pd9333jh", "1191242096", "%26oauth_version%3D1.0");
    assert_eq!(core, "tR3+Ty81lMeYAr/Fid0kMTYa/WM=");
}
