//! The flow inspector: watches the messages of a flow and shows them as a picture (RFC 6749 §1.2).
//!
//! This file records: a bounded ring of flows, a bounded number of messages each. Messages are joined by
//! their [`Key`]s; a message whose keys are known to two flows makes them one. Two sides that tell of the
//! same message (the app's library and the server) give one message. Nothing here decides about a
//! request, and secrets are masked once more than they already are.
//! [`flow`] is what is kept, [`generation`] which protocol it speaks, [`outcome`] how far a flow came, [`picture`] and
//! [`view`] how it looks, [`side_by_side`] how two of them do.

pub mod base_string;
pub mod flow;
pub mod generation;
pub mod outcome;
pub mod picture;
pub mod routes;
mod shown;
pub mod side_by_side;
pub mod view;
pub mod words;

#[cfg(test)]
mod oauth1_tests;
#[cfg(test)]
mod tests;

pub use flow::{Flow, FlowId, Message};
pub use routes::routes;

use flow::Tied;
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use valetkey_protocol::observe::{Event, Key, Observer};

/// Messages kept of one flow; later ones are counted only.
pub const MESSAGES_PER_FLOW: usize = 200;
/// Ties kept of one flow; those not used for longest give way.
pub const TIES_PER_FLOW: usize = 64;

/// Records flows and hands them out.
#[derive(Debug)]
pub struct Inspector {
    capacity: usize,
    flows: Mutex<Flows>,
}

#[derive(Debug, Default)]
struct Flows {
    /// Oldest first.
    ring: VecDeque<Flow>,
    by_tie: HashMap<Tied, FlowId>,
    next_id: u64,
    changes: u64,
}

impl Inspector {
    /// Keeps at most `capacity` flows; the oldest give way.
    #[must_use]
    pub fn new(capacity: usize) -> Arc<Self> {
        Arc::new(Self {
            capacity: capacity.max(1),
            flows: Mutex::default(),
        })
    }

    /// All flows, newest first.
    #[must_use]
    pub fn flows(&self) -> Vec<Flow> {
        self.lock().ring.iter().rev().cloned().collect()
    }

    /// One flow. The id of a flow that became part of another is gone.
    #[must_use]
    pub fn flow(&self, id: FlowId) -> Option<Flow> {
        self.lock().ring.iter().find(|flow| flow.id == id).cloned()
    }

    /// The flow of an authorization request, by its client and `state`.
    #[must_use]
    pub fn find(&self, client_id: &str, state: &str) -> Option<FlowId> {
        self.lock().by_tie.get(&Tied::state(client_id, state)).copied()
    }

    /// The flow that a token belongs to, by the SHA-256 of the token in base64url. An app of OAuth 1.0a has no `state`,
    /// but it knows its temporary token.
    #[must_use]
    pub fn find_token(&self, sha256: &str) -> Option<FlowId> {
        let tie = Tied::Other(Key::Token(sha256.to_owned()));
        self.lock().by_tie.get(&tie).copied()
    }

    /// Counts every change, so that a page knows whether it is old.
    #[must_use]
    pub fn changes(&self) -> u64 {
        self.lock().changes
    }

    /// Forgets everything.
    pub fn clear(&self) {
        let mut flows = self.lock();
        flows.ring.clear();
        flows.by_tie.clear();
        flows.changes += 1;
    }

    fn lock(&self) -> MutexGuard<'_, Flows> {
        self.flows.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Observer for Inspector {
    fn observe(&self, event: Event) {
        let event = flow::tamed(event);
        let mut flows = self.lock();
        flows.record(event);
        flows.forget_oldest(self.capacity);
    }
}

impl Flows {
    fn record(&mut self, event: Event) {
        let ties = Tied::all(&event);
        let id = self.flow_for(&ties, &event);
        self.changes += 1;
        let changes = self.changes;
        let Some(flow) = self.ring.iter_mut().find(|flow| flow.id == id) else {
            return;
        };
        flow.add(event, changes);
        for tie in ties {
            // A tie in use becomes the youngest, so that the grant outlives the tokens.
            if self.by_tie.insert(tie.clone(), id) == Some(id) {
                flow.ties.retain(|known| *known != tie);
            }
            flow.ties.push_back(tie);
        }
        while flow.ties.len() > TIES_PER_FLOW {
            if let Some(oldest) = flow.ties.pop_front() {
                self.by_tie.remove(&oldest);
            }
        }
    }

    /// The flow the ties lead to. Several become one; none begins a new one.
    fn flow_for(&mut self, ties: &[Tied], event: &Event) -> FlowId {
        let mut known: Vec<FlowId> = ties
            .iter()
            .filter_map(|tie| self.by_tie.get(tie).copied())
            .collect();
        known.sort_unstable();
        known.dedup();
        let mut known = known.into_iter();
        let Some(oldest) = known.next() else {
            if let Some(waiting) = self.ring.iter().rev().find(|flow| flow.waits_for(event)) {
                return waiting.id;
            }
            self.next_id += 1;
            let id = FlowId(self.next_id);
            self.ring.push_back(Flow::begin(id, event));
            return id;
        };
        for younger in known {
            self.merge(younger, oldest);
        }
        oldest
    }

    fn merge(&mut self, younger: FlowId, into: FlowId) {
        let Some(place) = self.ring.iter().position(|flow| flow.id == younger) else {
            return;
        };
        let Some(taken) = self.ring.remove(place) else {
            return;
        };
        for tie in &taken.ties {
            self.by_tie.insert(tie.clone(), into);
        }
        if let Some(flow) = self.ring.iter_mut().find(|flow| flow.id == into) {
            flow.absorb(taken);
        }
    }

    fn forget_oldest(&mut self, capacity: usize) {
        while self.ring.len() > capacity {
            if let Some(gone) = self.ring.pop_front() {
                for tie in &gone.ties {
                    self.by_tie.remove(tie);
                }
            }
        }
    }
}
