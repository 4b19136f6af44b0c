//! Logins that somebody else starts (OpenID Connect Core §4): a sign-in begins at a server that the app knows, and leads
//! to a page of the app itself.
#![no_main]

use libfuzzer_sys::fuzz_target;
use url::Url;
use valetkey_client::ThirdPartyLogin;
use valetkey_protocol::params::Params;

const ISSUERS: [&str; 2] = ["https://as.example", "https://login.example/tenant"];
const OWN: &str = "https://app.example:8443/start";

fuzz_target!(|query: &str| {
    let read = ThirdPartyLogin::read(query, &ISSUERS, OWN);
    assert!(ThirdPartyLogin::read(query, &[], OWN).is_err());
    let params = Params::parse(query.as_bytes()).ok();
    let said = |name: &str| params.as_ref().and_then(|params| params.get(name));
    let is_known = said("iss").is_some_and(|issuer| ISSUERS.contains(&issuer));
    let Ok(login) = read else {
        return assert!(!is_known || said("target_link_uri").is_some());
    };
    assert!(is_known);
    assert_eq!(Some(login.issuer.as_str()), said("iss"));
    assert_eq!(login.login_hint.as_deref(), said("login_hint"));
    assert_eq!(login.target_link_uri.is_some(), said("target_link_uri").is_some());
    if let Some(target) = &login.target_link_uri {
        // As a browser goes there: to this host and port, whatever user name and slashes stand before.
        assert_eq!(
            (target.scheme(), target.host_str()),
            ("https", Some("app.example"))
        );
        assert_eq!(target.port(), Some(8443));
        assert_eq!(Url::parse(target.as_str()).as_ref(), Ok(target));
    }
});
