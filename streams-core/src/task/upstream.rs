//! Times of upstream tasks as they are kept with committed positions: all of them in one short text.
//!
//! Brokers take 4096 bytes with a position, so hundreds of times have to fit into half of that. The text has, for each
//! partition of the upstream sub-topology in order, by how much its time is above the lowest one; in coarser steps if
//! it would become too long otherwise. A time that is read back may thus be somewhat earlier, and is never later.

use std::collections::BTreeMap;

use crate::ids::TaskId;
use crate::task::progress::ALPHABET;
use crate::time::Timestamp;

/// Prefix of the names.
const PROGRESS: &str = "upstream.";
/// Longest text.
const LIMIT: usize = 1500;
/// More partitions than any topic has.
const MOST: u32 = 1_000_000;
/// Bits of a digit besides the one that says that more follow.
const BITS: u32 = 5;

/// Names and values that stand for these times.
pub(super) fn save(times: impl Iterator<Item = (TaskId, Timestamp)>, progress: &mut Vec<(String, i64)>) {
    let mut subs: BTreeMap<u32, BTreeMap<u32, Timestamp>> = BTreeMap::new();
    for (task, time) in times {
        subs.entry(task.sub_topology).or_default().insert(task.partition, time);
    }
    for (sub, times) in subs {
        let (Some(first), Some((last, _))) = (times.values().min(), times.last_key_value()) else { continue };
        let count = *last as usize + 1;
        let fits = (0..64).find_map(|shift| {
            let mut text = format!("{PROGRESS}{sub}.{shift}.");
            for partition in 0..=*last {
                // 0 stands for one that was not heard of.
                let above =
                    times.get(&partition).map(|time| (time.saturating_sub(*first) as u64 >> shift) + 1);
                push(&mut text, above.unwrap_or(0));
                if text.len() > LIMIT {
                    return None;
                }
            }
            Some(text)
        });
        match fits {
            Some(text) => progress.push((text, *first)),
            // So many that there is no place for differences; all of them have come to the lowest time.
            None if times.len() == count => progress.push((format!("{PROGRESS}{sub}.all.{count}"), *first)),
            None => {}
        }
    }
}

/// Takes up the times that a name and its value stand for; none if they are something else.
pub(super) fn load(name: &str, value: i64, mut take: impl FnMut(TaskId, Timestamp)) {
    let mut parts = name.strip_prefix(PROGRESS).unwrap_or_default().splitn(3, '.');
    let (Some(Ok(sub_topology)), Some(shift), Some(text)) =
        (parts.next().map(str::parse), parts.next(), parts.next())
    else {
        return;
    };
    if shift == "all" {
        let count: Option<u32> = text.parse().ok().filter(|count| *count <= MOST);
        (0..count.unwrap_or(0)).for_each(|partition| take(TaskId { sub_topology, partition }, value));
        return;
    }
    let Ok(shift @ 0..64) = shift.parse::<u32>() else { return };
    let mut digits = text.bytes();
    for partition in 0.. {
        let Some(above) = pull(&mut digits) else { return };
        if let Some(steps) = above.checked_sub(1) {
            take(TaskId { sub_topology, partition }, value.saturating_add((steps << shift) as i64));
        }
    }
}

fn push(text: &mut String, mut number: u64) {
    loop {
        let rest = number >> BITS;
        let more = u64::from(rest > 0) << BITS;
        text.push(char::from(ALPHABET[(number & ((1 << BITS) - 1) | more) as usize]));
        if rest == 0 {
            return;
        }
        number = rest;
    }
}

fn pull(digits: &mut impl Iterator<Item = u8>) -> Option<u64> {
    let (mut number, mut shift) = (0u64, 0);
    loop {
        let next = digits.next()?;
        let digit = ALPHABET.iter().position(|&letter| letter == next)? as u64;
        number |= (digit & ((1 << BITS) - 1)).checked_shl(shift)?;
        if digit >> BITS == 0 {
            return Some(number);
        }
        shift += BITS;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::task::Progress;

    fn read(progress: &[(String, i64)]) -> BTreeMap<TaskId, Timestamp> {
        let mut found = BTreeMap::new();
        for (name, value) in progress {
            load(name, *value, |task, time| assert_eq!(found.insert(task, time), None));
        }
        found
    }

    fn task(sub_topology: u32, partition: u32) -> TaskId {
        TaskId { sub_topology, partition }
    }

    proptest! {
        #[test]
        fn few_times_come_back_as_they_were(times in prop::collection::btree_map(0u32..60, -1i64..4_000_000_000_000, 0..40)) {
            let times: BTreeMap<_, _> = times.into_iter().map(|(p, time)| (task(p / 50, p), time)).collect();
            let mut progress = vec![("store.stream-time".to_owned(), 5)];
            save(times.clone().into_iter(), &mut progress);
            prop_assert_eq!(read(&progress), times);
        }

        #[test]
        fn many_times_come_back_no_later_and_in_little_space(count in 1u32..4000, spread in 0i64..10_000_000, seed in any::<i64>()) {
            let time = |p: u32| 1_700_000_000_000 + (i64::from(p).wrapping_mul(seed) >> 20).rem_euclid(spread + 1);
            let mut progress = Vec::new();
            save((0..count).map(|p| (task(0, p), time(p))), &mut progress);
            let metadata = Progress { partition_time: 0, operators: progress.clone() }.encode();
            prop_assert!(metadata.len() < 2100);
            let found = read(&progress);
            prop_assert_eq!(found.len(), count as usize);
            for (task, found) in found {
                prop_assert!(found <= time(task.partition));
                prop_assert!(count > 200 || found == time(task.partition));
            }
        }

        #[test]
        fn no_text_makes_reading_panic(name in "upstream\\.[0-9]\\.([0-9]{1,3}|all)\\.[A-Za-z0-9+/]{0,40}", value in any::<i64>()) {
            load(&name, value, |_, _| {});
        }
    }
}
