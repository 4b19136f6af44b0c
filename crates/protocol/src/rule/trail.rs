//! The trail of checks that a request went through. Off, it records nothing and allocates nothing.

use super::{Refusal, Rule};
use serde::Serialize;

/// One check that was made, and how it came out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// The rule that was checked.
    pub rule: Rule,
    /// `None` when the rule was satisfied.
    pub refused: Option<Refusal>,
}

impl Serialize for Check {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeStruct;
        let info = self.rule.info();
        let mut out = serializer.serialize_struct("Check", 5)?;
        out.serialize_field("rule", info.id)?;
        out.serialize_field("spec", info.spec)?;
        out.serialize_field("accepted", &self.refused.is_none())?;
        out.serialize_field("expected", &self.refused.as_ref().map(|r| r.expected.as_str()))?;
        out.serialize_field("received", &self.refused.as_ref().map(|r| r.received.as_str()))?;
        out.end()
    }
}

/// Collects [`Check`]s while a request is decided.
#[derive(Debug, Default)]
pub struct Trail {
    checks: Option<Vec<Check>>,
}

impl Trail {
    /// A trail that records nothing.
    #[must_use]
    pub const fn off() -> Self {
        Self { checks: None }
    }

    /// A trail that records every check.
    #[must_use]
    pub fn recording() -> Self {
        Self {
            checks: Some(Vec::with_capacity(16)),
        }
    }

    /// Checks a rule: records it as satisfied when `holds`, else refuses with (expected, received).
    /// The closure runs only on refusal.
    pub fn require(
        &mut self,
        rule: Rule,
        holds: bool,
        why: impl FnOnce() -> (String, String),
    ) -> Result<(), Refusal> {
        if holds {
            self.passed(rule);
            return Ok(());
        }
        let (expected, received) = why();
        Err(self.refuse(Refusal::new(rule, expected, received)))
    }

    /// Records that a rule was satisfied.
    pub fn passed(&mut self, rule: Rule) {
        if let Some(checks) = &mut self.checks {
            checks.push(Check { rule, refused: None });
        }
    }

    /// Records a refusal and hands it back.
    #[must_use = "a recorded refusal must also be answered"]
    pub fn refuse(&mut self, refusal: Refusal) -> Refusal {
        if let Some(checks) = &mut self.checks {
            checks.push(Check {
                rule: refusal.rule,
                refused: Some(refusal.clone()),
            });
        }
        refusal
    }

    /// The checks so far, in order; empty when nothing is recorded.
    #[must_use]
    pub fn into_checks(self) -> Vec<Check> {
        self.checks.unwrap_or_default()
    }
}
