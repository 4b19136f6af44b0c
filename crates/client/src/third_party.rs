//! A login that somebody else starts (OpenID Connect Core §4): a link at the server or elsewhere leads to the app's login
//! address and says at which server the person is. It proves nothing and is no sign-in; it only says where to begin one.

use url::Url;
use valetkey_protocol::params::Params;
use valetkey_protocol::rule::{Refusal, Rule};

use crate::Error;

/// What the link says, checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ThirdPartyLogin {
    /// At which of the known issuers to begin.
    pub issuer: String,
    /// Who will probably sign in: pass it on as [`crate::Ask::login_hint`].
    pub login_hint: Option<String>,
    /// Where to send the person afterwards: a page of the app. Pass it on whole; its path alone could begin with `//` and
    /// lead elsewhere.
    pub target_link_uri: Option<Url>,
}

impl ThirdPartyLogin {
    /// Reads the query, or the form when it was posted. The issuer must be one of those that the app knows, and the target
    /// must have the origin of `own_url`.
    ///
    /// ```
    /// use valetkey_client::ThirdPartyLogin;
    ///
    /// let query = "iss=https%3A%2F%2Flogin.example&target_link_uri=https%3A%2F%2Fapp.example%2Finbox";
    /// let login = ThirdPartyLogin::read(query, &["https://login.example"], "https://app.example")?;
    /// assert_eq!(login.issuer, "https://login.example");
    ///
    /// let refused = ThirdPartyLogin::read("iss=https://evil.example", &["https://login.example"], "https://app.example");
    /// assert_eq!(refused.unwrap_err().rule().unwrap().id(), "VK-CLIENT-LOGIN-ISSUER-UNKNOWN");
    /// # Ok::<(), valetkey_client::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Refused`] by one of the two rules, [`Error::Malformed`] when it is no form.
    pub fn read(query: &str, known_issuers: &[&str], own_url: &str) -> Result<Self, Error> {
        let params = Params::parse(query.as_bytes());
        let params = params.map_err(|error| Error::malformed("login initiation", error.to_string()))?;
        let issuer = params.get("iss").unwrap_or_default();
        if !known_issuers.contains(&issuer) {
            let expected = known_issuers.join(" or ");
            return Err(Refusal::new(Rule::ClientLoginIssuerUnknown, expected, issuer).into());
        }
        let target = params.get("target_link_uri");
        let target = target.map(|target| own_page(target, own_url)).transpose()?;
        Ok(Self {
            issuer: issuer.to_owned(),
            login_hint: params.get_owned("login_hint"),
            target_link_uri: target,
        })
    }
}

fn own_page(target: &str, own_url: &str) -> Result<Url, Refusal> {
    let refusal = || Refusal::new(Rule::ClientLoginTargetForeign, own_url, target);
    let url = Url::parse(target).map_err(|_| refusal())?;
    let own = Url::parse(own_url).map_err(|_| refusal())?;
    // An origin that is opaque, as that of `javascript:`, equals no other.
    let is_own = url.origin() == own.origin() && url.origin().is_tuple();
    if is_own { Ok(url) } else { Err(refusal()) }
}
