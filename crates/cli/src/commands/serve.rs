//! x
use crate::failure::Outcome;
use clap::Args;
#[derive(Debug, Args)]
pub(super) struct Serve {}
impl Serve { pub(super) async fn run(self) -> Outcome { Ok(()) } }
