//! The model: one grant's row, and callers whose requests interleave between loading the row and committing to it.
//!
//! What is decided is decided by the product: `authorization_code::decide` and `lost_race`, `refresh_token::decide`,
//! `revoke::decide`, and the transitions of [`Grant`]. Only the row is the model's own: a compare-and-set in memory, as
//! the contract suite wants it of a store.

use super::samples::{self, START};
use stateright::{Model, Property};
use std::hash::{Hash, Hasher};
use valetkey_model::Grant;
use valetkey_model::grant::{Active, GrantState, RevokedWhy};
use valetkey_protocol::rule::{Refusal, Rule, Trail};
use valetkey_protocol::time::Timestamp;
use valetkey_rules::policy::Policy;
use valetkey_rules::revoke::{self, Shown};
use valetkey_rules::token::{Facts, authorization_code, refresh_token};

/// As many as the server's token endpoint.
const MOST_TRIES: usize = 4;

/// Where the grant stands, as the store has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Row(pub(super) GrantState);

impl Hash for Row {
    fn hash<H: Hasher>(&self, to: &mut H) {
        match &self.0 {
            GrantState::CodeIssued(issued) => (0_u8, issued.code_expires_at.0).hash(to),
            GrantState::Active(active) => {
                (
                    1_u8,
                    active.generation,
                    active.rotated_at.0,
                    active.idle_expires_at.0,
                )
                    .hash(to);
            }
            GrantState::Revoked { why, at } => (2_u8, why.as_str(), at.0).hash(to),
        }
    }
}

impl Row {
    pub(super) const fn is_revoked(&self) -> bool {
        matches!(self.0, GrantState::Revoked { .. })
    }
}

/// What a caller asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Ask {
    /// `POST /token` with the code.
    Redeem,
    /// `POST /token` with the refresh token of this generation.
    Refresh(u32),
    /// The same by another client, which should not have it.
    Steal(u32),
    /// `POST /revoke` with a refresh token.
    Revoke,
    /// The person signs out, and the session's grants end with it.
    SignOut,
}

/// What a caller is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Answer {
    /// Tokens, the refresh token of this generation among them.
    Tokens(u32),
    /// It is revoked, or there was nothing to revoke.
    Ended,
    /// A refusal, by this rule.
    Refused(&'static str),
    /// Races without an end.
    Busy,
}

/// How far a caller's request is.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Caller {
    Idle,
    /// The server has read the row and not yet committed; whether everybody had been told of the end before.
    Loaded {
        ask: Ask,
        row: Row,
        at: Timestamp,
        tries: usize,
        after_the_end: bool,
    },
    /// It is committed, and the answer is on its way.
    Answering {
        ask: Ask,
        answer: Answer,
    },
}

/// How the store's verbs compare.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verbs {
    /// With the row as it is when it is written.
    CompareAndSet,
    /// `redeem_code` with the row as it was when it was read.
    RedeemReadThenWrite,
    /// `rotate_refresh` so.
    RotateReadThenWrite,
    /// `revoke_grant` answers, and does nothing when somebody else wrote meanwhile.
    RevokeForgets,
}

/// Everything, with what happened so far as far as the properties ask for it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct World {
    pub(super) row: Row,
    pub(super) now: Timestamp,
    pub(super) callers: Vec<Caller>,
    pub(super) asks_left: u8,
    crashes_left: u8,
    ticks: usize,
    /// The latest generation whose refresh token somebody may hold.
    known: u32,
    pub(super) redeemed: u8,
    /// How often each generation was replaced, the code being the zeroth.
    pub(super) successors: Vec<u8>,
    /// Somebody was told that the grant is over.
    pub(super) end_is_known: bool,
    pub(super) seen: Seen,
}

/// What must not be seen, and what should.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub(super) struct Seen {
    pub(super) issued_after_the_end: bool,
    pub(super) wrong_successor: bool,
    pub(super) revival: bool,
    pub(super) unpunished_replay: bool,
    pub(super) thief_served: bool,
    pub(super) busy: bool,
    pub(super) tokens: bool,
    pub(super) repeat: bool,
    pub(super) lost_race: bool,
    pub(super) replay: bool,
    pub(super) expired: bool,
}

/// One step of somebody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Step {
    /// The request of a caller arrives, and the server reads the row.
    Load(usize, Ask),
    /// The server commits what it decided.
    Commit(usize),
    /// The answer arrives.
    Deliver(usize),
    /// The server dies with the request: before the verb nothing has happened, after it the answer is lost.
    Crash(usize),
    /// Time passes.
    Tick,
}

/// How large the world is.
#[derive(Debug, Clone)]
pub(super) struct Grants {
    pub(super) verbs: Verbs,
    pub(super) start: Row,
    pub(super) callers: usize,
    pub(super) asks: u8,
    pub(super) crashes: u8,
    /// The moments that time goes through, in seconds after the start.
    pub(super) moments: &'static [i64],
    pub(super) policy: Policy,
    pub(super) grant: Grant,
}

