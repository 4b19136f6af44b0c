//! W10: from exec to the first good answer, on a store that is there already.

use super::{Bench, Outcome};
use crate::installation::Installation;
use crate::table::{Target, median};

pub fn measure(bench: &mut Bench, installation: &Installation) -> Outcome<()> {
    eprintln!("W10 start");
    let mut took = Vec::new();
    for _ in 0..bench.plan.starts {
        let server = installation.serve(bench.server_core)?;
        took.push(server.ready_after.as_secs_f64() * 1000.0);
        server.stop()?;
    }
    let middle = median(took.iter().copied());
    let worst = took.iter().copied().fold(0.0, f64::max);
    let told = format!("{middle:.1} ms, at most {worst:.1} ms of {} starts", took.len());
    bench.fact(
        "W10",
        "from exec to ready",
        told,
        Some(Target::at_most(50.0, middle, "ms")),
    );
    Ok(())
}
