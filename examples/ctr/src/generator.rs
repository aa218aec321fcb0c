//! Made-up ad events: a function of a seed and a number, so that a restart goes on with the same events.
//!
//! Events come slightly out of order, as they do from many servers: most are up to 3 s behind, one in a thousand is
//! a minute behind and so mostly too late. The rate depends on the site category and on the hour of the day.

use compact_str::{CompactString, format_compact};

use crate::model::AdEvent;
use crate::time::date;

/// Event time of the first event, and earliest of all: 2014-10-21 00:00 UTC, the first hour of the Avazu data.
pub const START_MS: f64 = 1_413_849_600_000.0;

/// Category of the site, its share of the events in percent, and its clicks in percent of all its events.
const CATEGORIES: [(&str, u64, u64); 8] = [
    ("50e219e0", 35, 13),
    ("f028772b", 31, 18),
    ("28905ebd", 18, 21),
    ("3e814130", 8, 28),
    ("f66779e6", 3, 4),
    ("75fa27f6", 2, 11),
    ("335d28a8", 2, 9),
    ("76b2941d", 1, 3),
];

/// Makes events of one seed.
#[derive(Debug, Clone, Copy)]
pub struct Generator {
    seed: u64,
}

impl Generator {
    /// Events of this seed.
    pub const fn new(seed: u64) -> Self {
        Generator { seed }
    }

    /// Event `number`, sent when event time is `now_ms`.
    pub fn event(&self, number: u64, now_ms: f64) -> AdEvent {
        let mut dice = Dice(self.seed ^ number.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let behind = if dice.below(1000) == 0 { 60_000 + dice.below(60_000) } else { dice.below(3000) };
        let event_time_ms = (now_ms as i64 - behind as i64).max(START_MS as i64);
        let (category, rate) = category(&mut dice);
        let hour_of_day = event_time_ms.rem_euclid(86_400_000) / 3_600_000;
        // Most clicks at eight in the evening, fewest in the morning: from 130 % to 70 % of the category's rate.
        let hours_from_peak = ((hour_of_day + 16) % 24 - 12).unsigned_abs();
        let clicked = dice.below(10_000) < rate * (130 - 5 * hours_from_peak);
        let app = dice.below(3) == 0;
        let (day, hour) = (event_time_ms.div_euclid(86_400_000), hour_of_day);
        let (year, month, day) = date(day);
        AdEvent {
            id: (dice.next() | 1 << 63) as f64,
            click: u8::from(clicked),
            hour: ((((year % 100) * 100 + month) * 100 + day) * 100 + hour) as i32,
            banner_pos: i32::from(dice.below(4) == 0),
            site_id: dice.hex(2000),
            site_domain: dice.hex(3000),
            site_category: CompactString::const_new(category),
            app_id: if app { dice.hex(3000) } else { CompactString::const_new("ecad2386") },
            app_domain: if app { dice.hex(200) } else { CompactString::const_new("7801e8d9") },
            app_category: if app { dice.hex(25) } else { CompactString::const_new("07d7df22") },
            device_id: if app { dice.hex(500_000) } else { CompactString::const_new("a99f214a") },
            device_ip: dice.hex(1_000_000),
            device_model: dice.hex(6000),
            device_type: if dice.below(12) == 0 { 0 } else { 1 },
            device_conn_type: if dice.below(8) == 0 { 2 } else { 0 },
            c1: 1005,
            c14: 15_700 + dice.below(8000) as i32,
            c15: 320,
            c16: if dice.below(20) == 0 { 250 } else { 50 },
            c17: 1700 + dice.below(1000) as i32,
            c18: dice.below(4) as i32,
            c19: [35, 39, 167, 1063][dice.below(4) as usize],
            c20: if dice.below(2) == 0 { -1 } else { 100_000 + dice.below(200) as i32 },
            c21: [23, 33, 79, 157, 221][dice.below(5) as usize],
            event_time_ms,
        }
    }
}

fn category(dice: &mut Dice) -> (&'static str, u64) {
    let mut left = dice.below(100);
    for (name, share, rate) in CATEGORIES {
        if left < share {
            return (name, rate);
        }
        left -= share;
    }
    ("50e219e0", 13)
}

/// SplitMix64: small, and good enough for made-up data.
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, end: u64) -> u64 {
        ((u128::from(self.next()) * u128::from(end)) >> 64) as u64
    }

    /// One of `count` names of eight hex digits.
    fn hex(&mut self, count: u64) -> CompactString {
        let number = (self.below(count) + 1).wrapping_mul(0x9e37_79b9) & 0xffff_ffff;
        format_compact!("{number:08x}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_and_number_make_the_same_event() {
        let (one, other) = (Generator::new(1), Generator::new(2));
        assert_eq!(one.event(7, START_MS), one.event(7, START_MS));
        assert_ne!(one.event(7, START_MS), other.event(7, START_MS));
        assert_ne!(one.event(7, START_MS), one.event(8, START_MS));
    }

    #[test]
    fn rates_depend_on_category_and_hour_and_few_events_are_far_behind() {
        let generator = Generator::new(1);
        let rate = |hour: f64, category: &str| {
            let now = START_MS + hour * 3_600_000.0 + 1_800_000.0;
            let events = (0..40_000).map(|n| generator.event(n, now)).filter(|e| e.site_category == category);
            let (count, clicks) = events.fold((0, 0), |(n, c), e| (n + 1, c + i32::from(e.click)));
            f64::from(clicks) / f64::from(count)
        };
        assert!(rate(4.0, "3e814130") > 1.2 * rate(4.0, "f028772b"));
        assert!(rate(22.0, "f028772b") > 1.2 * rate(10.0, "f028772b"));
        let now = START_MS + 3_600_000.0;
        let behind = (0..100_000).filter(|&n| generator.event(n, now).event_time_ms < now as i64 - 3000);
        assert!((50..200).contains(&behind.count()));
        assert_eq!(generator.event(0, START_MS + 14.5 * 3_600_000.0).hour, 14_102_114);
    }
}