impl Grants {
    fn grant_at(&self, row: &Row) -> Grant {
        Grant {
            state: row.0.clone(),
            ..self.grant.clone()
        }
    }

    /// Carries out one decision, on the row as it is now.
    fn commit(&self, world: &mut World, who: usize) {
        let Caller::Loaded {
            ask,
            row,
            at,
            tries,
            after_the_end,
        } = world.callers[who].clone()
        else {
            return;
        };
        let tried = self.carry_out(world, ask, &row, at);
        let answer = match tried {
            Ok(answer) => answer,
            Err(()) if tries + 1 >= MOST_TRIES => Answer::Busy,
            Err(()) => {
                world.seen.lost_race = true;
                world.callers[who] = Caller::Loaded {
                    ask,
                    row: world.row.clone(),
                    at,
                    tries: tries + 1,
                    after_the_end,
                };
                return;
            }
        };
        world.note(ask, answer, after_the_end);
        world.callers[who] = Caller::Answering { ask, answer };
    }

    /// `Err` when a race was lost, and is to be decided again.
    fn carry_out(&self, world: &mut World, ask: Ask, loaded: &Row, at: Timestamp) -> Result<Answer, ()> {
        let grant = self.grant_at(loaded);
        match ask {
            Ask::Redeem => Ok(self.redeem(world, &grant, loaded, at)),
            Ask::Refresh(generation) | Ask::Steal(generation) => {
                let client = match ask {
                    Ask::Steal(_) => samples::other_client(),
                    _ => samples::client(),
                };
                let facts = Facts {
                    client: &client,
                    grant: Some(&grant),
                };
                let request = samples::refresh_request();
                let trail = &mut Trail::off();
                let outcome = refresh_token::decide(&request, generation, &facts, &self.policy, at, trail);
                self.refresh(world, outcome, loaded, at)
            }
            Ask::Revoke => {
                let shown = Shown::Refresh(Some(&grant));
                match revoke::decide(shown, &samples::client(), &mut Trail::off()) {
                    revoke::Outcome::RevokeGrant(_) => self.revoke(world, loaded, RevokedWhy::ByClient, at),
                    revoke::Outcome::Nothing => {}
                    other => panic!("a client's own refresh token: {other:?}"),
                }
                Ok(Answer::Ended)
            }
            Ask::SignOut => {
                self.revoke(world, loaded, RevokedWhy::SignedOut, at);
                Ok(Answer::Ended)
            }
        }
    }

    fn redeem(&self, world: &mut World, grant: &Grant, loaded: &Row, at: Timestamp) -> Answer {
        let client = samples::client();
        let facts = Facts {
            client: &client,
            grant: Some(grant),
        };
        let request = samples::code_request();
        let trail = &mut Trail::off();
        let mut outcome = authorization_code::decide(&request, &facts, &self.policy, at, trail);
        if let authorization_code::Outcome::Redeem { active, .. } = outcome {
            let compared = match self.verbs {
                Verbs::RedeemReadThenWrite => loaded,
                _ => &world.row,
            };
            if matches!(compared.0, GrantState::CodeIssued(_)) {
                world.write(self.grant_at(&world.row).redeemed(active), 0);
                return Answer::Tokens(active.generation);
            }
            world.seen.lost_race = true;
            outcome = authorization_code::lost_race(&self.grant_at(&world.row));
        }
        match outcome {
            authorization_code::Outcome::RevokeGrant { why, refusal } => {
                self.revoke(world, loaded, why, at);
                refused(&refusal)
            }
            authorization_code::Outcome::Refuse(refusal) => refused(&refusal),
            authorization_code::Outcome::Redeem { .. } => panic!("a lost race redeems nothing"),
        }
    }

    fn refresh(
        &self,
        world: &mut World,
        outcome: refresh_token::Outcome,
        loaded: &Row,
        at: Timestamp,
    ) -> Result<Answer, ()> {
        match outcome {
            refresh_token::Outcome::Refuse(refusal) => Ok(refused(&refusal)),
            refresh_token::Outcome::RevokeGrant { why, refusal } => {
                self.revoke(world, loaded, why, at);
                Ok(refused(&refusal))
            }
            refresh_token::Outcome::Repeat { generation, .. } => {
                world.seen.repeat = true;
                Ok(Answer::Tokens(generation))
            }
            refresh_token::Outcome::Rotate { from, next, .. } => {
                let compared = match self.verbs {
                    Verbs::RotateReadThenWrite => loaded,
                    _ => &world.row,
                };
                if generation_of(compared) != Some(from) {
                    return Err(());
                }
                world.write(self.grant_at(&world.row).redeemed(next), from);
                Ok(Answer::Tokens(next.generation))
            }
        }
    }

    fn revoke(&self, world: &mut World, loaded: &Row, why: RevokedWhy, at: Timestamp) {
        let is_forgotten = self.verbs == Verbs::RevokeForgets && world.row != *loaded;
        if !world.row.is_revoked() && !is_forgotten {
            world.row = Row(self.grant_at(&world.row).revoked(why, at).state);
        }
    }
}

