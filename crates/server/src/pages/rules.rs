//! The rule catalogue as pages (`/rules`, `/rules/{id}`): where `error_uri` leads.

use super::brand::Brand;
use super::response::Kind;
use super::site::Frame;
use askama::Template;
use axum::response::Response;
use valetkey_protocol::rule::{Answer, Rule, RuleInfo};

/// The rules of one endpoint.
struct Group {
    name: &'static str,
    rules: Vec<&'static RuleInfo>,
}

#[derive(Template)]
#[template(path = "rules.html")]
struct List<'a> {
    frame: Frame<'a>,
    groups: Vec<Group>,
    count: usize,
}

#[derive(Template)]
#[template(path = "rule.html")]
struct One<'a> {
    frame: Frame<'a>,
    rule: &'static RuleInfo,
    answer: &'static str,
}

/// Where a refusal by the rule is told, in plain words.
const fn answer(answer: Answer) -> &'static str {
    match answer {
        Answer::Page => {
            "On an error page, to the person. Never by a redirect, because the address to return to cannot be trusted."
        }
        Answer::Redirect => {
            "By a redirect to the app’s registered address, with the error in its query; in its fragment, where a token would stand there."
        }
        Answer::Json => "In a JSON body, to the app.",
        Answer::Challenge => "In a WWW-Authenticate header, to the app.",
        Answer::OAuthProblem => "In a form body with oauth_problem, to the app.",
        Answer::Local => "Nowhere on the wire: the app’s own library refused what it received.",
    }
}

fn groups() -> Vec<Group> {
    Rule::GROUPS
        .iter()
        .map(|(name, rules)| Group {
            name,
            rules: rules.iter().map(|rule| rule.info()).collect(),
        })
        .collect()
}

/// Renders the list.
#[must_use]
pub fn list(brand: &Brand) -> Response {
    let page = List {
        frame: Frame::new(brand),
        groups: groups(),
        count: Rule::ALL.len(),
    };
    super::send(&page, 200, Kind::Page)
}

/// Renders one rule; `None` when there is none with this id.
#[must_use]
pub fn one(brand: &Brand, id: &str) -> Option<Response> {
    let rule = Rule::from_id(id)?.info();
    let page = One {
        frame: Frame::new(brand),
        rule,
        answer: answer(rule.answer),
    };
    Some(super::send(&page, 200, Kind::Page))
}
