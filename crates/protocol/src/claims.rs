//! The standard claims about a person (OpenID Connect Core §5.1) and which scope asks for which (§5.4).

use crate::scope::Scope;
use serde::{Deserialize, Serialize};

/// Every standard claim but `sub`. An absent claim is left out of answers, never sent as null or "".
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct StandardClaims {
    /// Full name, in displayable form.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Given name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub given_name: Option<String>,
    /// Surname.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub family_name: Option<String>,
    /// Middle name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub middle_name: Option<String>,
    /// Casual name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nickname: Option<String>,
    /// Shorthand name by which the person wishes to be referred to; not unique.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub preferred_username: Option<String>,
    /// Profile page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub profile: Option<String>,
    /// Profile picture.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub picture: Option<String>,
    /// Web page or blog.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub website: Option<String>,
    /// Gender.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gender: Option<String>,
    /// Birthday, `YYYY-MM-DD`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub birthdate: Option<String>,
    /// Time zone, as `Europe/Paris`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub zoneinfo: Option<String>,
    /// Locale, a BCP 47 tag.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub locale: Option<String>,
    /// When the claims were last changed, seconds since the epoch.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub updated_at: Option<i64>,
    /// E-mail address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// Whether the e-mail address was verified.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email_verified: Option<bool>,
    /// Telephone number, E.164.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phone_number: Option<String>,
    /// Whether the telephone number was verified.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phone_number_verified: Option<bool>,
    /// Postal address (§5.1.1).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<Address>,
}

/// A postal address (OpenID Connect Core §5.1.1).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Address {
    /// The whole address, formatted for display.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub formatted: Option<String>,
    /// Street, house number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub street_address: Option<String>,
    /// City.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub locality: Option<String>,
    /// State or region.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// Postal code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub postal_code: Option<String>,
    /// Country.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
}

impl StandardClaims {
    /// The claims that the scope asks for (OpenID Connect Core §5.4), and no other.
    #[must_use]
    pub fn for_scope(&self, scope: &Scope) -> Self {
        let mut out = Self::default();
        if scope.contains("profile") {
            out = Self {
                email: None,
                email_verified: None,
                phone_number: None,
                phone_number_verified: None,
                address: None,
                ..self.clone()
            };
        }
        if scope.contains("email") {
            out.email.clone_from(&self.email);
            out.email_verified = self.email_verified;
        }
        if scope.contains("phone") {
            out.phone_number.clone_from(&self.phone_number);
            out.phone_number_verified = self.phone_number_verified;
        }
        if scope.contains("address") {
            out.address.clone_from(&self.address);
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn alice() -> StandardClaims {
        StandardClaims {
            name: Some("Alice".into()),
            birthdate: Some("1990-01-01".into()),
            email: Some("alice@example.com".into()),
            email_verified: Some(true),
            phone_number: Some("+15555550100".into()),
            phone_number_verified: Some(false),
            address: Some(Address {
                country: Some("GB".into()),
                ..Address::default()
            }),
            ..StandardClaims::default()
        }
    }

    fn told(scope: &str) -> serde_json::Value {
        serde_json::to_value(alice().for_scope(&Scope::parse(scope).unwrap())).unwrap()
    }

    #[test]
    fn a_scope_opens_its_own_claims_and_no_other() {
        assert_eq!(told("openid photos.read"), serde_json::json!({}));
        assert_eq!(
            told("profile"),
            serde_json::json!({"name": "Alice", "birthdate": "1990-01-01"})
        );
        assert_eq!(
            told("email"),
            serde_json::json!({"email": "alice@example.com", "email_verified": true})
        );
        assert_eq!(
            told("phone"),
            serde_json::json!({"phone_number": "+15555550100", "phone_number_verified": false})
        );
        assert_eq!(told("address"), serde_json::json!({"address": {"country": "GB"}}));
    }

    #[test]
    fn all_scopes_open_all_claims() {
        let all = Scope::parse("profile email phone address").unwrap();
        assert_eq!(alice().for_scope(&all), alice());
    }
}
