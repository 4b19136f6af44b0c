//! What is tried against OAuth 1.0a, by name.

use super::{opens, opens_nothing};
use crate::operations::node::Node;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::Method;
use valetkey_protocol::oauth1::{Place, SignatureMethod, TokenCredentials};
use valetkey_protocol::rule::Rule;
use valetkey_testkit::{Consumer, Signed, TestServer, cast};

const PHOTOS: &str = "https://photos.example/photos";

async fn begun(server: &TestServer) -> (Consumer, TokenCredentials) {
    let printer = server.consumer(cast::PRINTER);
    let alice = server.browser(cast::ALICE);
    let token = printer.is_allowed_by(&alice, "photos.read photos.write").await;
    (printer, token)
}

fn good(printer: &Consumer, token: &TokenCredentials) -> Signed {
    printer.asks(Method::GET, PHOTOS, token).signed()
}

#[tokio::test]
async fn nonce_replay_is_refused_for_as_long_as_the_timestamp_is_taken() {
    let server = TestServer::start().await;
    let (printer, token) = begun(&server).await;
    // Signed as far ahead as is taken.
    let draft = printer
        .asks(Method::GET, PHOTOS, &token)
        .but(|p| p.timestamp = Some("1800000300".into()));
    let signed = draft.signed();
    opens(&server, &signed).await;
    for _ in 0..6 {
        opens_nothing(&server, &signed, Rule::OAuth1NonceUsed).await;
        server.clock.advance(100);
        server.forget_expired().await;
    }
    opens_nothing(&server, &signed, Rule::OAuth1NonceUsed).await;
    server.clock.advance(1);
    server.forget_expired().await;
    opens_nothing(&server, &signed, Rule::OAuth1TimestampRefused).await;
}

