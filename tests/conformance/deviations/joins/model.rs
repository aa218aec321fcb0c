//! A model of a join of two streams, as the rules of section 13 say it: lists instead of stores.

use serde_json::Value;

use super::Headers;
use crate::types::hex;
use crate::vector::Internal;

/// Whose rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rules {
    Java,
    Own,
}

/// Right comes first among records of one time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Side {
    Right,
    Left,
}

/// What is joined, and how.
#[derive(Clone, Copy)]
pub(super) struct Windows {
    pub(super) left_outer: bool,
    pub(super) right_outer: bool,
    pub(super) before: i64,
    pub(super) after: i64,
    pub(super) grace: i64,
    /// Milliseconds of the wall clock between two looks at what is due.
    pub(super) throttle: u64,
    pub(super) in_memory: bool,
    pub(super) joiner: fn(Option<&str>, Option<&Value>, Option<&Value>) -> Value,
    pub(super) bytes: fn(Side, &Value) -> Vec<u8>,
}

/// A record, of an input or of the results.
#[derive(Debug, Clone)]
pub(super) struct Output {
    pub(super) key: Option<String>,
    pub(super) value: Option<Value>,
    pub(super) timestamp: i64,
    pub(super) headers: Headers,
}

struct Kept {
    timestamp: i64,
    side: Side,
    key: String,
    value: Value,
}

pub(super) struct Join {
    windows: Windows,
    rules: Rules,
    now: i64,
    /// Times of the stores, left and right.
    store_times: [i64; 2],
    kept: Vec<Kept>,
    unmatched: Vec<Kept>,
    /// The smallest time without a partner, as Java remembers it.
    remembered: i64,
    next_look: u64,
    pub(super) wall_clock: u64,
    pub(super) writes: Vec<Internal>,
    pub(super) refused: u64,
}

impl Join {
    pub(super) fn new(windows: &Windows, rules: Rules) -> Join {
        Join {
            windows: *windows,
            rules,
            now: -1,
            store_times: [-1, -1],
            kept: Vec::new(),
            unmatched: Vec::new(),
            remembered: i64::MAX,
            next_look: 0,
            wall_clock: 0,
            writes: Vec::new(),
            refused: 0,
        }
    }

    pub(super) fn record(&mut self, side: Side, record: Output) -> Vec<Output> {
        let Output { key, value, timestamp, headers } = record;
        self.now = self.now.max(timestamp);
        let outer = if side == Side::Left { self.windows.left_outer } else { self.windows.right_outer };
        let mut out = Vec::new();
        let mut put = |key: Option<&str>, value, timestamp| {
            let headers = headers.clone();
            out.push(Output { key: key.map(str::to_owned), value: Some(value), timestamp, headers });
        };
        let (key, value) = match (key, value) {
            (None, Some(value)) if outer => {
                put(None, self.join(None, side, &value, None), timestamp);
                return out;
            }
            (Some(key), Some(value)) => (key, value),
            (Some(_), None) => {
                self.store(side, timestamp, None);
                return out;
            }
            (None, _) => return out,
        };
        if timestamp == self.now {
            for due in self.take_due(side, timestamp) {
                let result = self.join(Some(&due.key), due.side, &due.value, None);
                put(Some(&due.key), result, due.timestamp);
            }
        }
        let other = if side == Side::Left { Side::Right } else { Side::Left };
        let (from, to) = (timestamp - self.ahead(other), timestamp + self.ahead(side));
        let first = from.max(self.store_times[other as usize] - self.retention() + 1);
        let mut partners: Vec<(i64, Value)> = self
            .kept
            .iter()
            .filter(|kept| kept.side == other && kept.key == key && (first..=to).contains(&kept.timestamp))
            .map(|kept| (kept.timestamp, kept.value.clone()))
            .collect();
        partners.sort_by_key(|(time, _)| *time);
        for (time, partner) in &partners {
            self.remove(*time, other, &key, timestamp);
            put(Some(&key), self.join(Some(&key), side, &value, Some(partner)), timestamp.max(*time));
        }
        if partners.is_empty() && outer {
            if to < self.now {
                put(Some(&key), self.join(Some(&key), side, &value, None), timestamp);
            } else {
                self.remembered = self.remembered.min(timestamp);
                self.unmatched.push(Kept { timestamp, side, key: key.clone(), value: value.clone() });
                self.log(timestamp, side, &key, timestamp);
            }
        }
        self.store(side, timestamp, Some((key, value)));
        out
    }

