//! The integration tests, one binary. Folders mirror the server's URLs; `rules` violates and satisfies every rule of
//! the catalogue, `wire` is about connections, `process` kills the real binary, `postgres` is about several nodes over one
//! database, `operations` is what an operator relies on, `house` reads the source itself.

#[cfg(test)]
mod account;
#[cfg(test)]
mod accounts;
#[cfg(test)]
mod assertions;
#[cfg(test)]
mod attacks;
#[cfg(test)]
mod authorize;
#[cfg(test)]
mod consent;
#[cfg(test)]
mod device;
#[cfg(test)]
mod device_authorization;
#[cfg(test)]
mod exchange;
#[cfg(test)]
mod factors;
#[cfg(test)]
mod history;
#[cfg(test)]
mod house;
#[cfg(test)]
mod implicit;
#[cfg(test)]
mod introspect;
#[cfg(test)]
mod login;
#[cfg(test)]
mod logout;
#[cfg(test)]
mod metadata;
#[cfg(test)]
mod model;
#[cfg(test)]
mod oauth1;
#[cfg(test)]
mod openid;
#[cfg(test)]
mod operations;
#[cfg(test)]
mod outbox;
#[cfg(test)]
mod password;
#[cfg(test)]
mod postgres;
#[cfg(test)]
mod process;
#[cfg(test)]
mod register;
#[cfg(test)]
mod revoke;
#[cfg(test)]
mod rules;
#[cfg(test)]
mod token;
#[cfg(test)]
mod upstream;
#[cfg(test)]
mod userinfo;
#[cfg(test)]
mod wire;

/// The JWT with one character of its signature changed.
#[cfg(test)]
fn bent(token: &str) -> String {
    let (start, signature) = token.rsplit_once('.').expect("a JWT has parts");
    let first = if signature.starts_with('A') { 'B' } else { 'A' };
    format!("{start}.{first}{}", signature.get(1..).unwrap_or_default())
}
