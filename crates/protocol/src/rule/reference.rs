//! Writes `docs/reference/rules.md` from the catalogue, so that the page cannot say anything else.

use super::{Answer, Rule};
use std::fmt::Write;

/// The reference page of all rules, in Markdown.
#[must_use]
pub fn reference_markdown() -> String {
    let mut page = String::from(
        "# Rules\n\n\
         Every check by which Valetkey can refuse a request. The id of the rule stands on error pages, in log lines\n\
         and in the flow inspector. This page is generated from the catalogue in `crates/protocol/src/rule/`.\n\n\
         An answer that is a redirect with an error waits until the person has signed in, so that nobody can use this\n\
         server to send people elsewhere; a silent request (`prompt=none`) is answered at once (RFC 9700 §4.11.2).\n",
    );
    for (title, rules) in Rule::GROUPS {
        // Writing to a String cannot fail.
        let _ = write!(page, "\n## {title}\n");
        for rule in *rules {
            write_rule(&mut page, *rule);
        }
    }
    page
}

fn write_rule(page: &mut String, rule: Rule) {
    let info = rule.info();
    let _ = write!(
        page,
        "\n### {}\n\n{}\n\n- Spec: [{}]({})\n- Answer: {}\n- What to do: {}\n",
        info.id,
        info.says,
        info.spec,
        info.url,
        answer(rule),
        info.fix,
    );
}

fn answer(rule: Rule) -> String {
    let info = rule.info();
    match info.answer {
        Answer::Page => format!("an error page, status {}, `{}`", info.status, info.error),
        Answer::Redirect => format!("a redirect to the client with `error={}`", info.error),
        Answer::Json => format!("status {} with `\"error\": \"{}\"`", info.status, info.error),
        // RFC 6750 §3.1: a request without any token gets no error code.
        Answer::Challenge if rule == Rule::BearerTokenMissing => {
            format!(
                "status {} with a `WWW-Authenticate` challenge without error code",
                info.status
            )
        }
        Answer::Challenge => format!(
            "status {} with a `WWW-Authenticate` challenge, `error=\"{}\"`",
            info.status, info.error
        ),
        Answer::OAuthProblem => format!("status {} with `oauth_problem={}`", info.status, info.error),
        Answer::Local => "none: the client does not go on".to_owned(),
    }
}
