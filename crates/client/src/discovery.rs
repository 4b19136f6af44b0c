//! The authorization server's metadata (RFC 8414 §3, OpenID Connect Discovery §4) and keys (RFC 7517 §5). The issuer in
//! the document must be the one that was asked, else one server could pass as another (RFC 8414 §3.3).

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use url::Url;
use valetkey_jose::{JwkSet, KeySet};
use valetkey_protocol::metadata::{AuthorizationServer, openid_configuration_of, well_known_by_insertion};
use valetkey_protocol::redirect_uri::is_loopback_host;
use valetkey_protocol::rule::{Refusal, Rule};

use crate::Error;
use crate::transport::{HttpClient, HttpResponse, USER_AGENT};

const METADATA: &str = "metadata";
const KEYS: &str = "key set";

/// What the metadata says.
pub(crate) struct Discovered {
    pub(crate) metadata: AuthorizationServer,
    pub(crate) end_session_endpoint: Option<String>,
}

/// The member of OpenID Connect RP-Initiated Logout 1.0 §2.1.
#[derive(Deserialize)]
struct Logout {
    end_session_endpoint: Option<String>,
}

/// The metadata of `issuer`, checked.
pub(crate) async fn metadata(http: &dyn HttpClient, issuer: &str) -> Result<Discovered, Error> {
    check_issuer_url(issuer)?;
    let oauth = well_known_by_insertion(issuer, "oauth-authorization-server")
        .ok_or_else(|| Error::Config(format!("{issuer:?} is no issuer")))?;
    let mut answer = get(http, &oauth).await?;
    // A site that shows its start page wherever it has nothing says 200 as well.
    if read::<Map<String, Value>>(METADATA, &answer).is_err() {
        answer = get(http, &openid_configuration_of(issuer)).await?;
    }
    let discovered = Discovered {
        metadata: read(METADATA, &answer)?,
        end_session_endpoint: read::<Logout>(METADATA, &answer)?.end_session_endpoint,
    };
    if discovered.metadata.issuer != issuer {
        let refusal = Refusal::new(Rule::ClientMetadataIssuer, issuer, &discovered.metadata.issuer);
        return Err(Error::Refused(refusal));
    }
    check_endpoints(&discovered)?;
    Ok(discovered)
}

/// The keys at `jwks_uri`.
pub(crate) async fn keys(http: &dyn HttpClient, jwks_uri: &str) -> Result<KeySet, Error> {
    if jwks_uri.is_empty() {
        return Err(Error::NotOffered(KEYS));
    }
    let answer = get(http, jwks_uri).await?;
    expect_ok(KEYS, &answer)?;
    let text = std::str::from_utf8(answer.body()).map_err(|_| Error::malformed(KEYS, "not UTF-8"))?;
    let set = JwkSet::from_json(text).map_err(|error| Error::malformed(KEYS, error.to_string()))?;
    Ok(KeySet::from_jwks(&set))
}

/// Reads a JSON object from a 200 answer.
pub(crate) fn read<T: DeserializeOwned>(endpoint: &'static str, answer: &HttpResponse) -> Result<T, Error> {
    expect_ok(endpoint, answer)?;
    object(answer.body()).map_err(|error| Error::malformed(endpoint, error.to_string()))
}

/// Reads a JSON object; serde alone would take a list of its members' values for one.
pub(crate) fn object<T: DeserializeOwned>(body: &[u8]) -> Result<T, serde_json::Error> {
    if body
        .trim_ascii_start()
        .first()
        .is_some_and(|first| *first != b'{')
    {
        return Err(serde::de::Error::custom("not a JSON object"));
    }
    serde_json::from_slice(body)
}

pub(crate) fn expect_ok(endpoint: &'static str, answer: &HttpResponse) -> Result<(), Error> {
    let status = answer.status();
    if status == http::StatusCode::OK {
        return Ok(());
    }
    Err(Error::Status {
        endpoint,
        status: status.as_u16(),
    })
}

async fn get(http: &dyn HttpClient, url: &str) -> Result<HttpResponse, Error> {
    let request = http::Request::get(url)
        .header(http::header::ACCEPT, "application/json")
        .header(http::header::USER_AGENT, USER_AGENT)
        .body(Vec::new())
        .map_err(|error| Error::Config(format!("{url:?}: {error}")))?;
    Ok(http.send(request).await?)
}

/// An issuer is an https URL without query and fragment (RFC 8414 §2); http only on this machine.
fn check_issuer_url(issuer: &str) -> Result<(), Error> {
    let url = secure_url("issuer", issuer)?;
    if url.query().is_some() || url.fragment().is_some() {
        return Err(Error::Config(format!(
            "the issuer {issuer:?} has a query or a fragment"
        )));
    }
    Ok(())
}

pub(crate) fn check_endpoints(discovered: &Discovered) -> Result<(), Error> {
    let metadata = &discovered.metadata;
    let given = [
        Some(&metadata.authorization_endpoint),
        Some(&metadata.token_endpoint),
        Some(&metadata.jwks_uri),
        metadata.userinfo_endpoint.as_ref(),
        metadata.revocation_endpoint.as_ref(),
        metadata.device_authorization_endpoint.as_ref(),
        discovered.end_session_endpoint.as_ref(),
    ];
    for endpoint in given.into_iter().flatten().filter(|url| !url.is_empty()) {
        secure_url("endpoint", endpoint)?;
    }
    Ok(())
}

pub(crate) fn secure_url(what: &str, text: &str) -> Result<Url, Error> {
    let url = Url::parse(text).map_err(|_| Error::Config(format!("the {what} {text:?} is no URL")))?;
    if url.scheme() == "https" || (url.scheme() == "http" && is_loopback_host(&url)) {
        return Ok(url);
    }
    Err(Error::Config(format!(
        "the {what} {text:?} is neither https nor on this machine"
    )))
}
