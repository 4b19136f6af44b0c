//! By what a person can sign in, counted. Nobody is to lock themselves out: whatever removes one looks at what is left.

/// The ways to sign in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct WaysIn {
    /// Whether there is a password.
    pub has_password: bool,
    /// How many passkeys there are.
    pub passkeys: usize,
    /// How many accounts at providers that sign people in here.
    pub links: usize,
}

impl WaysIn {
    /// Whether there is one at all.
    #[must_use]
    pub const fn is_any(self) -> bool {
        self.has_password || self.passkeys > 0 || self.links > 0
    }
}
