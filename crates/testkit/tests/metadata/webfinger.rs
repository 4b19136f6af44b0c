//! `/.well-known/webfinger` (OpenID Connect Discovery §2, RFC 7033).

use http::Request;
use serde_json::json;
use valetkey_protocol::rule::Rule;
use valetkey_testkit::{TestServer, cast};

const WEBFINGER: &str = "/.well-known/webfinger";
const ISSUER_REL: &str = "http://openid.net/specs/connect/1.0/issuer";

#[tokio::test]
async fn a_request_without_one_resource_is_refused() {
    let server = TestServer::start().await;
    for query in [
        &[][..],
        &[("resource", "")],
        &[("resource", "alice")],
        &[
            ("resource", "acct:alice@id.example"),
            ("resource", "acct:bob@id.example"),
        ],
    ] {
        let answer = server.site.get(WEBFINGER, query).await;
        answer.is_refused_by(Rule::WebfingerResourceMissing);
    }
}

#[tokio::test]
async fn a_resource_of_another_host_is_not_found() {
    let server = TestServer::start().await;
    for resource in [
        "acct:alice@other.example",
        "https://other.example/alice",
        "mailto:alice@id.example",
        "https://id.example:8443/alice",
    ] {
        let answer = server.site.get(WEBFINGER, &[("resource", resource)]).await;
        answer.is_refused_by(Rule::WebfingerResourceElsewhere);
    }
}

#[tokio::test]
async fn any_resource_of_this_host_leads_to_the_issuer_whoever_it_is() {
    let server = TestServer::start().await;
    for resource in [
        "acct:alice@id.example",
        "acct:nobody@id.example",
        "https://id.example/nobody",
        "https://id.example",
    ] {
        let answer = server
            .site
            .get(WEBFINGER, &[("resource", resource), ("rel", ISSUER_REL)])
            .await;
        assert_eq!(answer.status, 200);
        assert_eq!(answer.header("content-type"), "application/jrd+json");
        assert_eq!(
            answer.json(),
            json!({"subject": resource, "links": [{"rel": ISSUER_REL, "href": cast::ISSUER}]})
        );
    }
    let other = [("resource", "acct:alice@id.example"), ("rel", "avatar")];
    let answer = server.site.get(WEBFINGER, &other).await;
    assert_eq!(answer.json()["links"], json!([]));
}

#[tokio::test]
async fn it_stands_at_the_host_and_not_below_the_issuers_path_and_any_script_may_read_it() {
    let issuer = "https://id.example/tenant/a";
    let server = TestServer::start_with(|settings| settings.policy.issuer = issuer.into()).await;
    let url = format!("https://id.example{WEBFINGER}");
    let answer = server.site.get(&url, &[("resource", "acct:a@id.example")]).await;
    assert_eq!(answer.json()["links"][0]["href"], issuer);
    let request =
        Request::get(format!("{url}?resource=acct:a%40id.example")).header("origin", "https://spa.example");
    let answer = server.site.send(request.body(Vec::new()).unwrap()).await;
    assert_eq!(answer.header("access-control-allow-origin"), "*");
    let request = Request::post(&url).body(Vec::new()).unwrap();
    assert_eq!(server.site.send(request).await.status, 405);
}
