//! Joins put out what a slow and obvious reference does, whatever is committed or lost between.

use std::time::Duration;

use proptest::prelude::*;

use crate::testing::{TestDriver, TestDriverOptions};
use crate::windows::JoinWindows;
use crate::{StreamsBuilder, Topic, Topology};

const IN: Topic<Option<String>, String> = Topic::new("in");
const OUT: Topic<Option<String>, String> = Topic::new("out");

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Inner,
    Left,
    Outer,
}

#[derive(Debug, Clone, Copy)]
struct Settings {
    kind: Kind,
    before: i64,
    after: i64,
    grace: i64,
}

/// A record: on which side, key, time.
#[derive(Debug, Clone)]
struct Event {
    left: bool,
    key: Option<String>,
    time: i64,
}

fn settings() -> impl Strategy<Value = Settings> {
    let kind = prop_oneof![Just(Kind::Inner), Just(Kind::Left), Just(Kind::Outer)];
    (kind, -3..9i64, 0..9i64, 0..6i64).prop_map(|(kind, before, size, grace)| Settings {
        kind,
        before,
        after: size - before,
        grace,
    })
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    let key = prop_oneof![6 => "[ab]".prop_map(Some), 1 => Just(None)];
    let jump = prop_oneof![8 => -12..5i64, 1 => 20..40i64];
    proptest::collection::vec((any::<bool>(), key, jump), 1..60).prop_map(|steps| {
        let mut now = 100;
        steps
            .into_iter()
            .map(|(left, key, jump)| {
                let time = (now + jump).max(0);
                now = now.max(time);
                Event { left, key, time }
            })
            .collect()
    })
}

/// What comes out: key, values of both sides, time.
type Result = (Option<String>, String, i64);

/// The rules of section 13 over lists, with nothing forgotten.
fn reference(Settings { kind, before, after, grace }: Settings, events: &[Event]) -> Vec<Result> {
    let outer = |left: bool| kind == Kind::Outer || (kind == Kind::Left && left);
    let ahead = |left: bool| if left { after } else { before };
    let retention = (before + after + grace).max(1);
    let text = |number: Option<usize>| number.map_or("-".to_owned(), |number| number.to_string());
    let pair = |left: bool, own: usize, other: Option<usize>| match left {
        true => format!("{}+{}", own, text(other)),
        false => format!("{}+{}", text(other), own),
    };
    let mut out = Vec::new();
    let (mut now, mut store_time, mut waiting) = (-1, [-1, -1], Vec::<usize>::new());
    for (number, event) in events.iter().enumerate() {
        now = now.max(event.time);
        let Some(key) = &event.key else {
            if outer(event.left) {
                out.push((None, pair(event.left, number, None), event.time));
            }
            continue;
        };
        if event.time == now {
            let mut due: Vec<usize> = Vec::new();
            waiting.retain(|&other| {
                let open = events[other].time + ahead(events[other].left) + grace >= now;
                if !open {
                    due.push(other);
                }
                open
            });
            due.sort_by_key(|&other| (events[other].time, events[other].left, events[other].key.clone()));
            out.extend(due.into_iter().map(|other| {
                (events[other].key.clone(), pair(events[other].left, other, None), events[other].time)
            }));
        }
        let shown = store_time[usize::from(!event.left)] - retention + 1;
        let near = (event.time - ahead(!event.left)).max(shown)..=event.time + ahead(event.left);
        let mut partners: Vec<usize> = (0..number)
            .filter(|&other| events[other].left != event.left && events[other].key.as_ref() == Some(key))
            .filter(|&other| near.contains(&events[other].time))
            .collect();
        partners.sort_by_key(|&other| events[other].time);
        for &other in &partners {
            waiting.retain(|&waits| {
                let (waits, other) = (&events[waits], &events[other]);
                (waits.left, &waits.key, waits.time) != (other.left, &other.key, other.time)
            });
            let time = event.time.max(events[other].time);
            out.push((Some(key.clone()), pair(event.left, number, Some(other)), time));
        }
        if partners.is_empty() && outer(event.left) {
            if event.time + ahead(event.left) < now {
                out.push((Some(key.clone()), pair(event.left, number, None), event.time));
            } else {
                waiting.push(number);
            }
        }
        let time = &mut store_time[usize::from(event.left)];
        *time = (*time).max(event.time);
    }
    out
}

/// One input, so that its order is the order in which it is processed, also after a crash.
fn topology(Settings { kind, before, after, grace }: Settings, in_memory: bool) -> Topology {
    let builder = StreamsBuilder::new();
    let windows = JoinWindows::between(-before..=after).grace(Duration::from_millis(grace as u64));
    let side = |left: bool| {
        move |_: &Option<String>, value: &String| value.starts_with(if left { 'l' } else { 'r' })
    };
    let all = builder.stream(&IN);
    let (left, right) = (all.clone().filter(side(true)), all.filter(side(false)));
    let mut options = crate::StreamJoined::new();
    if in_memory {
        options = options.in_memory();
    }
    let show = |value: Option<&String>| value.map_or("-".to_owned(), |value| value[1..].to_owned());
    let both = move |l: Option<&String>, r: Option<&String>| format!("{}+{}", show(l), show(r));
    match kind {
        Kind::Inner => left
            .require_key()
            .join_with(right.require_key(), windows, move |l, r| both(Some(l), Some(r)), options)
            .to(&Topic::<String, String>::new("out")),
        Kind::Left => left.left_join_with(right, windows, move |l, r| both(Some(l), r), options).to(&OUT),
        Kind::Outer => left.outer_join_with(right, windows, both, options).to(&OUT),
    }
    builder.build().unwrap()
}

/// After how many records there is a commit or, if it is `false`, a crash.
type Disturbances = Vec<(usize, bool)>;

fn run(topology: &Topology, events: &[Event], disturbances: &Disturbances) -> Vec<Result> {
    let options = TestDriverOptions { commit_each_record: false, ..TestDriverOptions::default() };
    let mut driver = TestDriver::with(topology, options).unwrap();
    for (number, event) in events.iter().enumerate() {
        let value = format!("{}{number}", if event.left { 'l' } else { 'r' });
        driver.pipe(&IN, event.key.clone(), value, event.time).unwrap();
        for (_, commits) in disturbances.iter().filter(|(after, _)| *after == number) {
            if *commits { driver.commit() } else { driver.crash() }.unwrap();
        }
    }
    driver.commit().unwrap();
    driver.read(&OUT).unwrap().into_iter().map(|r| (r.key, r.value, r.timestamp)).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn joins_put_out_what_the_reference_does_whatever_is_committed_or_lost(
        settings in settings(),
        events in events(),
        in_memory: bool,
        disturbances in proptest::collection::vec((0..60usize, any::<bool>()), 0..12),
    ) {
        let topology = topology(settings, in_memory);
        let expected = reference(settings, &events);
        prop_assert_eq!(run(&topology, &events, &Vec::new()), expected.clone());
        prop_assert_eq!(run(&topology, &events, &disturbances), expected);
    }
}
