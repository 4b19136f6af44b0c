//! What a client holds of one grant.

use crate::app::Code;

/// See the module.
#[derive(Debug, Clone, Default)]
pub struct Held {
    /// The client's own name of it.
    pub name: String,
    /// The code, as long as no tokens came for it.
    pub code: Option<Code>,
    /// The generation of the refresh token.
    pub generation: u32,
    /// The refresh token; empty before the code is redeemed.
    pub refresh: String,
    /// The access token.
    pub access: String,
    /// Earlier refresh tokens with their generations, the latest last.
    pub earlier: Vec<(u32, String)>,
    /// Whether the client was told that it is over.
    pub is_over: bool,
}

/// More are not needed to replay one.
const EARLIER: usize = 3;

impl Held {
    /// Takes over what a refresh gave.
    pub(super) fn moves_on(&mut self, refresh: String, access: String) {
        if !self.refresh.is_empty() {
            let before = std::mem::replace(&mut self.refresh, refresh);
            self.earlier.push((self.generation, before));
            if self.earlier.len() > EARLIER {
                self.earlier.remove(0);
            }
        } else {
            self.refresh = refresh;
            self.code = None;
        }
        self.generation += 1;
        self.access = access;
    }
}