#[tokio::test]
async fn nonce_replay_at_another_server_or_after_a_restart_is_refused() {
    let server = TestServer::start().await;
    let node = Node::beside(&server).await;
    let (printer, token) = begun(&server).await;
    let signed = good(&printer, &token);
    opens(&server, &signed).await;
    let there = node.app(cast::PHOTOS_API);
    let answer = there.posts("/oauth1/verify", &signed.to_verify()).await;
    assert_eq!(answer.member("rule"), Rule::OAuth1NonceUsed.info().id);
    let initiate = printer.initiate("oob", "photos.read").signed();
    assert_eq!(printer.sends(initiate.clone()).await.status, 200);
    let elsewhere = Consumer::at(node.site.clone(), node.clock.clone(), cast::PRINTER);
    elsewhere
        .sends(initiate.clone())
        .await
        .is_refused_by(Rule::OAuth1NonceUsed);
    drop((there, elsewhere, node, printer));
    let server = server.restart().await;
    opens_nothing(&server, &signed, Rule::OAuth1NonceUsed).await;
    let printer = server.consumer(cast::PRINTER);
    printer.sends(initiate).await.is_refused_by(Rule::OAuth1NonceUsed);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nonce_replay_in_parallel_at_two_servers_has_one_winner() {
    let server = TestServer::start().await;
    let node = Node::beside(&server).await;
    let printer = server.consumer(cast::PRINTER);
    let elsewhere = Consumer::at(node.site.clone(), node.clock.clone(), cast::PRINTER);
    for _ in 0..10 {
        let signed = printer.initiate("oob", "photos.read").signed();
        let mut crowd = tokio::task::JoinSet::new();
        for consumer in [&printer, &elsewhere].into_iter().cycle().take(8) {
            let (consumer, signed) = (consumer.clone(), signed.clone());
            crowd.spawn(async move { consumer.sends(signed).await });
        }
        let answers = crowd.join_all().await;
        let (won, lost): (Vec<_>, Vec<_>) = answers.into_iter().partition(|answer| answer.status == 200);
        assert_eq!((won.len(), lost.len()), (1, 7));
        for answer in lost {
            answer.is_refused_by(Rule::OAuth1NonceUsed);
        }
    }
}

#[tokio::test]
async fn a_forged_request_does_not_use_a_nonce_up() {
    let server = TestServer::start().await;
    let (printer, token) = begun(&server).await;
    let mut draft = printer.asks(Method::GET, PHOTOS, &token);
    let signed = draft.clone().signed();
    draft.token_secret = "guess".into();
    opens_nothing(&server, &draft.signed(), Rule::OAuth1SignatureInvalid).await;
    opens(&server, &signed).await;
}

#[tokio::test]
async fn timestamp_drift_beyond_the_window_is_refused() {
    let server = TestServer::start().await;
    let (printer, token) = begun(&server).await;
    for (timestamp, is_good) in [
        ("1799999699", false),
        ("1799999700", true),
        ("1800000300", true),
        ("1800000301", false),
        ("0", false),
        ("-1800000000", false),
        ("+1800000000", false),
        ("01800000000", false),
        ("1800000000.0", false),
        ("18000000000000000000000", false),
        ("now", false),
    ] {
        let signed = printer
            .asks(Method::GET, PHOTOS, &token)
            .but(|p| p.timestamp = Some(timestamp.into()))
            .signed();
        if is_good {
            opens(&server, &signed).await;
        } else {
            opens_nothing(&server, &signed, Rule::OAuth1TimestampRefused).await;
        }
    }
}

#[tokio::test]
async fn signature_stripping_leaves_nothing_that_is_taken() {
    let server = TestServer::start().await;
    let (printer, token) = begun(&server).await;
    let strip = |header: &str| {
        let kept: Vec<&str> = header
            .split(", ")
            .filter(|part| !part.contains("oauth_signature="))
            .collect();
        kept.join(", ")
    };
    let stripped = printer.initiate("oob", "photos.read").signed().with_header(strip);
    printer
        .sends(stripped)
        .await
        .is_refused_by(Rule::OAuth1ParameterMissing);
    let photos = server.photos_by_both(&std::sync::Arc::default());
    let stripped = good(&printer, &token).with_header(strip);
    let answer = photos.takes(stripped.request).await;
    answer.is_refused_by(Rule::OAuth1ParameterMissing);
    // With empty secrets, and said to be plain text.
    for (method, signature) in [
        (SignatureMethod::Plaintext, "&"),
        (SignatureMethod::Plaintext, ""),
        (SignatureMethod::HmacSha1, ""),
    ] {
        let mut draft = printer.by(method).asks(Method::GET, PHOTOS, &token);
        draft.secret.clear();
        draft.token_secret.clear();
        let signed = Signed {
            signature: signature.to_owned(),
            ..draft.signed()
        };
        let api = server.app(cast::PHOTOS_API);
        let answer = api.posts("/oauth1/verify", &signed.to_verify()).await;
        assert_ne!(answer.json()["active"], true, "{method} {signature:?}");
    }
}

#[tokio::test]
async fn a_nul_in_a_strangers_signature_is_the_strangers_fault_at_an_api_and_here() {
    let server = TestServer::start().await;
    let (printer, token) = begun(&server).await;
    let photos = server.photos_by_both(&std::sync::Arc::default());
    let with_nul = |header: &str| header.replace("oauth_signature=\"", "oauth_signature=\"%00");
    let answer = photos
        .takes(good(&printer, &token).with_header(with_nul).request)
        .await;
    answer.is_refused_by(Rule::OAuth1ParametersUnreadable);
    let initiate = printer.initiate("oob", "photos.read").signed();
    let answer = printer.sends(initiate.with_header(with_nul)).await;
    answer.is_refused_by(Rule::OAuth1ParametersUnreadable);
    let migrate = printer.migrate(&token, &[]).signed();
    let answer = printer.sends(migrate.with_header(with_nul)).await;
    let rule = Rule::OAuth1ParametersUnreadable.info().id;
    assert_eq!(
        (answer.status.as_u16(), answer.error().as_str()),
        (400, "invalid_request")
    );
    assert!(answer.member("error_uri").ends_with(rule), "{}", answer.text());
    // The nonces of true requests were not used up by it.
    assert_eq!(photos.takes(good(&printer, &token).request).await.status, 200);
}

#[tokio::test]
async fn a_signature_without_the_secret_of_the_token_opens_nothing() {
    let server = TestServer::start().await;
    let (printer, token) = begun(&server).await;
    for secret in ["", token.token.as_str(), cast::PRINTER.secret] {
        let mut draft = printer.asks(Method::GET, PHOTOS, &token);
        draft.token_secret = secret.to_owned();
        opens_nothing(&server, &draft.signed(), Rule::OAuth1SignatureInvalid).await;
    }
}

#[tokio::test]
async fn algorithm_confusion_a_public_key_is_no_consumer_secret() {
    let server = TestServer::start().await;
    let bank = server.consumer(cast::BANK);
    let public = cast::bank_key().public_key().unwrap();
    let pem = format!(
        "-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n",
        STANDARD.encode(public.as_der())
    );
    for method in [
        SignatureMethod::HmacSha1,
        SignatureMethod::HmacSha256,
        SignatureMethod::Plaintext,
    ] {
        for secret in ["", pem.as_str()] {
            let forger = bank.by(method);
            let mut draft = forger.initiate("oob", "photos.read");
            draft.secret = secret.to_owned();
            forger
                .tries(draft)
                .await
                .is_refused_by(Rule::OAuth1SignatureMethodUnsupported);
        }
    }
    // Nor does a consumer with a secret take the signature of anybody's key.
    let mut draft = server
        .consumer(cast::PRINTER)
        .by(SignatureMethod::RsaSha256)
        .initiate("oob", "photos.read");
    draft.method = SignatureMethod::RsaSha256;
    bank.tries(draft)
        .await
        .is_refused_by(Rule::OAuth1SignatureMethodUnsupported);
}

#[tokio::test]
async fn a_token_of_another_consumer_opens_nothing_even_with_its_secret() {
    let server = TestServer::start().await;
    let (_, token) = begun(&server).await;
    let thief = server.consumer(cast::OTHERPRINTER);
    let signed = good(&thief, &token);
    opens_nothing(&server, &signed, Rule::OAuth1TokenOtherConsumer).await;
    // And temporary credentials are no token credentials, nor the other way round.
    let printer = server.consumer(cast::PRINTER);
    let temporary = printer.begins("photos.read").await;
    let mut draft = printer.asks(Method::GET, PHOTOS, &token);
    draft.protocol.token = Some(temporary.token);
    draft.token_secret = temporary.secret;
    opens_nothing(&server, &draft.signed(), Rule::OAuth1TokenUnknown).await;
}

#[tokio::test]
async fn parameter_pollution_does_not_change_what_was_signed() {
    let server = TestServer::start().await;
    let printer = server.consumer(cast::PRINTER);
    let draft = || printer.initiate("oob", "photos.read");
    let added = draft()
        .signed()
        .after(|request| request.body_mut().extend(b"&scope=photos.write"));
    printer
        .sends(added)
        .await
        .is_refused_by(Rule::OAuth1SignatureInvalid);
    let in_the_url = draft().signed().after(|request| {
        *request.uri_mut() = "https://id.example/oauth1/initiate?scope=photos.write"
            .parse()
            .unwrap()
    });
    printer
        .sends(in_the_url)
        .await
        .is_refused_by(Rule::OAuth1SignatureInvalid);
    // Signed twice, no reader takes the first and another the second.
    let twice = draft().form(&[("scope", "photos.read"), ("scope", "photos.write")]);
    printer
        .tries(twice)
        .await
        .is_refused_by(Rule::OAuth1ParameterRepeated);
    for place in [Place::Form, Place::Query] {
        let twice = draft()
            .at(place)
            .form(&[("oauth_callback", "https://evil.example/")]);
        let answer = printer.tries(twice).await;
        assert_eq!(answer.problem(), "parameter_rejected", "{place:?}");
    }
    let twice = draft().query(&[("oauth_token", "x")]);
    printer
        .tries(twice)
        .await
        .is_refused_by(Rule::OAuth1ParametersInTwoPlaces);
}

#[tokio::test]
async fn session_fixation_without_the_verifier_nothing_is_finished() {
    let server = TestServer::start().await;
    let printer = server.consumer(cast::PRINTER);
    let alice = server.browser(cast::ALICE);
    // The attacker begins, and lures Alice to the page.
    let temporary = printer.begins("photos.read").await;
    let to_alice = alice.answers_oauth1(&temporary.token, "allow").await;
    let none = printer
        .redeem(&temporary, "")
        .but(|protocol| protocol.verifier = None);
    printer
        .tries(none)
        .await
        .is_refused_by(Rule::OAuth1ParameterMissing);
    // The verifier of a session of the attacker's own.
    let own = printer.begins("photos.read").await;
    let to_bob = server
        .browser(cast::BOB)
        .answers_oauth1(&own.token, "allow")
        .await;
    let of_another_session = printer.verifier_from(&own, &to_bob);
    printer
        .tries(printer.redeem(&temporary, &of_another_session))
        .await
        .is_refused_by(Rule::OAuth1VerifierInvalid);
    // What went to Alice's browser finishes it.
    let verifier = printer.verifier_from(&temporary, &to_alice);
    let _ = printer
        .tries(printer.redeem(&temporary, &verifier))
        .await
        .credentials();
}

#[tokio::test]
async fn session_fixation_a_callback_on_the_authorization_page_is_not_read() {
    let server = TestServer::start().await;
    let printer = server.consumer(cast::PRINTER);
    let temporary = printer.begins("photos.read").await;
    let alice = server.browser(cast::ALICE);
    let query = [
        ("oauth_token", temporary.token.as_str()),
        ("oauth_callback", "https://evil.example/"),
    ];
    let first = alice.get("/oauth1/authorize", &query).await;
    let answer = alice.goes_on(first, "allow").await;
    assert_eq!(answer.callback().host_str(), Some("printer.example"));
}

#[tokio::test]
async fn session_fixation_a_second_person_cannot_answer_what_another_has_answered() {
    let server = TestServer::start().await;
    let printer = server.consumer(cast::PRINTER);
    let temporary = printer.begins("photos.read").await;
    let (alice, bob) = (server.browser(cast::ALICE), server.browser(cast::BOB));
    // Bob has the page open, then Alice allows it.
    let login = bob.opens_oauth1(&temporary.token).await;
    let consent = bob.signs_in(&login).await;
    let answer = alice.answers_oauth1(&temporary.token, "allow").await;
    let late = bob.submits(&consent, &[("answer", "allow")]).await;
    assert_eq!((late.status.as_u16(), late.location()), (400, None));
    let later = bob.answers_oauth1(&temporary.token, "allow").await;
    assert_eq!((later.status.as_u16(), later.location()), (400, None));
    let verifier = printer.verifier_from(&temporary, &answer);
    let token = printer
        .tries(printer.redeem(&temporary, &verifier))
        .await
        .credentials();
    let json = super::asked_about(&server, &good(&printer, &token)).await;
    assert_eq!(json["sub"], cast::ALICE.sub());
}

#[tokio::test]
async fn two_authorization_headers_sign_nothing() {
    let server = TestServer::start().await;
    let (printer, token) = begun(&server).await;
    let basic = server.app(cast::PRINTER).basic();
    for other in [None, Some(basic.as_str()), Some("Bearer x")] {
        let drafts = [
            printer.initiate("oob", "photos.read"),
            printer.migrate(&token, &[]),
        ];
        for draft in drafts {
            for first in [true, false] {
                let signed = draft
                    .clone()
                    .but(|p| p.nonce = Some(format!("{other:?} {first}")))
                    .signed();
                let signed = signed.after(|request| {
                    let headers = request.headers_mut();
                    let own = headers.remove("authorization").unwrap();
                    let other = other.map_or_else(|| own.clone(), |text| text.parse().unwrap());
                    let both = if first { [own, other] } else { [other, own] };
                    for value in both {
                        headers.append("authorization", value);
                    }
                });
                let answer = printer.sends(signed).await;
                assert_ne!(answer.status, 200, "{other:?} {first} {}", answer.text());
            }
        }
    }
}
