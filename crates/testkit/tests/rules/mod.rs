//! Rule coverage: every rule of the catalogue refuses a real request that violates it, with the answer that the
//! catalogue promises, and is found satisfied by a real request that keeps it. Both lists are an exhaustive `match`: a
//! rule without a case does not compile. The areas of OpenID Connect have files of their own; a rule that their file does not
//! know fails the test.

mod accounts;
mod apis;
mod clients;
mod factors;
mod flows;
mod logout;
mod oauth1;
mod openid;
mod register;
mod relying_party;
mod satisfied;
mod stage;
mod tokens;
mod upstream;
mod violated;

use stage::Stage;
use valetkey_protocol::rule::Rule;

#[tokio::test]
async fn every_rule_refuses_what_violates_it() {
    let mut wrong = Vec::new();
    for rule in Rule::ALL.iter().copied() {
        let stage = Stage::for_rule(rule).await;
        let answer = violated::violation(rule)(&stage).await;
        if !stage.has_seen_refusal_by(rule).await {
            let what =
                answer.map(|answer| format!("{} {:?} {}", answer.status, answer.location(), answer.error()));
            wrong.push(format!("{rule:?} did not refuse: {what:?}"));
        } else if let Some(complaint) = answer.and_then(|answer| stage::complaint(rule, &answer)) {
            wrong.push(format!("{rule:?}: {complaint}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test]
async fn every_rule_is_satisfied_by_a_good_request() {
    let passed = Box::pin(satisfied::passed_by_good_requests()).await;
    let mut wrong = Vec::new();
    for rule in Rule::ALL.iter().copied() {
        match satisfied::satisfaction(rule) {
            satisfied::Satisfaction::Recorded if !passed.contains(&rule) => {
                wrong.push(format!("{rule:?} was never recorded as satisfied"));
            }
            satisfied::Satisfaction::Recorded => {}
            satisfied::Satisfaction::Answered(story) => {
                let stage = Stage::for_rule(rule).await;
                story(&stage).await;
                if stage.has_seen_refusal_by(rule).await {
                    wrong.push(format!("{rule:?} refused a good request"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
