//! What a history may be accused of.

use super::super::reading::Attempt;
use std::fmt::{Display, Formatter, Result};

/// What must not be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// One code was redeemed with success more than once.
    CodeRedeemedTwice,
    /// One refresh token got two different successors.
    TwoSuccessors,
    /// A refresh token was accepted again after the time for a retry.
    AcceptedAfterWindow,
    /// A refresh token was accepted although its successor had been used.
    OldGenerationAccepted,
    /// A refresh token that was replaced is said to count.
    ReplacedSaidActive,
    /// Something of a grant was accepted after its end was acknowledged.
    AcceptedAfterRevocation,
    /// An access token counts again that did not count any more.
    CameBack,
    /// What was acknowledged is unknown, or over although nobody ended it.
    GrantLost,
    /// A session that was acknowledged is gone.
    SessionLost,
    /// A consent that was acknowledged is gone.
    ConsentLost,
    /// Two grants were given the same code or token.
    TokenOfTwoGrants,
    /// A refusal that nothing explains.
    UnexplainedRefusal,
    /// An answer that is no success, no refusal and no clean "later".
    UncleanAnswer,
    /// No answer at all within the client's patience.
    NoAnswer,
}

impl Kind {
    /// Whether it is what clients see when a store forgets what it has acknowledged.
    #[must_use]
    pub const fn is_loss(self) -> bool {
        matches!(self, Self::GrantLost | Self::AcceptedAfterRevocation)
    }

    /// The sentence.
    #[must_use]
    pub const fn says(self) -> &'static str {
        match self {
            Self::CodeRedeemedTwice => "a code was redeemed twice",
            Self::TwoSuccessors => "a refresh token got two different successors",
            Self::AcceptedAfterWindow => "a refresh token was accepted after the time for a retry",
            Self::OldGenerationAccepted => "a refresh token was accepted whose successor had been used",
            Self::ReplacedSaidActive => "a refresh token that was replaced is said to count",
            Self::AcceptedAfterRevocation => "accepted after the end of the grant was acknowledged",
            Self::CameBack => "an access token counts again that did not count any more",
            Self::GrantLost => "an acknowledged grant is lost",
            Self::SessionLost => "an acknowledged session is lost",
            Self::ConsentLost => "an acknowledged consent is lost",
            Self::TokenOfTwoGrants => "two grants were given the same token",
            Self::UnexplainedRefusal => "a refusal that nothing explains",
            Self::UncleanAnswer => "an answer that is no success, no refusal and no clean \"later\"",
            Self::NoAnswer => "no answer within the client's patience",
        }
    }
}

/// An accusation, with the attempts that prove it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// Of what.
    pub kind: Kind,
    /// About which grant; empty when about none.
    pub grant: String,
    /// What was seen.
    pub what: String,
    /// The attempts, as `file#number`.
    pub attempts: Vec<String>,
}

impl Violation {
    pub(super) fn new(kind: Kind, what: impl Into<String>, attempts: &[&Attempt]) -> Self {
        Self {
            kind,
            grant: attempts
                .first()
                .map(|attempt| attempt.grant.clone())
                .unwrap_or_default(),
            what: what.into(),
            attempts: attempts.iter().map(|attempt| attempt.name.clone()).collect(),
        }
    }
}

impl Display for Violation {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        write!(f, "{}", self.kind.says())?;
        if !self.grant.is_empty() {
            write!(f, ", grant {}", self.grant)?;
        }
        write!(f, ": {} [{}]", self.what, self.attempts.join(", "))
    }
}
