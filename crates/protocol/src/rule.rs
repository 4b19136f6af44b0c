//! THE RULE CATALOGUE: every check that can refuse a request, once.
//!
//! A [`Rule`] has a stable id, the spec section with its URL, the wire error, and two sentences: what
//! the rule says and how to fix a violation. From here come the wire errors, the error pages, the log
//! lines, the flow inspector's explanations and `docs/reference/rules.md`.
//! The entries stand in one file per endpoint below `rule/`; this file lists them.

mod account;
mod assertion;
mod authorize;
mod bearer;
mod catalogue;
mod client;
mod client_auth;
mod device;
mod encryption;
mod exchange;
mod factor;
mod interaction;
mod introspect;
mod logout;
mod oauth1;
mod openid;
mod passkey;
mod password;
mod reference;
mod register;
mod revoke;
mod server;
#[cfg(test)]
mod tests;
mod token;
mod trail;
mod upstream;
mod userinfo;
mod webfinger;

pub use catalogue::Rule;
pub use reference::reference_markdown;
pub use trail::{Check, Trail};

use crate::error::ErrorCode;
use serde::{Deserialize, Serialize};

/// Where the answer to a refusal may go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// An error page for the person; never a redirect (RFC 6749 §4.1.2.1).
    Page,
    /// A redirect to the client's trusted redirect URI with error parameters.
    Redirect,
    /// A JSON body (RFC 6749 §5.2).
    Json,
    /// A `WWW-Authenticate: Bearer` challenge (RFC 6750 §3).
    Challenge,
    /// A form body with `oauth_problem`, and at 401 a `WWW-Authenticate: OAuth` challenge (RFC 5849 §3.2).
    OAuthProblem,
    /// No wire answer: a client library refused what it received.
    Local,
}

/// What the catalogue knows about a rule.
#[derive(Debug, Clone, Copy)]
pub struct RuleInfo {
    /// Stable id, as `VK-CODE-PKCE-MISMATCH`.
    pub id: &'static str,
    /// The spec and section, as `RFC 7636 §4.6`.
    pub spec: &'static str,
    /// The public address of that section.
    pub url: &'static str,
    /// The error code on the wire.
    pub error: ErrorCode,
    /// The HTTP status of the answer; 0 for [`Answer::Local`], which has none.
    pub status: u16,
    /// Where the answer may go.
    pub answer: Answer,
    /// One sentence: what the rule says. It is the wire's `error_description`, so it holds only the
    /// characters that RFC 6749 §5.2 allows there.
    pub says: &'static str,
    /// One sentence: how to fix a violation.
    pub fix: &'static str,
}

/// A request was refused by a rule. `expected` and `received` go only to who is entitled to see them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// The rule that refused.
    pub rule: Rule,
    /// What would have been accepted; empty when there is nothing to tell. Never a secret.
    pub expected: String,
    /// What came instead; empty when there is nothing to tell. Never a secret.
    pub received: String,
}

impl Refusal {
    /// A refusal with both sides of the comparison.
    pub fn new(rule: Rule, expected: impl Into<String>, received: impl Into<String>) -> Self {
        Self {
            rule,
            expected: expected.into(),
            received: received.into(),
        }
    }

    /// A refusal where the rule's own sentence says it all.
    #[must_use]
    pub fn plain(rule: Rule) -> Self {
        Self {
            rule,
            expected: String::new(),
            received: String::new(),
        }
    }
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let info = self.rule.info();
        write!(f, "{}: {}", info.id, info.says)
    }
}

impl std::error::Error for Refusal {}
