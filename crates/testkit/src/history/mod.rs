//! Whether what a server answered can be true: clients write down what they are about to ask and what they are told, and
//! this checks afterwards that nothing acknowledged was lost, undone or given twice. It knows nothing of the store; all it
//! believes is the clients' own log.
//!
//! - [`record`]: one line of the log.
//! - [`log`]: writing it.
//! - [`reading`]: putting the lines of several files together again.
//! - [`check`]: what must hold.
//! - [`clients`]: who makes the load.
//! - [`broken`]: a store that fails on purpose, to show that the check finds it.
//! - [`process`]: the real program, started and killed.
//! - [`program`]: what the programs say and end with.
//! - [`places`] and [`proxy`]: where the nodes of a cluster live, and what stands between them.

pub mod broken;
pub mod check;
pub mod clients;
pub mod log;
pub mod places;
pub mod process;
pub mod program;
pub mod proxy;
pub mod reading;
pub mod record;
