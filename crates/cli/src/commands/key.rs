//! `valetkey key`: the keys that sign tokens.

use crate::failure::{Failure, Outcome};
use crate::master_key;
use crate::output;
use crate::place::{Opened, Place};
use clap::{Args, Subcommand};
use serde::Serialize;
use valetkey_jose::Algorithm;
use valetkey_model::StoredKey;
use valetkey_protocol::time::Timestamp;
use valetkey_server::clock::{Clock as _, SystemClock};
use valetkey_server::keys::{self, KeyRing};
use valetkey_server::random::SystemRandom;

/// What can be done with keys.
#[derive(Debug, Subcommand)]
pub(super) enum Key {
    /// Show the keys: which one signs, and until when a retired one verifies.
    List(List),
    /// Make a new key that signs from now on; the one before goes on verifying until its last token has expired.
    Rotate(Rotate),
}

#[derive(Debug, Args)]
pub(super) struct List {
    #[command(flatten)]
    place: Place,
    /// Answer in JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
pub(super) struct Rotate {
    /// The algorithm; without it, one of each that has a key.
    #[arg(long, value_parser = Algorithm::ALL.map(Algorithm::as_str))]
    alg: Option<String>,
    #[command(flatten)]
    place: Place,
    /// Answer in JSON.
    #[arg(long)]
    json: bool,
}

/// A key as scripts read it. The private half stays in the store.
#[derive(Debug, Serialize)]
struct View {
    kid: String,
    alg: String,
    state: &'static str,
    created_at: Timestamp,
    retired_at: Option<Timestamp>,
    expires_at: Option<Timestamp>,
}

impl View {
    fn of(key: StoredKey, now: Timestamp) -> Self {
        let state = match (key.retired_at, key.expires_at) {
            (None, _) if key.created_at > now => "signs next",
            (None, _) => "signs",
            (Some(end), _) if end > now => "signs",
            (_, Some(end)) if end <= now => "over",
            _ => "verifies",
        };
        Self {
            kid: key.kid,
            alg: key.alg,
            state,
            created_at: key.created_at,
            retired_at: key.retired_at,
            expires_at: key.expires_at,
        }
    }
}

impl Key {
    pub(super) async fn run(self) -> Outcome {
        match self {
            Self::List(list) => show(&list.place.open().await?, list.json).await,
            Self::Rotate(rotate) => rotate.run().await,
        }
    }
}

impl Rotate {
    async fn run(self) -> Outcome {
        let opened = self.place.open().await?;
        let stored = opened.store.list_keys().await?;
        if stored.is_empty() {
            return Err(Failure::refused(
                "there are no keys yet; the server makes them when it starts for the first time",
            ));
        }
        let master = master_key::obtain(&opened.storage, false, &SystemRandom)?;
        // Opens every key, so that a wrong master key is noticed before something is sealed under it.
        KeyRing::open(opened.store.as_ref(), &master, &SystemClock).await?;
        let overlap = keys::overlap_seconds(&opened.policy, opened.key_rotation.margin_seconds);
        for alg in Algorithm::ALL
            .into_iter()
            .filter(|alg| self.asks_for(*alg, &stored))
        {
            keys::rotate(opened.store.as_ref(), &master, alg, SystemClock.now(), overlap).await?;
        }
        show(&opened, self.json).await
    }

    fn asks_for(&self, alg: Algorithm, stored: &[StoredKey]) -> bool {
        let signs = |key: &StoredKey| key.retired_at.is_none() && key.alg == alg.as_str();
        match self.alg.as_deref() {
            Some(asked) => asked == alg.as_str(),
            None => stored.iter().any(signs),
        }
    }
}

async fn show(opened: &Opened, json: bool) -> Outcome {
    let now = SystemClock.now();
    let keys: Vec<View> = opened
        .store
        .list_keys()
        .await?
        .into_iter()
        .map(|key| View::of(key, now))
        .collect();
    if json {
        return output::print_json(&keys);
    }
    let mut rows = vec![
        ["KID", "ALG", "STATE", "SINCE", "UNTIL"]
            .map(String::from)
            .to_vec(),
    ];
    rows.extend(keys.into_iter().map(|key| {
        let until = key.expires_at.map_or_else(|| "-".into(), output::moment);
        vec![
            key.kid,
            key.alg,
            key.state.into(),
            output::moment(key.created_at),
            until,
        ]
    }));
    output::print(&output::table(&rows))
}
