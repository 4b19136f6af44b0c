//! Signed requests (OAuth 1.0a, RFC 5849 §3): found beside bearer tokens, composed into the signature base string, and
//! verified by asking the authorization server, which alone has the secrets. What the API remembers is a hash of each
//! base string that was good: nothing secret, and enough to refuse its replay without asking.

mod answer;
mod form;
mod request;

use http::request::Parts;
use valetkey_jose::hash;
use valetkey_protocol::rule::{Refusal, Rule};

use crate::access::Access;
use crate::remembered::Unavailable;
use crate::server::check_scope;
use crate::stop::Stop;
use crate::watch::Story;
use crate::{ResourceServer, config};
use answer::Expected;
use request::Signed;

pub(crate) use form::{Form, read as read_form};

impl ResourceServer {
    /// By the signature where the request has one, else by the bearer token; a request with both is refused.
    pub(crate) async fn decide_any(
        &self,
        (request, form): (&Parts, &Form),
        scope: &[String],
        story: &mut Story,
    ) -> Result<Access, Stop> {
        let form = form.bytes(&mut story.trail)?;
        let Some(taken) = &self.config().oauth1 else {
            return self.decide(request, scope, story).await;
        };
        if !request::is_tried(request, form, &mut story.trail)? {
            return self.decide(request, scope, story).await;
        }
        let signed = request::read(request, form, &taken.public_address, &mut story.trail)?;
        story.signed(&signed.parameters.protocol, &signed.base_string);
        let access = self.verified(&signed, story).await?;
        story.access(&access);
        check_scope(Rule::OAuth1ScopeMissing, &access, scope, &mut story.trail)?;
        Ok(access)
    }

    async fn verified(&self, signed: &Signed, story: &mut Story) -> Result<Access, Stop> {
        let needed = signed.needed(&mut story.trail)?;
        let name = hash::sha256(signed.base_string.as_bytes());
        let fresh = self.spent().get(&name).is_none();
        story.trail.require(Rule::OAuth1NonceUsed, fresh, || {
            (
                "a new nonce".to_owned(),
                "a request that was here before".to_owned(),
            )
        })?;
        let me = self.credentials()?;
        let asked = self.issuer().verify(&signed.base_string, needed.signature, me);
        let body = asked.await.inspect_err(|stop| {
            if let Stop::Refused(refusal) = stop {
                drop(story.trail.refuse(refusal.clone()));
            }
        })?;
        let expected = Expected {
            signed,
            consumer: needed.consumer,
            issuer: &self.config().issuer,
            resource: &self.config().metadata.resource,
            now: story.now,
        };
        let mut trail = story.side_trail();
        let outcome = answer::check(&body, &expected, &mut trail);
        story.verified(trail);
        if is_spent(&outcome) {
            self.spent().insert(name, ());
        }
        outcome
    }

    /// `build()` sees to it that they are there.
    fn credentials(&self) -> Result<&config::Credentials, Unavailable> {
        let me = self.config().introspection.as_ref();
        me.ok_or_else(|| Unavailable("there are no credentials to ask with".to_owned()))
    }
}

/// Whether the nonce of the request is used up. Only a good signature uses it up: a forged one must not take the true one's
/// place.
fn is_spent(outcome: &Result<Access, Stop>) -> bool {
    match outcome {
        Ok(_) => true,
        Err(Stop::Refused(Refusal { rule, .. })) => *rule == Rule::OAuth1NonceUsed,
        Err(Stop::Unavailable(_)) => false,
    }
}
