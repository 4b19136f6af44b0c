//! Fetches what a request object needs before it can be judged (OpenID Connect Core §6, RFC 9101 §5.2): the document that
//! `request_uri` names, and the client's keys.

use crate::call::Failure;
use crate::client_keys::{keys_of, refetched_keys_of};
use crate::context::Context;
use crate::outbound::documents::ClientKeys;
use crate::request_objects::Asker;
use std::net::IpAddr;
use std::sync::Arc;
use valetkey_jose::KeySet;
use valetkey_model::Client;
use valetkey_protocol::authorize::Request;
use valetkey_rules::authorize::{Loaded, Need, NoDocument, needs};

/// What was fetched.
#[derive(Default)]
pub(super) struct Fetched {
    document: Option<Result<String, NoDocument>>,
    keys: Option<Option<Arc<ClientKeys>>>,
    keys_are_fresh: bool,
    no_keys: KeySet,
}

impl Fetched {
    /// All that the request needs.
    pub(super) async fn of(
        app: &Context,
        request: &Request,
        client: Option<&Client>,
        address: IpAddr,
    ) -> Result<Self, Failure> {
        let mut fetched = Self::default();
        let Some(client) = client else {
            return Ok(fetched);
        };
        while let Some(need) = needs(request, Some(client), &fetched.loaded()) {
            match need {
                Need::Document(uri) => {
                    let asker = Asker {
                        client: &client.id,
                        address,
                    };
                    fetched.document = Some(app.request_objects.get(asker, &uri, app.now()).await);
                }
                Need::Keys => fetched.keys = Some(keys_of(app, client).await?),
                Need::FreshKeys => {
                    fetched.keys = Some(refetched_keys_of(app, client).await?);
                    fetched.keys_are_fresh = true;
                }
            }
        }
        Ok(fetched)
    }

    /// The same, for the rules.
    pub(super) fn loaded(&self) -> Loaded<'_> {
        let document = self.document.as_ref();
        Loaded {
            document: document.map(Result::as_deref),
            keys: self
                .keys
                .as_ref()
                .map(|keys| keys.as_ref().map_or(&self.no_keys, |keys| &keys.verifying)),
            keys_are_fresh: self.keys_are_fresh,
        }
    }
}
