//! How many files the process may open: each connection is one. Systems start processes with a low limit that they may
//! raise themselves, up to another one that they may not.

/// What the store, the log and the server's own requests need beside connections.
const OTHERS: u64 = 256;

/// Raises the limit for so many connections, as far as the system allows; says when that is not enough.
#[cfg(unix)]
pub(crate) fn raise_for(connections: usize) {
    use rustix::process::{Resource, getrlimit, setrlimit};
    let needed = u64::try_from(connections)
        .unwrap_or(u64::MAX)
        .saturating_add(OTHERS);
    let mut limit = getrlimit(Resource::Nofile);
    // No limit at all is `None`.
    if limit.current.is_none_or(|current| current >= needed) {
        return;
    }
    let before = limit.current;
    let wanted = limit.maximum.map_or(needed, |most| most.min(needed));
    limit.current = Some(wanted).max(before);
    match setrlimit(Resource::Nofile, limit) {
        Ok(()) if wanted >= needed => tracing::debug!(files = wanted, "the limit of open files was raised"),
        raised => tracing::warn!(
            files = if raised.is_ok() { limit.current } else { before },
            needed,
            "the process may open too few files for [server] connections: raise its limit (LimitNOFILE of the \
             service), or lower that number"
        ),
    }
}

/// Other systems have no such limit.
#[cfg(not(unix))]
pub(crate) fn raise_for(_connections: usize) {}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use rustix::process::{Resource, getrlimit};

    #[test]
    fn the_limit_is_raised_as_far_as_it_may_be_and_never_lowered() {
        let before = getrlimit(Resource::Nofile);
        raise_for(1);
        assert_eq!(getrlimit(Resource::Nofile), before);
        raise_for(usize::MAX);
        let after = getrlimit(Resource::Nofile);
        assert_eq!(after.maximum, before.maximum);
        assert!(after.maximum.is_none() || after.current == after.maximum);
    }
}
