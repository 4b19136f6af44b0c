//! How surely the client wants to know who it is: `acr_values` (OpenID Connect Core §3.1.2.1), those of its registration
//! where it names none, and the claim `acr` of the ID token (§5.5.1.1). Values that are not known here are no help to anybody
//! and are left out; only when the claim is essential must one of its values be met.

use super::ValidRequest;
use super::redirect_uri::Trusted;
use valetkey_protocol::acr::Acr;

pub(super) fn read(valid: ValidRequest, trusted: &Trusted<'_>) -> ValidRequest {
    let claim = valid.claims.id_token.get("acr").and_then(Option::as_ref);
    let named: Vec<Acr> = claim
        .into_iter()
        .flat_map(|asked| asked.value.iter().chain(&asked.values))
        .filter_map(|value| value.as_str().and_then(Acr::parse))
        .collect();
    let names_any = claim.is_some_and(|asked| asked.value.is_some() || !asked.values.is_empty());
    let acr_is_essential = names_any && claim.is_some_and(|asked| asked.essential);
    let acr_values = if acr_is_essential {
        named
    } else {
        let mut values = requested(trusted);
        values.extend(named);
        values
    };
    ValidRequest {
        acr_values,
        acr_is_essential,
        ..valid
    }
}

fn requested(trusted: &Trusted<'_>) -> Vec<Acr> {
    match trusted.request.acr_values.as_deref() {
        Some(text) => text.split(' ').filter_map(Acr::parse).collect(),
        None => {
            let registered = &trusted.client.openid.default_acr_values;
            registered.iter().filter_map(|text| Acr::parse(text)).collect()
        }
    }
}
