//! What must be refused, what the RFC's own examples say, and what holds for every input.

mod properties;
mod vectors;

use super::*;
use crate::params::MAX_PARAMETERS;
use crate::secret::OAuth1Secret;

fn header(text: &str) -> Result<Collected, Invalid> {
    Collected::read(Some(text.as_bytes()), None, None)
}

fn query(text: &str) -> Result<Collected, Invalid> {
    Collected::read(None, Some(text), None)
}

fn pair(name: &str, value: &str) -> (String, String) {
    (name.to_owned(), value.to_owned())
}

#[test]
fn parameter_pollution_a_protocol_parameter_that_stands_twice_is_refused() {
    let twice = [
        header(r#"OAuth oauth_token="a", oauth_token="b""#),
        header(r#"OAuth oauth_token="a", oauth%5Ftoken="a""#),
        query("oauth_token=a&oauth_token="),
        query("oauth_token=&oauth_token=a"),
        Collected::read(None, None, Some(b"oauth_token=a&oauth%5ftoken=b")),
    ];
    for outcome in twice {
        assert_eq!(outcome.unwrap_err(), Invalid::Repeated("oauth_token".into()));
    }
    let extension = query("oauth_body_hash=a&oauth_body_hash=b");
    assert_eq!(
        extension.unwrap_err(),
        Invalid::Repeated("oauth_body_hash".into())
    );
    let realm = header(r#"OAuth realm="a", realm="b""#);
    assert_eq!(realm.unwrap_err(), Invalid::Repeated("realm".into()));
}

#[test]
fn parameter_pollution_protocol_parameters_in_two_places_are_refused() {
    let authorization = Some(&br#"OAuth oauth_token="a""#[..]);
    let (in_query, in_form) = (Some("oauth_nonce=n"), Some(&b"oauth_verifier=v"[..]));
    for outcome in [
        Collected::read(authorization, in_query, None),
        Collected::read(authorization, None, in_form),
        Collected::read(None, in_query, in_form),
    ] {
        assert_eq!(outcome.unwrap_err(), Invalid::InTwoPlaces);
    }
}

#[test]
fn a_header_that_could_be_read_in_two_ways_is_not_read() {
    for bad in [
        "OAuth oauth_token",
        "OAuth oauth_token=a",
        "OAuth oauth_token=\"a",
        "OAuth oauth_token=\"a\" oauth_nonce=\"b\"",
        "OAuth oauth_token=\"a\"b",
        "OAuth oauth_token=\"a\\\"b\"",
        "OAuth oauth_token=\"a b\"",
        "OAuth oauth_token=\"é\"",
        "OAuth oauth_token=\"%zz\"",
        "OAuth oauth_token=\"%4\"",
        "OAuth oauth_token=\"%ff\"",
        "OAuth oauth token=\"a\"",
        "OAuth =\"a\"",
        "OAuth Realm=\"a\"",
        "OAuth realm=\"a\\",
        "OAuth realm=\"a\nb\"",
    ] {
        assert!(matches!(header(bad), Err(Invalid::Unreadable(_))), "{bad:?}");
    }
    let latin1 = Collected::read(Some(b"OAuth oauth_token=\"\xe9\""), None, None);
    assert!(matches!(latin1, Err(Invalid::Unreadable(_))));
}

#[test]
fn a_query_or_form_with_broken_escapes_is_not_read() {
    for bad in ["a=%", "a=%4", "a=%zz", "a=%ff", "%=1"] {
        assert!(matches!(query(bad), Err(Invalid::Unreadable(_))), "{bad:?}");
        let form = Collected::read(None, None, Some(bad.as_bytes()));
        assert!(matches!(form, Err(Invalid::Unreadable(_))), "{bad:?}");
    }
}

#[test]
fn a_nul_in_a_protocol_parameter_is_not_read_wherever_it_stands() {
    let in_places = [
        header(r#"OAuth oauth_token="a", oauth_signature="a%00""#),
        header(r#"OAuth oauth_x%00="1""#),
        query("oauth_nonce=%00"),
        query("oauth_signature=a%00"),
        Collected::read(None, None, Some(b"oauth_signature=a%00")),
        Collected::read(None, None, Some(b"oauth_signature=a\0")),
        Collected::read(None, None, Some(b"oauth_\0=a")),
    ];
    for outcome in in_places {
        assert!(matches!(outcome, Err(Invalid::Unreadable(_))), "{outcome:?}");
    }
    let parsed = BaseString::parse("GET&https%3A%2F%2Fphotos.example%2F&oauth_nonce%3Dn%2500").unwrap();
    assert!(matches!(parsed.protocol(), Err(Invalid::Unreadable(_))));
    // What an API's own parameters may hold is the API's to say.
    assert_eq!(query("a=%00&oauth_nonce=n").unwrap().others, [pair("a", "\0")]);
}

#[test]
fn a_flood_of_parameters_is_refused_whatever_its_places() {
    let half: Vec<String> = (0..MAX_PARAMETERS / 2).map(|n| format!("p{n}=1")).collect();
    let half = half.join("&");
    assert!(Collected::read(None, Some(&half), Some(half.as_bytes())).is_ok());
    let authorization = Some(&br#"OAuth oauth_token="a""#[..]);
    let flood = Collected::read(authorization, Some(&half), Some(half.as_bytes()));
    assert_eq!(flood.unwrap_err(), Invalid::TooMany);
}

#[test]
fn an_empty_protocol_parameter_counts_as_absent_but_is_still_signed() {
    let read = header(r#"OAuth oauth_token="", oauth_verifier="", oauth_version="""#).unwrap();
    assert_eq!((read.protocol.token, read.protocol.verifier), (None, None));
    // There is a version, and it is not 1.0.
    assert_eq!(read.protocol.version.as_deref(), Some(""));
    assert_eq!(read.signed[0], pair("oauth_token", ""));
}

#[test]
fn a_request_without_protocol_parameters_does_not_try_oauth_1() {
    let bearer = Some(&b"Bearer oauth_token"[..]);
    assert!(!Collected::is_oauth1(
        bearer,
        Some("q=oauth_signature"),
        Some(b"oauth_verifier=1")
    ));
    assert!(!Collected::is_oauth1(Some(b"OAuth2 a"), None, None));
    assert!(Collected::is_oauth1(Some(b"oauth\ta"), None, None));
    assert!(Collected::is_oauth1(Some(b"OAuth"), None, None));
    assert!(Collected::is_oauth1(None, Some("oauth%5Fsignature=x"), None));
    assert!(Collected::is_oauth1(
        bearer,
        None,
        Some(b"a=1&oauth_consumer_key=x")
    ));
    let read = Collected::read(bearer, Some("size=1"), None).unwrap();
    assert_eq!(
        (read.protocol, read.others),
        (Protocol::default(), vec![pair("size", "1")])
    );
}

#[test]
fn a_header_takes_blanks_and_empty_list_elements_and_a_realm_that_is_not_signed() {
    let text = "oAuTh  , realm=\"Pho\\\"tos, %41\" ,,\toauth_token = \"a%2Fb+\",x=\"\", ";
    let read = header(text).unwrap();
    assert_eq!(read.realm.as_deref(), Some("Pho\"tos, %41"));
    assert_eq!(read.protocol.token.as_deref(), Some("a/b+"));
    assert_eq!(read.signed, [pair("oauth_token", "a/b+"), pair("x", "")]);
    assert_eq!((read.place, read.others), (Place::Header, vec![pair("x", "")]));
}

#[test]
fn only_the_headers_realm_and_the_signature_stay_out_of_what_is_signed() {
    let read = query("realm=r&oauth_signature=s%3D&oauth_nonce=n+1&a&a=&=&&oauth_body_hash=h").unwrap();
    let rest = [
        pair("realm", "r"),
        pair("a", ""),
        pair("a", ""),
        pair("", ""),
        pair("oauth_body_hash", "h"),
    ];
    assert_eq!((read.place, read.others.as_slice()), (Place::Query, &rest[..]));
    assert_eq!(read.protocol.signature.as_deref(), Some("s="));
    assert_eq!(read.protocol.nonce.as_deref(), Some("n 1"));
    assert_eq!(read.signed.len(), 6);
    assert!(read.signed.iter().all(|(name, _)| name != "oauth_signature"));
    let form = Collected::read(None, Some("a=1"), Some(b"oauth_nonce=n")).unwrap();
    assert_eq!(form.place, Place::Form);
}

#[test]
fn the_base_string_uri_is_one_text_for_one_endpoint() {
    for bad in [
        "",
        "/photos",
        "ftp://a/",
        "https://",
        "https:///a",
        "https://u@a/",
        "https://a:b/",
        "https://a:1:2/",
        "https://a:65536/",
        "https://a b/",
        "https://[::1/",
        "https://::1]/",
        "https://[::1]x/",
        "https://é/",
        "https://a\\b/",
    ] {
        assert_eq!(base_uri(bad), None, "{bad:?}");
    }
    for (uri, base) in [
        (
            "HTTP://EXAMPLE.COM:80/r%20v/X?id=123",
            "http://example.com/r%20v/X",
        ),
        (
            "https://www.example.net:8080/?q=1",
            "https://www.example.net:8080/",
        ),
        ("https://a?x=/y", "https://a/"),
        ("https://a#f", "https://a/"),
        ("https://a:443", "https://a/"),
        ("https://a:/", "https://a/"),
        ("https://a:80/", "https://a:80/"),
        ("http://a:443//x/../y%2f", "http://a:443//x/../y%2f"),
        ("http://[2001:DB8::1]:8080/", "http://[2001:db8::1]:8080/"),
        ("http://[::1]/", "http://[::1]/"),
    ] {
        assert_eq!(base_uri(uri).as_deref(), Some(base), "{uri:?}");
        assert_eq!(base_uri(base).as_deref(), Some(base), "{uri:?}");
    }
}

#[test]
fn a_base_string_in_another_spelling_is_not_read() {
    let good = "GET&https%3A%2F%2Fa%2F&a%3D1%26b%3D2";
    assert!(BaseString::parse(good).is_some());
    for bad in [
        "",
        "GET",
        "GET&https%3A%2F%2Fa%2F",
        "GET&https%3A%2F%2Fa%2F&a%3D1%26b%3D2&",
        "get&https%3A%2F%2Fa%2F&a%3D1",
        "G%45T&https%3A%2F%2Fa%2F&a%3D1",
        "G T&https%3A%2F%2Fa%2F&a%3D1",
        "&https%3A%2F%2Fa%2F&a%3D1",
        "GET&https%3a%2f%2fa%2f&a%3D1",
        "GET&https%3A%2F%2FA%2F&a%3D1",
        "GET&https%3A%2F%2Fa%3A443%2F&a%3D1",
        "GET&https%3A%2F%2Fa%2F%3Fq&a%3D1",
        "GET&https%3A%2F%2Fa%2F&b%3D2%26a%3D1",
        "GET&https%3A%2F%2Fa%2F&a%3D1%26",
        "GET&https%3A%2F%2Fa%2F&a%3D1%26%26b%3D2",
        "GET&https%3A%2F%2Fa%2F&a",
        "GET&https%3A%2F%2Fa%2F&a%3D+",
        "GET&https%3A%2F%2Fa%2F&a%3D%2561",
        "GET&https%3A%2F%2Fa%2F&a%3D1%3D2",
        "GET&https%3A%2F%2Fa%2F&oauth_signature%3Dx",
    ] {
        assert_eq!(BaseString::parse(bad), None, "{bad:?}");
    }
    let flood: Vec<(String, String)> = (0..=MAX_PARAMETERS).map(|n| pair("a", &n.to_string())).collect();
    let text = base_string("GET", "https://a/", &flood).unwrap();
    assert_eq!(BaseString::parse(&text), None);
}

#[test]
fn a_base_string_tells_its_protocol_parameters_once_each() {
    let text = base_string(
        "get",
        "https://a/",
        &[pair("oauth_token", "t"), pair("oauth_nonce", "n"), pair("x", "")],
    );
    let parsed = BaseString::parse(&text.unwrap()).unwrap();
    let protocol = parsed.protocol().unwrap();
    assert_eq!(
        (protocol.token.as_deref(), protocol.nonce.as_deref()),
        (Some("t"), Some("n"))
    );
    assert_eq!(protocol.signature, None);
    let twice = base_string(
        "GET",
        "https://a/",
        &[pair("oauth_nonce", "1"), pair("oauth_nonce", "2")],
    );
    let twice = BaseString::parse(&twice.unwrap()).unwrap();
    assert_eq!(
        twice.protocol().unwrap_err(),
        Invalid::Repeated("oauth_nonce".into())
    );
    assert_eq!(base_string("GE T", "https://a/", &[]), None);
}

#[test]
fn parameters_are_ordered_by_encoded_name_and_then_by_encoded_value() {
    // `a-` sorts before `a=`, and `%` (of a non-ASCII letter) before the letters, only after encoding.
    let signed = [
        pair("b", "2"),
        pair("a-", "1"),
        pair("a", "z"),
        pair("a", "é"),
        pair("é", "1"),
        pair("a", "A"),
    ];
    let text = base_string("GET", "https://a/", &signed).unwrap();
    let expected = "GET&https%3A%2F%2Fa%2F&%25C3%25A9%3D1%26a%3D%25C3%25A9%26a%3DA%26a%3Dz%26a-%3D1%26b%3D2";
    assert_eq!(text, expected);
}

#[test]
fn a_signature_method_is_named_to_the_letter() {
    for method in SignatureMethod::ALL {
        assert_eq!(SignatureMethod::parse(method.as_str()), Some(method));
        assert_eq!(serde_json::to_value(method).unwrap(), method.as_str());
    }
    for bad in ["", "hmac-sha1", "HMAC-SHA1 ", "HMAC-MD5"] {
        assert_eq!(SignatureMethod::parse(bad), None);
    }
}

#[test]
fn secrets_do_not_print() {
    let protocol = Protocol {
        signature: Some("s3cret".into()),
        verifier: Some("s3cret".into()),
        nonce: Some("n".into()),
        ..Protocol::default()
    };
    let secret = OAuth1Secret::new("s3cret");
    let credentials = TokenCredentials {
        token: "t".into(),
        secret,
    };
    let collected = query("oauth_signature=s3cret&password=s3cret").unwrap();
    let shown = format!(
        "{protocol:?} {credentials:?} {collected:?} {:?}",
        signing_key("s3cret", "s3cret")
    );
    assert!(
        !shown.contains("s3cret") && shown.contains("oauth_nonce"),
        "{shown}"
    );
}

#[test]
fn an_answer_without_whole_credentials_is_refused() {
    for bad in [
        &b""[..],
        b"oauth_token=a",
        b"oauth_token_secret=b",
        b"oauth_token=&oauth_token_secret=b",
        b"oauth_token=a&oauth_token=a&oauth_token_secret=b",
        b"oauth_token=a&oauth_token_secret=%zz",
    ] {
        assert!(TokenCredentials::from_form(bad).is_err());
        assert!(TemporaryCredentials::from_form(bad).is_err());
    }
    let unconfirmed = TemporaryCredentials::from_form(b"oauth_token=a&oauth_token_secret=b").unwrap();
    assert!(!unconfirmed.callback_confirmed);
    let kept: TokenCredentials = serde_json::from_str(r#"{"token":"a","secret":"b"}"#).unwrap();
    assert_eq!(
        TokenCredentials::from_form(b"user_id=1&oauth_token=a&oauth_token_secret=b").unwrap(),
        kept
    );
    assert_eq!(
        serde_json::to_string(&kept).unwrap(),
        r#"{"token":"a","secret":"b"}"#
    );
}