    /// What is due, by time, side and key, then in order of arrival.
    fn take_due(&mut self, arriving: Side, timestamp: i64) -> Vec<Kept> {
        let Windows { grace, throttle, .. } = self.windows;
        let (java, wait) = (self.rules == Rules::Java, self.ahead(arriving) + grace);
        if java {
            if self.remembered.wrapping_add(wait) >= self.now || self.wall_clock < self.next_look {
                return Vec::new();
            }
            self.next_look = self.wall_clock + throttle;
            self.remembered = i64::MAX;
        }
        self.unmatched.sort_by(|a, b| (a.timestamp, a.side, &a.key).cmp(&(b.timestamp, b.side, &b.key)));
        let (mut due, mut rest) = (Vec::new(), Vec::new());
        let mut open = [false, false];
        let mut waiting = std::mem::take(&mut self.unmatched).into_iter();
        for kept in waiting.by_ref() {
            self.remembered = kept.timestamp;
            if java && open == [true, true] {
                rest.push(kept);
                break;
            }
            if kept.timestamp + self.ahead(kept.side) + grace >= self.now {
                open[kept.side as usize] = true;
                rest.push(kept);
            } else {
                due.push(kept);
            }
        }
        rest.extend(waiting);
        self.unmatched = rest;
        let mut last = None;
        for kept in &due {
            let row = (kept.timestamp, kept.side, &kept.key);
            if last.replace(row) != Some(row) {
                self.log(kept.timestamp, kept.side, &kept.key, timestamp);
            }
        }
        due
    }

    fn remove(&mut self, time: i64, side: Side, key: &str, now: i64) {
        let before = self.unmatched.len();
        self.unmatched.retain(|kept| (kept.timestamp, kept.side, kept.key.as_str()) != (time, side, key));
        if self.unmatched.len() < before {
            self.log(time, side, key, now);
        }
    }

    /// Notes what the shared store has of a time, side and key now.
    fn log(&mut self, time: i64, side: Side, key: &str, now: i64) {
        let marker = if side == Side::Left { 1 } else { 0 };
        let row = [&time.to_be_bytes()[..], &[marker], key.as_bytes()].concat();
        let values: Vec<Vec<u8>> = self
            .unmatched
            .iter()
            .filter(|kept| (kept.timestamp, kept.side, kept.key.as_str()) == (time, side, key))
            .map(|kept| (self.windows.bytes)(side, &kept.value))
            .collect();
        let len = |len: usize| (len as u32).to_be_bytes();
        let mut list = [&[1][..], &len(values.len())].concat();
        for value in &values {
            list.extend([&len(value.len() + 1)[..], &[marker], value].concat());
        }
        self.writes.push(Internal {
            key: Some(hex(&row)),
            value: (!values.is_empty()).then(|| hex(&list)),
            timestamp: Some(now),
            headers: Headers::new(),
            step: 0,
        });
    }

    fn store(&mut self, side: Side, timestamp: i64, record: Option<(String, Value)>) {
        let in_memory = self.windows.in_memory;
        if record.is_some() || in_memory {
            let time = &mut self.store_times[side as usize];
            *time = (*time).max(timestamp);
            if in_memory && timestamp <= *time - self.retention() {
                self.refused += 1;
                return;
            }
        }
        if let Some((key, value)) = record {
            self.kept.push(Kept { timestamp, side, key, value });
        }
    }

    fn join(&self, key: Option<&str>, side: Side, own: &Value, other: Option<&Value>) -> Value {
        match side {
            Side::Left => (self.windows.joiner)(key, Some(own), other),
            Side::Right => (self.windows.joiner)(key, other, Some(own)),
        }
    }

    fn ahead(&self, side: Side) -> i64 {
        if side == Side::Left { self.windows.after } else { self.windows.before }
    }

    fn retention(&self) -> i64 {
        let Windows { before, after, grace, .. } = self.windows;
        let least = if self.rules == Rules::Java { 0 } else { 1 };
        (before + after + grace).max(least)
    }
}
