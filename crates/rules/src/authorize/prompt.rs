//! Which pages the client wants shown (OpenID Connect Core §3.1.2.1).

use super::pkce::Bound;
use crate::shown::shown;
use std::collections::BTreeSet;
use valetkey_protocol::authorize::Prompt;
use valetkey_protocol::rule::{Refusal, Rule, Trail};

/// A request with a `prompt` that makes sense.
pub(super) struct Prompted<'a> {
    pub(super) bound: Bound<'a>,
    pub(super) prompt: BTreeSet<Prompt>,
}

pub(super) fn read<'a>(bound: Bound<'a>, trail: &mut Trail) -> Result<Prompted<'a>, Refusal> {
    let text = bound.trusted.request.prompt.as_deref().unwrap_or_default();
    let mut prompt = BTreeSet::new();
    for word in text.split(' ').filter(|word| !word.is_empty()) {
        let Some(known) = Prompt::parse(word) else {
            return Err(trail.refuse(Refusal::new(
                Rule::AuthorizePromptUnknown,
                "none, login, consent, select_account",
                shown(word),
            )));
        };
        prompt.insert(known);
    }
    trail.passed(Rule::AuthorizePromptUnknown);
    let sensible = !prompt.contains(&Prompt::None) || prompt.len() == 1;
    trail.require(Rule::AuthorizePromptNoneAlone, sensible, || {
        ("none alone, or without none".into(), shown(text))
    })?;
    Ok(Prompted { bound, prompt })
}
