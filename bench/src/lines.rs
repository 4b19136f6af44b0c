//! The lines of the table, and what each must reach.

use crate::workloads::Kind;

/// What a line is compared with for its target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Against {
    Bare,
    Signed,
    Peer,
}

/// A line with a rate.
#[derive(Debug, Clone, Copy)]
pub struct Line {
    pub id: &'static str,
    pub title: &'static str,
    pub kind: Kind,
    /// At least so much of it.
    pub target: Option<(f64, Against)>,
    /// Whether the peer can do the same.
    pub peer: bool,
}

const fn line(id: &'static str, title: &'static str, kind: Kind) -> Line {
    Line {
        id,
        title,
        kind,
        target: None,
        peer: true,
    }
}

/// All of them but logins, the store and the start.
pub const LINES: [Line; 12] = [
    Line {
        target: Some((0.80, Against::Signed)),
        ..line("W1", "client_credentials, JWT by ES256", Kind::ServiceJwt)
    },
    line("W1", "client_credentials, JWT by RS256", Kind::ServiceRs256),
    line("W1", "client_credentials, opaque", Kind::ServiceOpaque),
    Line {
        target: Some((5.0, Against::Peer)),
        ..line("W2", "refresh with rotation, ES256 ID token", Kind::RefreshEs256)
    },
    line("W2", "refresh with rotation, RS256 ID token", Kind::RefreshRs256),
    Line {
        target: Some((8.0, Against::Peer)),
        ..line("W3", "code + PKCE flow, signed in", Kind::Flow)
    },
    Line {
        target: Some((0.60, Against::Bare)),
        ..line("W4", "introspection, opaque token", Kind::IntrospectOpaque)
    },
    Line {
        peer: false,
        ..line("W4", "introspection, JWT of a grant", Kind::IntrospectJwt)
    },
    Line {
        target: Some((0.35, Against::Bare)),
        ..line("W5", "userinfo, JWT (peer: opaque)", Kind::Userinfo)
    },
    Line {
        target: Some((0.60, Against::Bare)),
        ..line("W7", "discovery", Kind::Discovery)
    },
    line("W7", "JWKS", Kind::Jwks),
    Line {
        peer: false,
        ..line("W8", "OAuth 1.0a signed call", Kind::SignedCall)
    },
];
