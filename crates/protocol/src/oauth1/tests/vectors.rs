//! The examples of RFC 5849 and of OAuth Core 1.0. Where the RFC prints a wrong signature (§3.1, §3.4.1.1: errata), the
//! base string is taken and the signature is not.

use super::*;

/// The request of §3.4.1.1 and §3.4.1.3.1.
fn example() -> Collected {
    let header = "OAuth realm=\"Example\",
        oauth_consumer_key=\"9djdj82h48djs9d2\",
        oauth_token=\"kkk9d7dh3k39sjv7\",
        oauth_signature_method=\"HMAC-SHA1\",
        oauth_timestamp=\"137131201\",
        oauth_nonce=\"7d8f3e4a\",
        oauth_signature=\"djosJKDKJSD8743243%2Fjdk33klY%3D\""
        .replace('\n', "");
    let query = "b5=%3D%253D&a3=a&c%40=&a2=r%20b";
    Collected::read(Some(header.as_bytes()), Some(query), Some(b"c2&a3=2+q")).unwrap()
}

#[test]
fn rfc5849_3_4_1_3_1_the_parameters_of_all_places_are_decoded() {
    let mut signed = example().signed;
    signed.sort();
    let expected = [
        pair("a2", "r b"),
        pair("a3", "2 q"),
        pair("a3", "a"),
        pair("b5", "=%3D"),
        pair("c2", ""),
        pair("c@", ""),
        pair("oauth_consumer_key", "9djdj82h48djs9d2"),
        pair("oauth_nonce", "7d8f3e4a"),
        pair("oauth_signature_method", "HMAC-SHA1"),
        pair("oauth_timestamp", "137131201"),
        pair("oauth_token", "kkk9d7dh3k39sjv7"),
    ];
    assert_eq!(signed, expected);
    assert_eq!(example().realm.as_deref(), Some("Example"));
}

#[test]
fn rfc5849_3_4_1_1_the_signature_base_string() {
    let uri = "http://EXAMPLE.com:80/request?b5=%3D%253D&a3=a&c%40=&a2=r%20b";
    let text = base_string("post", uri, &example().signed).unwrap();
    assert_eq!(
        text,
        "POST&http%3A%2F%2Fexample.com%2Frequest&a2%3Dr%2520b%26a3%3D2%2520q%26a3%3Da%26b5%3D%253D%25253D%26c%2540%3D\
         %26c2%3D%26oauth_consumer_key%3D9djdj82h48djs9d2%26oauth_nonce%3D7d8f3e4a%26oauth_signature_method%3DHMAC-SHA1\
         %26oauth_timestamp%3D137131201%26oauth_token%3Dkkk9d7dh3k39sjv7"
    );
    let parsed = BaseString::parse(&text).unwrap();
    assert_eq!(
        parsed.protocol().unwrap().token.as_deref(),
        Some("kkk9d7dh3k39sjv7")
    );
}

#[test]
fn rfc5849_3_6_what_is_encoded_and_how() {
    for (plain, encoded) in [
        ("abcABC123", "abcABC123"),
        ("-._~", "-._~"),
        ("%", "%25"),
        ("+", "%2B"),
        ("&=*", "%26%3D%2A"),
        ("\n \u{7f}", "%0A%20%7F"),
        ("\u{80}\u{3001}", "%C2%80%E3%80%81"),
    ] {
        assert_eq!(encode(plain), encoded);
        assert_eq!(decode(encoded).as_deref(), Some(plain));
    }
    for bad in ["%", "%4", "%zz", "%+1", "%ff", "%C2"] {
        assert_eq!(decode(bad), None, "{bad:?}");
    }
    assert_eq!(decode("%2b+").as_deref(), Some("++"));
}

#[test]
fn rfc5849_1_2_temporary_and_token_credentials() {
    let body =
        "oauth_token=hh5s93j4hdidpola&oauth_token_secret=hdhd0244k9j7ao03&oauth_callback_confirmed=true";
    let temporary = TemporaryCredentials::from_form(body.as_bytes()).unwrap();
    assert!(temporary.callback_confirmed && temporary.token == "hh5s93j4hdidpola");
    assert_eq!(temporary.to_form(), body);
    let body = "oauth_token=nnch734d00sl2jdk&oauth_token_secret=pfkkdhi9sl3r4s00";
    let token = TokenCredentials::from_form(body.as_bytes()).unwrap();
    assert_eq!(
        (token.secret.expose(), token.to_form().as_str()),
        ("pfkkdhi9sl3r4s00", body)
    );
}

#[test]
fn rfc5849_2_1_the_plaintext_signature_is_the_key() {
    let header = r#"OAuth realm="Example", oauth_consumer_key="jd83jd92dhsh93js", oauth_signature_method="PLAINTEXT",
        oauth_callback="http%3A%2F%2Fclient.example.net%2Fcb%3Fx%3D1", oauth_signature="ja893SD9%26""#;
    let read = Collected::read(Some(header.replace('\n', "").as_bytes()), None, None).unwrap();
    assert_eq!(
        read.protocol.callback.as_deref(),
        Some("http://client.example.net/cb?x=1")
    );
    assert_eq!(
        read.protocol.signature.as_deref(),
        Some(signing_key("ja893SD9", "").expose())
    );
    // OAuth Core 1.0 §9.4.1: secrets with characters of their own are encoded.
    assert_eq!(
        signing_key("djr9rjt0jd78jf88", "jjd999tj88uiths3").expose(),
        "djr9rjt0jd78jf88&jjd999tj88uiths3"
    );
    assert_eq!(signing_key("a b", "c&d").expose(), "a%20b&c%26d");
}

#[test]
fn oauth_core_a_5_1_the_photos_example() {
    let signed = Collected::read(
        Some(
            br#"OAuth realm="http://photos.example.net/",oauth_consumer_key="dpf43f3p2l4k3l03",oauth_token="nnch734d00sl2jdk",
                oauth_signature_method="HMAC-SHA1",oauth_timestamp="1191242096",oauth_nonce="kllo9940pd9333jh",oauth_version="1.0""#
                .iter()
                .copied()
                .filter(|byte| *byte != b'\n')
                .collect::<Vec<u8>>()
                .as_slice(),
        ),
        Some("file=vacation.jpg&size=original"),
        None,
    );
    assert_eq!(
        base_string("GET", "http://photos.example.net/photos", &signed.unwrap().signed).unwrap(),
        "GET&http%3A%2F%2Fphotos.example.net%2Fphotos&file%3Dvacation.jpg%26oauth_consumer_key%3Ddpf43f3p2l4k3l03\
         %26oauth_nonce%3Dkllo9940pd9333jh%26oauth_signature_method%3DHMAC-SHA1%26oauth_timestamp%3D1191242096\
         %26oauth_token%3Dnnch734d00sl2jdk%26oauth_version%3D1.0%26size%3Doriginal"
    );
}
