//! `[[resource]]`: the APIs that access tokens are for (RFC 8707), and the scopes they know.

use super::document::Checks;
use super::section::{Key, Preset, Section};
use serde::Deserialize;
use std::collections::BTreeMap;
use valetkey_model::client::SigningAlg;
use valetkey_protocol::resource::ResourceIndicator;
use valetkey_protocol::scope::Scope;
use valetkey_rules::policy::{Policy, Resource, TokenFormat};

/// The keys of `[[resource]]`.
pub(super) const SECTION: Section = Section {
    name: "resource",
    repeated: true,
    about: "An API that access tokens are for. One section for each.",
    keys: &[
        Key {
            name: "indicator",
            kind: "URI",
            preset: Preset::Required("\"https://photos.example.com\""),
            meaning: "What apps send as `resource` (RFC 8707) and what stands in the token as `aud`.",
        },
        Key {
            name: "name",
            kind: "text",
            preset: Preset::Required("\"Photos\""),
            meaning: "What people read on the consent page.",
        },
        Key {
            name: "token_format",
            kind: "jwt or opaque",
            preset: Preset::Is("\"jwt\""),
            meaning: "`jwt`: the API checks the signature itself (RFC 9068). `opaque`: it asks the server (RFC 7662), \
                      so a revoked token stops at once.",
        },
        Key {
            name: "token_signing_alg",
            kind: "ES256 or RS256",
            preset: Preset::Is("\"ES256\""),
            meaning: "What its JWTs are signed with. `RS256` is what RFC 9068 §2.1 has every API know; it takes eight times as \
                      long. Without effect where `token_format` is `opaque`.",
        },
        Key {
            name: "access_token_ttl_seconds",
            kind: "seconds",
            preset: Preset::Unset("120"),
            meaning: "A life for its access tokens that differs from `[tokens]`.",
        },
        Key {
            name: "scopes",
            kind: "table of scope = sentence",
            preset: Preset::Required("{ \"photos.read\" = \"See your photos\" }"),
            meaning: "Its scopes, each with what it lets an app do, in the words of the consent page. \
                      Where two APIs share a word, it says the same at both.",
        },
    ],
};

/// One `[[resource]]` as it was written.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Raw {
    indicator: Option<String>,
    name: Option<String>,
    token_format: Option<String>,
    token_signing_alg: Option<String>,
    access_token_ttl_seconds: Option<i64>,
    scopes: BTreeMap<String, String>,
}

/// Writes every `[[resource]]` into the policy.
pub(super) fn apply(raw: &[Raw], policy: &mut Policy, checks: &mut Checks) {
    let of_openid = policy.scopes.keys().cloned();
    let mut taken: BTreeMap<String, String> = of_openid
        .map(|word| (word, String::from("a scope of OpenID Connect")))
        .collect();
    for (index, raw) in raw.iter().enumerate() {
        let mut one = One { index, checks };
        if let Some(resource) = one.resource(raw, &mut taken) {
            if policy
                .resources
                .iter()
                .any(|other| other.indicator == resource.indicator)
            {
                one.refuse("indicator", format!("{} is there twice", resource.indicator));
            }
            policy.resources.push(resource);
        }
    }
}

/// The checks of one `[[resource]]`.
struct One<'a> {
    index: usize,
    checks: &'a mut Checks,
}

impl One<'_> {
    fn refuse(&mut self, key: &str, why: impl std::fmt::Display) {
        self.checks.refuse_in(SECTION.name, self.index, key, why);
    }

    fn resource(&mut self, raw: &Raw, taken: &mut BTreeMap<String, String>) -> Option<Resource> {
        let indicator = self.indicator(raw);
        let name = raw.name.clone().filter(|name| !name.trim().is_empty());
        if name.is_none() {
            self.refuse("name", "is missing; people read it on the consent page");
        }
        let token_format = self.token_format(raw);
        self.scopes(raw, taken);
        if let Some(seconds) = raw
            .access_token_ttl_seconds
            .filter(|seconds| !(10..=86_400).contains(seconds))
        {
            self.refuse(
                "access_token_ttl_seconds",
                format!("{seconds} is outside 10 to 86400"),
            );
        }
        Some(Resource {
            indicator: indicator?,
            name: name?,
            token_format: token_format?,
            scopes: raw.scopes.clone(),
            access_token_ttl_seconds: raw.access_token_ttl_seconds,
        })
    }

    fn indicator(&mut self, raw: &Raw) -> Option<ResourceIndicator> {
        let Some(text) = raw.indicator.as_deref() else {
            self.refuse(
                "indicator",
                "is missing; it is the API's address, as \"https://photos.example.com\"",
            );
            return None;
        };
        let parsed = ResourceIndicator::parse(text);
        if let Err(error) = &parsed {
            self.refuse("indicator", format!("{text:?}: {error}"));
        }
        parsed.ok()
    }

    fn token_format(&mut self, raw: &Raw) -> Option<TokenFormat> {
        let alg = self.token_signing_alg(raw);
        match raw.token_format.as_deref().unwrap_or("jwt") {
            "jwt" => alg.map(TokenFormat::Jwt),
            "opaque" => Some(TokenFormat::Opaque),
            other => {
                self.refuse(
                    "token_format",
                    format!("{other:?} is no format; use \"jwt\" or \"opaque\""),
                );
                None
            }
        }
    }

    /// Every installation has a key for each of the two from its first start.
    fn token_signing_alg(&mut self, raw: &Raw) -> Option<SigningAlg> {
        let named = raw.token_signing_alg.as_deref().unwrap_or("ES256");
        let alg = SigningAlg::parse(named).filter(|alg| matches!(alg, SigningAlg::ES256 | SigningAlg::RS256));
        if alg.is_none() {
            self.refuse(
                "token_signing_alg",
                format!("{named:?} signs no access token; use \"ES256\" or \"RS256\""),
            );
        }
        alg
    }

    fn scopes(&mut self, raw: &Raw, taken: &mut BTreeMap<String, String>) {
        if raw.scopes.is_empty() {
            self.refuse(
                "scopes",
                "is missing; an API without a scope can be asked for nothing",
            );
        }
        for (word, sentence) in &raw.scopes {
            let one_word = Scope::parse(word).is_ok_and(|scope| scope.words().eq([word.as_str()]));
            if !one_word {
                self.refuse(
                    "scopes",
                    format!("{word:?} is not one scope word (RFC 6749 §3.3)"),
                );
            }
            if sentence.trim().is_empty() {
                self.refuse(
                    "scopes",
                    format!("{word:?} has no sentence; people must be able to read what they allow"),
                );
            }
            // APIs may share a word, as token exchange between them needs; then it means the same at each.
            let said = taken.entry(word.clone()).or_insert_with(|| sentence.clone());
            if said != sentence {
                let text =
                    format!("{word:?} means something else already: {said:?}; one word says one thing");
                self.refuse("scopes", text);
            }
        }
    }
}
