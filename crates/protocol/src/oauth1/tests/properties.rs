//! What holds for every input.

use proptest::prelude::*;

use super::*;

fn pairs() -> impl Strategy<Value = Vec<(String, String)>> {
    let name = prop_oneof!["[a-c]{0,2}", "\\PC{0,6}", "oauth_[a-z]{1,4}"];
    prop::collection::vec((name, "\\PC{0,12}"), 0..20)
}

fn form(pairs: &[(String, String)]) -> String {
    form_urlencoded::Serializer::new(String::new())
        .extend_pairs(pairs)
        .finish()
}

proptest! {
    #[test]
    fn what_is_encoded_comes_back_as_it_was(text in ".{0,40}") {
        let encoded = encode(&text);
        prop_assert!(encoded.bytes().all(|b| b.is_ascii_graphic() && !matches!(b, b'&' | b'=' | b'+' | b'"')));
        prop_assert_eq!(decode(&encoded), Some(text));
    }

    #[test]
    fn a_base_string_taken_apart_gives_back_what_it_was_made_of(pairs in pairs(), path in "(/[a-zA-Z0-9%~]{0,8}){0,3}") {
        let uri = format!("https://photos.example:8443{path}");
        let text = base_string("PUT", &uri, &pairs).unwrap();
        let parsed = BaseString::parse(&text).unwrap();
        prop_assert_eq!(&parsed.base_uri, &base_uri(&uri).unwrap());
        let (mut expected, mut received) = (pairs, parsed.parameters.clone());
        expected.retain(|(name, _)| name != "oauth_signature");
        expected.sort();
        received.sort();
        prop_assert_eq!(expected, received);
        // The order does not depend on the order of the request.
        let mut turned = parsed.parameters;
        turned.reverse();
        prop_assert_eq!(base_string("PUT", &uri, &turned), Some(text));
    }

    #[test]
    fn a_request_is_signed_the_same_wherever_its_parameters_stand(pairs in pairs()) {
        let mut names: Vec<&String> = pairs.iter().map(|(name, _)| name).filter(|name| name.starts_with("oauth_")).collect();
        names.sort();
        let before = names.len();
        names.dedup();
        prop_assume!(names.len() == before);
        let encoded = form(&pairs);
        let in_query = Collected::read(None, Some(&encoded), None).unwrap();
        let in_form = Collected::read(None, None, Some(encoded.as_bytes())).unwrap();
        let listed: Vec<String> = pairs
            .iter()
            .filter(|(name, _)| !name.is_empty() && !name.eq_ignore_ascii_case("realm"))
            .map(|(name, value)| format!("{}=\"{}\"", encode(name), encode(value)))
            .collect();
        let in_header = header(&format!("OAuth {}", listed.join(","))).unwrap();
        let text = |read: &Collected| base_string("GET", "https://a/", &read.signed);
        prop_assert_eq!(text(&in_query), text(&in_form));
        if pairs.iter().all(|(name, _)| !name.is_empty()) {
            prop_assert_eq!(text(&in_query), text(&in_header));
        }
    }

    #[test]
    fn a_written_header_reads_as_it_was(token in "[^\x00]{1,20}", nonce in "[^\x00]{1,20}", realm in "[ -~&&[^\"\\\\]]{0,20}") {
        let protocol = Protocol { token: Some(token), nonce: Some(nonce), ..Protocol::default() };
        let read = header(&authorization_header(Some(&realm), &protocol)).unwrap();
        prop_assert_eq!(read.protocol, protocol);
        prop_assert_eq!(read.realm, Some(realm));
    }

    #[test]
    fn no_bytes_make_the_readers_panic(bytes in prop::collection::vec(any::<u8>(), 0..120), text in "\\PC{0,80}") {
        let header = [b"OAuth ", bytes.as_slice()].concat();
        let _ = Collected::read(Some(&header), Some(&text), Some(&bytes));
        let _ = Collected::is_oauth1(Some(&bytes), Some(&text), Some(&bytes));
        let _ = super::super::header::after_scheme(&bytes);
        let _ = BaseString::parse(&text);
        let _ = base_uri(&format!("https://{text}"));
        let _ = TokenCredentials::from_form(&bytes);
    }
}
