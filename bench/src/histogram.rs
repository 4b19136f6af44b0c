//! Durations in buckets whose width is a 64th of their size, so that a percentile is exact to about 2 %.

use std::time::Duration;

const STEPS: u64 = 64;
const BUCKETS: usize = 64 * 40;

/// Counts durations.
#[derive(Clone)]
pub struct Histogram {
    counts: Vec<u64>,
    all: u64,
}

impl Default for Histogram {
    fn default() -> Self {
        Self {
            counts: vec![0; BUCKETS],
            all: 0,
        }
    }
}

impl Histogram {
    /// Adds one.
    pub fn add(&mut self, took: Duration) {
        let nanos = u64::try_from(took.as_nanos()).unwrap_or(u64::MAX);
        let bucket = bucket(nanos).min(BUCKETS - 1);
        self.counts[bucket] += 1;
        self.all += 1;
    }

    /// Adds what another has counted.
    pub fn merge(&mut self, other: &Self) {
        for (mine, theirs) in self.counts.iter_mut().zip(&other.counts) {
            *mine += theirs;
        }
        self.all += other.all;
    }

    /// The duration that this part of all (0.5, 0.99) did not exceed, in microseconds.
    pub fn percentile(&self, part: f64) -> f64 {
        let wanted = (self.all as f64 * part).ceil().max(1.0) as u64;
        let mut seen = 0;
        for (bucket, count) in self.counts.iter().enumerate() {
            seen += count;
            if seen >= wanted {
                return middle(bucket) / 1000.0;
            }
        }
        0.0
    }
}

fn bucket(nanos: u64) -> usize {
    if nanos < STEPS {
        return nanos as usize;
    }
    let shift = (63 - nanos.leading_zeros()) - 6;
    ((u64::from(shift) + 1) * STEPS + (nanos >> shift) - STEPS) as usize
}

fn middle(bucket: usize) -> f64 {
    let bucket = bucket as u64;
    if bucket < STEPS {
        return bucket as f64;
    }
    let shift = bucket / STEPS - 1;
    let low = (bucket % STEPS + STEPS) << shift;
    low as f64 + (1u64 << shift) as f64 / 2.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentile_is_within_two_per_cent_of_the_truth() {
        let mut histogram = Histogram::default();
        for micros in 1..=100_000u64 {
            histogram.add(Duration::from_micros(micros));
        }
        for part in [0.01, 0.5, 0.9, 0.99, 1.0] {
            let truth = 100_000.0 * part;
            let told = histogram.percentile(part);
            assert!(
                (told / truth - 1.0).abs() < 0.02,
                "{part}: {told} instead of {truth}"
            );
        }
    }

    #[test]
    fn longer_durations_never_stand_in_lower_buckets() {
        let mut nanos: Vec<u64> = (0..60)
            .flat_map(|bit| [(1 << bit) - 1, 1 << bit, (1 << bit) + 1])
            .collect();
        nanos.sort_unstable();
        let all: Vec<usize> = nanos.into_iter().map(bucket).collect();
        assert!(all.windows(2).all(|pair| pair[0] <= pair[1]));
    }

    #[test]
    fn what_another_counted_is_added() {
        let (mut one, mut other) = (Histogram::default(), Histogram::default());
        one.add(Duration::from_micros(10));
        other.add(Duration::from_micros(1000));
        one.merge(&other);
        assert!(one.percentile(0.5) < 11.0 && one.percentile(0.99) > 980.0);
    }
}
