//! The grant's state machine, every interleaving of it: requests that redeem, refresh, repeat, replay, steal, revoke and
//! sign out, between whose reading and writing others read and write, with a server that dies at any moment and a clock
//! that goes on. See `docs/decisions/0037-the-model-check-calls-the-rules.md`.

mod grant;
mod samples;

use grant::{Caller, Grants, Row, Verbs};
use stateright::{Checker as _, HasDiscoveries, Model as _, Property};
use std::collections::BTreeSet;

const ONE_REDEMPTION: &str = "at most one redemption ever wins";
const ONE_SUCCESSOR: &str = "each generation is replaced at most once";
const THE_END_IS_THE_END: &str = "what is revoked stays revoked";
const NOTHING_AFTER_THE_END: &str = "who asks after an acknowledged revocation is given nothing";
const REPLAYS_END_IT: &str = "a replay that was answered has ended the grant";
const ANSWERED: &str = "every request comes to an end";

fn properties() -> Vec<Property<Grants>> {
    vec![
        Property::<Grants>::always(ONE_REDEMPTION, |_, world| world.redeemed <= 1),
        Property::<Grants>::always(ONE_SUCCESSOR, |_, world| {
            world.successors.iter().all(|&count| count <= 1)
        }),
        Property::<Grants>::always("tokens are those of the next generation", |_, world| {
            !world.seen.wrong_successor
        }),
        Property::<Grants>::always(THE_END_IS_THE_END, |_, world| {
            !world.seen.revival && (!world.end_is_known || world.row.is_revoked())
        }),
        Property::<Grants>::always(NOTHING_AFTER_THE_END, |_, world| !world.seen.issued_after_the_end),
        Property::<Grants>::always(REPLAYS_END_IT, |_, world| !world.seen.unpunished_replay),
        Property::<Grants>::always("another client gets nothing and ends nothing", |_, world| {
            !world.seen.thief_served
        }),
        Property::<Grants>::always("a few tries are enough for every race", |_, world| {
            !world.seen.busy
        }),
        Property::<Grants>::eventually(ANSWERED, |_, world| {
            world.asks_left == 0 && world.callers.iter().all(|caller| *caller == Caller::Idle)
        }),
        Property::<Grants>::sometimes("somebody gets tokens", |_, world| world.seen.tokens),
        Property::<Grants>::sometimes("a lost answer is repeated", |_, world| world.seen.repeat),
        Property::<Grants>::sometimes("a race is lost", |_, world| world.seen.lost_race),
        Property::<Grants>::sometimes("a replay is found", |_, world| world.seen.replay),
        Property::<Grants>::sometimes("somebody comes too late", |_, world| world.seen.expired),
        Property::<Grants>::sometimes("an end is acknowledged", |_, world| world.end_is_known),
    ]
}

/// Three callers, from the code on.
fn from_the_code(verbs: Verbs) -> Grants {
    let policy = samples::policy();
    let grant = samples::grant(&policy);
    Grants {
        verbs,
        start: Row(grant.state.clone()),
        callers: 3,
        asks: 3,
        crashes: 1,
        moments: &[5, 61],
        policy,
        grant,
    }
}

/// Three callers, when refresh tokens of two generations are out.
fn once_refreshed(verbs: Verbs) -> Grants {
    Grants {
        start: Row(samples::refreshed(&samples::policy())),
        moments: &[5, 20, 301],
        ..from_the_code(verbs)
    }
}

/// The properties that do not hold, as far as the first run that breaks one tells.
fn broken(model: Grants) -> BTreeSet<&'static str> {
    let checker = model
        .checker()
        .finish_when(HasDiscoveries::AnyFailures)
        .spawn_bfs()
        .join();
    let must_hold: BTreeSet<_> = properties()
        .iter()
        .filter(|property| property.expectation.discovery_is_failure())
        .map(|property| property.name)
        .collect();
    let found: BTreeSet<_> = checker.discoveries().into_keys().collect();
    &found & &must_hold
}

fn holds(model: Grants, least: usize) {
    let checker = model.checker().threads(2).spawn_bfs().join();
    assert!(checker.is_done());
    assert!(
        checker.unique_state_count() > least,
        "{}",
        checker.unique_state_count()
    );
    checker.assert_properties();
}

#[test]
fn from_the_code_on_no_interleaving_redeems_twice_or_outlives_its_end() {
    holds(from_the_code(Verbs::CompareAndSet), 10_000);
}

#[test]
fn once_refreshed_no_interleaving_forks_the_generations_or_outlives_its_end() {
    holds(once_refreshed(Verbs::CompareAndSet), 10_000);
}

#[test]
fn a_redemption_that_reads_and_then_writes_is_found_out() {
    let found = broken(from_the_code(Verbs::RedeemReadThenWrite));
    assert!(
        found.contains(ONE_REDEMPTION) || found.contains(THE_END_IS_THE_END),
        "{found:?}"
    );
}

#[test]
fn a_rotation_that_reads_and_then_writes_is_found_out() {
    let found = broken(once_refreshed(Verbs::RotateReadThenWrite));
    assert!(
        found.contains(ONE_SUCCESSOR) || found.contains(THE_END_IS_THE_END),
        "{found:?}"
    );
}

#[test]
fn a_revocation_that_forgets_itself_in_a_race_is_found_out() {
    let found = broken(once_refreshed(Verbs::RevokeForgets));
    assert!(
        found.contains(REPLAYS_END_IT) || found.contains(THE_END_IS_THE_END),
        "{found:?}"
    );
}
