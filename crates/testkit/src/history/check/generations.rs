//! A code is redeemed once. A refresh token has one successor, which it gets again only as long as a retry is allowed and
//! the successor was not used.

use super::super::reading::Attempt;
use super::super::record::{Given, Outcome, Verb};
use super::story::Story;
use super::violation::{Kind, Violation};
use std::collections::BTreeMap;

pub(super) fn check(story: &Story<'_>, found: &mut Vec<Violation>) {
    let redeemed: Vec<&Attempt> = story.done(Verb::Redeem).map(|(attempt, _)| attempt).collect();
    if redeemed.len() > 1 {
        let what = format!("{} times", redeemed.len());
        found.push(Violation::new(Kind::CodeRedeemedTwice, what, &redeemed));
    }
    let mut by_generation: BTreeMap<u32, Vec<(&Attempt, &Given)>> = BTreeMap::new();
    for (attempt, given) in story.done(Verb::Refresh) {
        by_generation
            .entry(attempt.generation)
            .or_default()
            .push((attempt, given));
    }
    for (generation, accepted) in &by_generation {
        successors(*generation, accepted, found);
        window(story, *generation, accepted, found);
    }
    order(story, found);
    replaced(story, found);
}

fn successors(generation: u32, accepted: &[(&Attempt, &Given)], found: &mut Vec<Violation>) {
    let Some(((first, given), others)) = accepted.split_first() else {
        return;
    };
    if let Some((other, _)) = others.iter().find(|(_, other)| other.token != given.token) {
        let what = format!("generation {generation}");
        found.push(Violation::new(Kind::TwoSuccessors, what, &[first, other]));
    }
}

fn window(story: &Story<'_>, generation: u32, accepted: &[(&Attempt, &Given)], found: &mut Vec<Violation>) {
    let first = accepted
        .iter()
        .map(|(attempt, _)| attempt)
        .min_by_key(|attempt| attempt.told_at);
    let Some(first) = first else { return };
    let until = first.told_at + story.window() + story.slack();
    if let Some((late, _)) = accepted.iter().find(|(attempt, _)| attempt.asked_at > until) {
        let what = format!("generation {generation}");
        found.push(Violation::new(Kind::AcceptedAfterWindow, what, &[late, first]));
    }
}

fn order(story: &Story<'_>, found: &mut Vec<Violation>) {
    for (late, _) in story.done(Verb::Refresh) {
        let used = story
            .done(Verb::Refresh)
            .find(|(other, _)| other.generation > late.generation && other.told_at < late.asked_at);
        if let Some((used, _)) = used {
            let what = format!("generation {} after {}", late.generation, used.generation);
            found.push(Violation::new(Kind::OldGenerationAccepted, what, &[late, used]));
        }
    }
}

fn replaced(story: &Story<'_>, found: &mut Vec<Violation>) {
    for shown in story.of(Verb::IntrospectRefresh) {
        let used = story
            .done(Verb::Refresh)
            .find(|(other, _)| other.generation >= shown.generation && other.told_at < shown.asked_at);
        if let (Outcome::Active, Some((used, _))) = (&shown.outcome, used) {
            let what = format!("generation {}", shown.generation);
            found.push(Violation::new(Kind::ReplacedSaidActive, what, &[shown, used]));
        }
    }
}
