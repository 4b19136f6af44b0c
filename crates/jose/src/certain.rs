//! The one place that turns "cannot fail" of the crypto library into a value. It must never see a result that depends
//! on what a stranger sent.

use aws_lc_rs::error::Unspecified;

#[expect(
    clippy::expect_used,
    reason = "sizes are fixed by the types, and the library aborts by itself without entropy; \
              going on with a wrong key or an unsealed value would be worse than to stop"
)]
pub(crate) fn certain<T>(result: Result<T, Unspecified>) -> T {
    result.expect("a crypto operation on inputs of fixed size does not fail")
}
