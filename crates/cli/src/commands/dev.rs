//! x
use crate::failure::Outcome;
use clap::Args;
#[derive(Debug, Args)]
pub(super) struct Dev {}
impl Dev { pub(super) async fn run(self) -> Outcome { Ok(()) } }
