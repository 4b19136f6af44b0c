//! Remembered consent: what a person allowed an app.

use crate::ids::{ClientId, UserId};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use valetkey_protocol::resource::ResourceIndicator;
use valetkey_protocol::scope::Scope;
use valetkey_protocol::time::Timestamp;

/// One person's word to one client. There is at most one for each pair.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Consent {
    /// Who allowed it.
    pub user: UserId,
    /// Whom.
    pub client: ClientId,
    /// What.
    pub scope: Scope,
    /// At which APIs.
    pub resources: BTreeSet<ResourceIndicator>,
    /// Since when.
    pub granted_at: Timestamp,
}

impl Consent {
    /// Whether it covers what is asked for now.
    #[must_use]
    pub fn covers(&self, scope: &Scope, resources: &BTreeSet<ResourceIndicator>) -> bool {
        scope.is_subset(&self.scope) && resources.is_subset(&self.resources)
    }
}