fn generation_of(row: &Row) -> Option<u32> {
    match row.0 {
        GrantState::Active(Active { generation, .. }) => Some(generation),
        GrantState::CodeIssued(_) | GrantState::Revoked { .. } => None,
    }
}

fn refused(refusal: &Refusal) -> Answer {
    Answer::Refused(refusal.rule.info().id)
}

impl World {
    /// A compare-and-set was won: `from` is the generation that was replaced, 0 for the code.
    fn write(&mut self, grant: Grant, from: u32) {
        self.seen.revival |= self.row.is_revoked();
        self.row = Row(grant.state);
        self.redeemed += u8::from(from == 0);
        let from = from as usize;
        if self.successors.len() <= from {
            self.successors.resize(from + 1, 0);
        }
        self.successors[from] += 1;
    }

    /// What an answer says about the properties.
    fn note(&mut self, ask: Ask, answer: Answer, after_the_end: bool) {
        let seen = &mut self.seen;
        match answer {
            Answer::Tokens(generation) => {
                let shown = match ask {
                    Ask::Refresh(shown) | Ask::Steal(shown) => shown,
                    Ask::Redeem | Ask::Revoke | Ask::SignOut => 0,
                };
                seen.tokens = true;
                seen.wrong_successor |= generation != shown + 1;
                seen.issued_after_the_end |= after_the_end;
                seen.thief_served |= matches!(ask, Ask::Steal(_));
                self.known = self.known.max(generation);
            }
            Answer::Refused(rule) => {
                let is_replay = [Rule::CodeReplayed, Rule::RefreshTokenReused]
                    .iter()
                    .any(|replay| replay.info().id == rule);
                seen.replay |= is_replay;
                seen.unpunished_replay |= is_replay && !self.row.is_revoked();
                seen.thief_served |= is_replay && matches!(ask, Ask::Steal(_));
                seen.expired |= [Rule::CodeExpired, Rule::RefreshTokenExpired]
                    .iter()
                    .any(|late| late.info().id == rule);
            }
            Answer::Busy => seen.busy = true,
            Answer::Ended => {}
        }
    }
}

impl Model for Grants {
    type State = World;
    type Action = Step;

    fn init_states(&self) -> Vec<World> {
        let known = generation_of(&self.start).unwrap_or_default();
        vec![World {
            row: self.start.clone(),
            now: START,
            callers: vec![Caller::Idle; self.callers],
            asks_left: self.asks,
            crashes_left: self.crashes,
            ticks: 0,
            known,
            redeemed: 0,
            successors: Vec::new(),
            end_is_known: false,
            seen: Seen::default(),
        }]
    }

    fn actions(&self, world: &World, steps: &mut Vec<Step>) {
        // Callers are alike: of those who do nothing, the first one is the next to ask.
        let mut next_to_ask = world.asks_left > 0;
        for (who, caller) in world.callers.iter().enumerate() {
            match caller {
                Caller::Idle if next_to_ask => {
                    next_to_ask = false;
                    steps.extend([Ask::Redeem, Ask::SignOut].map(|ask| Step::Load(who, ask)));
                    for generation in 1..=world.known {
                        steps.push(Step::Load(who, Ask::Refresh(generation)));
                    }
                    // Of whichever generation, the answer is the same.
                    if world.known > 0 {
                        steps.extend([Ask::Steal(world.known), Ask::Revoke].map(|ask| Step::Load(who, ask)));
                    }
                }
                Caller::Idle => {}
                Caller::Loaded { .. } => steps.push(Step::Commit(who)),
                Caller::Answering { .. } => steps.push(Step::Deliver(who)),
            }
            if *caller != Caller::Idle && world.crashes_left > 0 {
                steps.push(Step::Crash(who));
            }
        }
        if world.ticks < self.moments.len() {
            steps.push(Step::Tick);
        }
    }

    fn next_state(&self, world: &World, step: Step) -> Option<World> {
        let mut next = world.clone();
        match step {
            Step::Load(who, ask) => {
                next.asks_left -= 1;
                next.callers[who] = Caller::Loaded {
                    ask,
                    row: world.row.clone(),
                    at: world.now,
                    tries: 0,
                    after_the_end: world.end_is_known,
                };
            }
            Step::Commit(who) => self.commit(&mut next, who),
            Step::Deliver(who) => {
                if let Caller::Answering { answer, .. } = &world.callers[who] {
                    next.end_is_known |= *answer == Answer::Ended;
                }
                next.callers[who] = Caller::Idle;
            }
            Step::Crash(who) => {
                next.crashes_left -= 1;
                next.callers[who] = Caller::Idle;
            }
            Step::Tick => {
                next.now = START.plus_seconds(self.moments[world.ticks]);
                next.ticks += 1;
            }
        }
        Some(next)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        super::properties()
    }
}
