//! The integration tests, one binary. Folders mirror the server's URLs; `rules` violates and satisfies every rule of
//! the catalogue, `wire` is about connections, `process` kills the real binary,
//! `operations` is what an operator relies on, `house` reads the source itself.

#[cfg(test)]
mod account;
#[cfg(test)]
mod attacks;
#[cfg(test)]
mod authorize;
#[cfg(test)]
mod consent;
#[cfg(test)]
mod house;
#[cfg(test)]
mod introspect;
#[cfg(test)]
mod login;
#[cfg(test)]
mod metadata;
#[cfg(test)]
mod operations;
#[cfg(test)]
mod process;
#[cfg(test)]
mod revoke;
#[cfg(test)]
mod rules;
#[cfg(test)]
mod token;
#[cfg(test)]
mod userinfo;
#[cfg(test)]
mod wire;
