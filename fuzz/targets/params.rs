//! Form encoded parameters (RFC 6749 appendix B): a repeated one is always refused, and what is read can be found again.
#![no_main]

use libfuzzer_sys::fuzz_target;
use valetkey_protocol::params::{InvalidParams, MAX_PARAMETERS, Params};

fuzz_target!(|data: &[u8]| {
    match Params::parse(data) {
        Ok(params) => {
            assert!(params.pairs().count() <= MAX_PARAMETERS);
            assert_eq!(params.repeated(), None);
            for (name, value) in params.pairs() {
                assert!(!name.contains('\0') && !value.contains('\0'));
                let repeatable = matches!(name, "resource" | "audience");
                let read = params.get(name);
                assert!(read == (!value.is_empty()).then_some(value) || repeatable);
                assert!(!format!("{params:?}").contains(value) || value.len() < 4 || shown(&params, value));
            }
        }
        Err(InvalidParams::Repeated(name)) => {
            let raw = Params::parse_raw(data).expect("the pairs were read");
            assert!(raw.pairs().filter(|(other, _)| *other == name).count() > 1);
        }
        Err(InvalidParams::TooMany | InvalidParams::NotUtf8) => assert!(Params::parse_raw(data).is_err()),
        Err(InvalidParams::Nul) => {
            assert!(data.contains(&0) || data.windows(3).any(|three| three == b"%00"));
            assert!(Params::parse_raw(data).is_err());
        }
    }
});

/// A value may show in the debug output only as part of a name.
fn shown(params: &Params, value: &str) -> bool {
    let names: Vec<&str> = params.pairs().map(|(name, _)| name).collect();
    format!("{names:?}").contains(value)
}
