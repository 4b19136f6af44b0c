//! The integration tests, one binary. Folders mirror the server's URLs; `house` holds the checks on the source itself.

#[cfg(test)]
mod house;
