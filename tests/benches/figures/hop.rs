//! A chain of eight stateless verbs against the same closures in a loop.
//!
//! One input record becomes many in a `flat_map_values`, so that the driver has no part in the figure; that verb and
//! the last one, which only looks, are counted in but not divided by.

use std::hint::black_box;

use streams_core::testing::TestDriver;
use streams_core::{Result, StreamsBuilder, Topic, Topology};

use crate::harness::{Outcome, Pairs, Settings, Spread, timed};
use crate::table::{Figure, show, verdict};

const IN: Topic<i64, i64> = Topic::new("in");
const HOPS: usize = 8;
const TARGET_NS: f64 = 12.0;

/// A small record: 40 bytes without memory of its own.
#[derive(Clone)]
struct Click {
    user: u64,
    ad: u64,
    price: f64,
    time: i64,
    flags: u64,
}

pub(crate) fn measure(settings: &Settings) -> Outcome<Vec<Figure>> {
    let records = settings.size(2_000_000);
    let number = chain(settings, records, |n| n as u64, |v: u64| v.wrapping_mul(31) + 7, |v| *v != 3)?;
    let click = chain(
        settings,
        records,
        |n| Click { user: n as u64, ad: 7, price: 0.5, time: n, flags: 1 },
        |mut click: Click| {
            click.ad = click.ad.wrapping_mul(31) ^ click.user;
            click.price += 0.25;
            click
        },
        |click| click.flags == 1 && click.time >= 0,
    )?;
    Ok(vec![
        figure("stateless hop, `u64`", records, &number),
        figure("stateless hop, 40-byte record", records, &click),
    ])
}

fn chain<V: Clone + Send + 'static>(
    settings: &Settings,
    records: usize,
    make: impl Fn(i64) -> V + Copy + Send + Sync + 'static,
    step: impl Fn(V) -> V + Copy + Send + Sync + 'static,
    keep: impl Fn(&V) -> bool + Copy + Send + Sync + 'static,
) -> Outcome<Pairs> {
    let mut driver = TestDriver::new(&topology(make, step, keep)?)?;
    settings.pairs(
        || timed(|| Ok(driver.pipe(&IN, 1, records as i64, 0)?)),
        || {
            timed(|| {
                'records: for number in 0..records as i64 {
                    let mut value = make(number);
                    for _ in 0..HOPS / 2 {
                        value = step(value);
                        if !keep(&value) {
                            continue 'records;
                        }
                    }
                    black_box(&value);
                }
                Ok(())
            })
        },
    )
}

fn topology<V: Clone + Send + 'static>(
    make: impl Fn(i64) -> V + Copy + Send + Sync + 'static,
    step: impl Fn(V) -> V + Copy + Send + Sync + 'static,
    keep: impl Fn(&V) -> bool + Copy + Send + Sync + 'static,
) -> Result<Topology> {
    let builder = StreamsBuilder::new();
    let mut stream = builder.stream(&IN).flat_map_values(move |count| (0..count).map(make));
    for _ in 0..HOPS / 2 {
        stream = stream.map_values(step).filter(move |_, value| keep(value));
    }
    stream.for_each(|_, value| {
        black_box(value);
    });
    builder.build()
}

fn figure(name: &str, records: usize, pairs: &Pairs) -> Figure {
    let per_hop = |seconds: f64| seconds * 1e9 / (records * HOPS) as f64;
    let own = Spread::of(pairs.ours.iter().zip(&pairs.bare).map(|(ours, bare)| per_hop(ours - bare)));
    Figure {
        name: name.to_owned(),
        ours: format!("{} ns beyond the closures", show(own)),
        bare: format!("{} ns", show(Spread::of(pairs.bare.iter().map(|&s| per_hop(s))))),
        ratio: "—".to_owned(),
        target: verdict(&format!("≤ {TARGET_NS} ns"), own.median <= TARGET_NS),
    }
}
