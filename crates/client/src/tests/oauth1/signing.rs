//! Single signed requests: what is not signed, what the signature covers, and the example of the RFC.

use std::sync::Arc;

use valetkey_protocol::secret::OAuth1Secret;

use super::super::NOW;
use super::{RSA, SECRET, access, check, every_signing, verify};
use crate::oauth1::{Consumer, Once, Signing, TokenCredentials};
use crate::{Error, HttpRequest, Timestamp};

const ONCE: Once<'static> = Once {
    timestamp: NOW,
    nonce: "n1",
};

fn consumer(signing: Signing) -> Consumer {
    Consumer {
        key: "printer".to_owned(),
        signing,
    }
}

fn hmac() -> Consumer {
    consumer(Signing::HmacSha256(OAuth1Secret::new(SECRET)))
}

fn request(method: &str, uri: &str) -> HttpRequest {
    http::Request::builder()
        .method(method)
        .uri(uri)
        .body(Vec::new())
        .unwrap()
}

fn form(uri: &str, body: &str) -> HttpRequest {
    let mut request = request("POST", uri);
    let kind = "Application/X-WWW-Form-Urlencoded; charset=utf-8";
    request
        .headers_mut()
        .insert("content-type", kind.parse().unwrap());
    *request.body_mut() = body.as_bytes().to_vec();
    request
}

#[test]
fn a_plaintext_signature_does_not_leave_in_clear() {
    let plaintext = consumer(Signing::Plaintext(OAuth1Secret::new(SECRET)));
    let mut open = request("GET", "http://photos.example/");
    let outcome = plaintext.sign(&mut open, None, ONCE);
    assert!(matches!(outcome, Err(Error::Config(_))), "{outcome:?}");
    assert!(open.headers().is_empty());
    for private in [
        "https://photos.example/",
        "http://127.0.0.1:8000/",
        "http://[::1]/",
    ] {
        assert!(
            plaintext.sign(&mut request("GET", private), None, ONCE).is_ok(),
            "{private}"
        );
    }
}

#[test]
fn a_request_that_cannot_be_signed_without_doubt_is_not_signed() {
    for mut doubtful in [
        request("GET", "/photos"),
        request("GET", "ftp://photos.example/"),
        request("GET", "https://user@photos.example/"),
        request("GET", "https://photos.example/?q=100%"),
        request("GET", "https://photos.example/?oauth_nonce=mine"),
        form("https://photos.example/", "oauth_signature=mine"),
        form("https://photos.example/", "a=%zz"),
    ] {
        let outcome = hmac().sign(&mut doubtful, None, ONCE);
        assert!(
            matches!(outcome, Err(Error::Config(_))),
            "{doubtful:?}: {outcome:?}"
        );
        assert!(!doubtful.headers().contains_key("authorization"));
    }
}

#[test]
fn signature_stripping_and_changes_on_the_way_break_the_signature() {
    let mut signed = form("https://photos.example/photos?tag=a", "title=x");
    hmac().sign(&mut signed, Some(&access()), ONCE).unwrap();
    check(&signed, "s2/");
    let breaks = |change: fn(&mut HttpRequest)| {
        let mut changed = signed.clone();
        change(&mut changed);
        verify(&changed, "s2/").is_none()
    };
    assert!(breaks(|request| *request.method_mut() = http::Method::DELETE));
    assert!(breaks(
        |request| *request.uri_mut() = "https://photos.example/photos?tag=b".parse().unwrap()
    ));
    assert!(breaks(
        |request| *request.uri_mut() = "https://mallory.example/photos?tag=a".parse().unwrap()
    ));
    assert!(breaks(|request| *request.body_mut() = b"title=y".to_vec()));
    assert!(breaks(|request| drop(
        request.headers_mut().remove("authorization")
    )));
    assert!(verify(&signed, "another").is_none());
}

#[test]
fn the_parameters_of_a_form_are_signed_and_another_body_is_not() {
    for signing in every_signing() {
        let app = consumer(signing);
        let mut sent = form(
            "https://photos.example:8443/photos?a3=a&c%40=&a2=r%20b",
            "c2&a3=2+q&a3=2+q",
        );
        let signed = app.sign(&mut sent, Some(&access()), ONCE).unwrap();
        let text = &signed.base_string;
        assert!(text.starts_with("POST&https%3A%2F%2Fphotos.example%3A8443%2Fphotos&"));
        assert!(
            text.contains("a2%3Dr%2520b%26a3%3D2%2520q%26a3%3D2%2520q%26a3%3Da%26c%2540%3D%26c2%3D%26oauth_")
        );
        check(&sent, "s2/");
    }
    let mut json = request("POST", "https://photos.example/");
    json.headers_mut()
        .insert("content-type", "application/json".parse().unwrap());
    *json.body_mut() = b"a=1".to_vec();
    let signed = hmac().sign(&mut json, None, ONCE).unwrap();
    assert!(signed.base_string.contains("&oauth_consumer_key"));
}

#[test]
fn signing_again_replaces_the_signature_and_takes_a_new_nonce() {
    let mut sent = request("GET", "https://photos.example/");
    let first = hmac().sign_request(&mut sent, None, NOW).unwrap();
    let second = hmac().sign_request(&mut sent, None, NOW).unwrap();
    assert_ne!(first.protocol.nonce, second.protocol.nonce);
    assert_eq!(sent.headers().get_all("authorization").iter().count(), 1);
    assert!(sent.headers()["authorization"].is_sensitive());
    assert_eq!(check(&sent, "").protocol, second.protocol);
}

#[test]
fn rfc5849_1_2_the_signed_requests_of_the_photo_printing_example() {
    let printer = Consumer {
        key: "dpf43f3p2l4k3l03".to_owned(),
        signing: Signing::HmacSha1(OAuth1Secret::new("kd94hf93k423kf44")),
    };
    let token = TokenCredentials {
        token: "nnch734d00sl2jdk".to_owned(),
        secret: OAuth1Secret::new("pfkkdhi9sl3r4s00"),
    };
    let mut photo = request(
        "GET",
        "http://photos.example.net/photos?file=vacation.jpg&size=original",
    );
    let once = Once {
        timestamp: Timestamp(137_131_202),
        nonce: "chapoH",
    };
    printer.sign(&mut photo, Some(&token), once).unwrap();
    assert_eq!(
        photo.headers()["authorization"],
        "OAuth oauth_consumer_key=\"dpf43f3p2l4k3l03\", oauth_token=\"nnch734d00sl2jdk\", \
         oauth_signature_method=\"HMAC-SHA1\", oauth_timestamp=\"137131202\", oauth_nonce=\"chapoH\", \
         oauth_signature=\"MdpQcU8iPSUjWoN%2FUDMsK2sui9I%3D\""
    );
}

#[test]
fn nothing_that_an_app_holds_prints_a_secret() {
    for signing in every_signing() {
        let app = consumer(signing);
        let mut sent = request("GET", "https://photos.example/");
        let signed = app.sign(&mut sent, Some(&access()), ONCE).unwrap();
        let shown = format!("{app:?} {signed:?} {sent:?} {:?}", access());
        let signature = signed.protocol.signature.unwrap();
        assert!(
            !shown.contains(SECRET) && !shown.contains("s2/") && !shown.contains(&signature),
            "{shown}"
        );
    }
    assert_eq!(format!("{:?}", Arc::clone(&RSA)), "RsaPrivateKey(..)");
}
