//! The list of every rule.
use super::RuleInfo;
/// (being written)
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the catalogue's entry says it")]
pub enum Rule {
    Placeholder,
}
impl Rule {
    /// What the catalogue knows.
    #[must_use]
    pub const fn info(self) -> &'static RuleInfo {
        &RuleInfo {
            id: "",
            spec: "",
            url: "",
            error: super::ErrorCode::InvalidRequest,
            status: 400,
            answer: super::Answer::Json,
            says: "",
            fix: "",
        }
    }
}
