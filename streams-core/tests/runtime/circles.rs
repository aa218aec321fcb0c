//! Runs to the end of the input where records come back to the sub-topologies that write them: everything is processed
//! as in the test driver, whatever the way the records take.

use std::sync::Arc;
use std::time::Duration;

use proptest::prelude::*;
use streams_core::log::Log;
use streams_core::runtime::{App, Config, Forwarding, Guarantee, Metrics, TopicProducer};
use streams_core::testing::{TestDriver, TestDriverOptions};
use streams_core::windows::TimeWindows;
use streams_core::{EmitStrategy, KStream, Result, StreamsBuilder, Topic, Topology};

use crate::support::*;

const A: Topic<String, i64> = Topic::new("a");
const B: Topic<String, i64> = Topic::new("b");
const X: Topic<String, i64> = Topic::new("x");
const OUT: Topic<String, String> = Topic::new("out");
const PARTITIONS: u32 = 2;

type Stream = KStream<String, i64>;

/// One more stream made of those there are, which it names by number.
#[derive(Debug, Clone)]
enum Step {
    Merge(usize, usize),
    Repartition(usize),
    Rekey(usize),
    Count(usize),
    /// Counts in windows that are put out when they close.
    Close(usize),
    /// Sends what is left of it to `x`, which is one of the streams.
    Back(usize),
    /// The same by a sink that chooses its topics.
    Choose(usize),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let at = || 0..8usize;
    let step = prop_oneof![
        3 => (at(), at()).prop_map(|(a, b)| Step::Merge(a, b)),
        2 => at().prop_map(Step::Repartition),
        2 => at().prop_map(Step::Rekey),
        1 => at().prop_map(Step::Count),
        2 => at().prop_map(Step::Close),
        2 => at().prop_map(Step::Back),
        1 => at().prop_map(Step::Choose),
    ];
    prop::collection::vec(step, 1..7)
}

/// Nothing is late: the order of records is not the same in driver and application.
fn windows() -> TimeWindows {
    TimeWindows::tumbling(Duration::from_millis(10)).grace(Duration::from_secs(3600))
}

fn closed(stream: Stream) -> Stream {
    let windows = stream.group_by_key().windowed_by(windows()).emit_strategy(EmitStrategy::OnWindowClose);
    windows.count().to_stream().map(|window, count| (window.key, count.unwrap_or(0)))
}

/// Records with a value above 0, one less.
fn one_less(stream: Stream) -> Stream {
    stream.filter(|_, value| *value > 0).map_values(|value| value - 1)
}

fn topology(steps: &[Step]) -> Topology {
    let builder = StreamsBuilder::new();
    // Each with whether windows closed on the way: these do not go back to `x`, where the order would tell.
    let mut pool: Vec<(Stream, bool)> = [&A, &B, &X].map(|topic| (builder.stream(topic), false)).into();
    for step in steps {
        let get = |at: &usize| pool[at % pool.len()].clone();
        match step {
            Step::Merge(a, b) if a % pool.len() != b % pool.len() => {
                let ((a, late_a), (b, late_b)) = (get(a), get(b));
                pool.push((a.merge(b), late_a || late_b));
            }
            Step::Repartition(at) => {
                let (stream, late) = get(at);
                pool.push((stream.repartition(), late));
            }
            Step::Rekey(at) => {
                let (stream, late) = get(at);
                let by = |_: &String, value: &i64| format!("k{}", value % 3);
                pool.push((stream.select_key(by).repartition(), late));
            }
            Step::Count(at) => {
                let (stream, late) = get(at);
                pool.push((
                    stream.group_by_key().count().to_stream().map_values(|n| n.unwrap_or(0) % 5),
                    late,
                ));
            }
            Step::Close(at) => pool.push((closed(get(at).0), true)),
            Step::Back(at) if !get(at).1 => one_less(get(at).0).to(&X),
            Step::Choose(at) if !get(at).1 => {
                one_less(get(at).0)
                    .to_dynamic(|_, value, _| if *value % 2 == 0 { "x" } else { "b" }.to_owned());
            }
            // The others would join a stream with itself, or bring back what closed.
            Step::Merge(..) | Step::Back(_) | Step::Choose(_) => {}
        }
    }
    for (number, (stream, _)) in pool.into_iter().enumerate() {
        stream.map_values(move |value| format!("{number}: {value}")).to(&OUT);
    }
    builder.build().unwrap()
}

type Input = Vec<(bool, u8, i64, i64)>;

fn driven(topology: &Topology, input: &Input) -> Result<Vec<(String, String)>> {
    let options = TestDriverOptions { default_partitions: PARTITIONS, ..TestDriverOptions::default() };
    let mut driver = TestDriver::with(topology, options)?;
    for (first, key, value, time) in input {
        driver.pipe(if *first { &A } else { &B }, format!("k{key}"), *value, *time)?;
    }
    driver.finish()?;
    let mut found: Vec<_> = driver.read(&OUT)?.into_iter().map(|r| (r.key, r.value)).collect();
    found.sort();
    Ok(found)
}

fn log_of(input: &Input) -> Arc<dyn Log> {
    let log = log_with(&["a", "b", "x", "out"].map(|topic| (topic, PARTITIONS)));
    for topic in [&A, &B] {
        let mut producer = TopicProducer::open(&*log, topic).unwrap();
        for (_, key, value, time) in input.iter().filter(|(first, ..)| *first == (topic.name() == "a")) {
            producer.send(&format!("k{key}"), value, *time).unwrap();
        }
        producer.flush().unwrap();
    }
    log
}

fn config() -> Config {
    let mut config = Config::new("app");
    config.forwarding = Forwarding::PerUpdate;
    config.num_threads = 2;
    config
}

fn run(topology: &Topology, config: &Config, log: &Arc<dyn Log>) -> Result<Metrics> {
    App::new(topology.clone(), config.clone(), Arc::clone(log)).run_to_end()
}

fn outputs(log: &Arc<dyn Log>) -> Vec<(String, String)> {
    let mut found = all(log, &OUT);
    found.sort();
    found
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_run_to_the_end_processes_what_the_driver_does(
        steps in steps(),
        input in prop::collection::vec((any::<bool>(), 0..4u8, 0..6i64, 0..50i64), 0..12),
        at_least_once in any::<bool>(),
    ) {
        let topology = topology(&steps);
        let log = log_of(&input);
        let mut config = config();
        config.guarantee = if at_least_once { Guarantee::AtLeastOnce } else { Guarantee::ExactlyOnce };
        run(&topology, &config, &log).unwrap();
        let expected = driven(&topology, &input).unwrap();
        prop_assert_eq!(outputs(&log), expected.clone());
        run(&topology, &config, &log).unwrap();
        prop_assert_eq!(outputs(&log), expected, "a second run adds nothing");
    }
}

fn same_as_driven(steps: &[Step]) -> Result<Vec<(String, String)>> {
    let input: Input = (0..10).map(|i| (i % 2 == 0, i as u8 % 3, i, i)).collect();
    let topology = topology(steps);
    let log = log_of(&input);
    run(&topology, &config(), &log)?;
    let expected = driven(&topology, &input)?;
    assert_eq!(outputs(&log), expected);
    Ok(expected)
}

#[test]
fn a_stream_merged_with_its_own_repartition_is_processed_to_its_end() -> Result<()> {
    let found = same_as_driven(&[Step::Rekey(0), Step::Merge(0, 3), Step::Count(4)])?;
    assert_eq!(found.iter().filter(|(_, value)| value.starts_with("5: ")).count(), 10);
    Ok(())
}

#[test]
fn what_is_sent_to_a_topic_that_the_same_sub_topology_reads_is_processed() -> Result<()> {
    let found = same_as_driven(&[Step::Merge(0, 2), Step::Back(3)])?;
    assert_eq!(found.iter().filter(|(_, value)| value.starts_with("2: ")).count(), 2 + 4 + 6 + 8);
    Ok(())
}

#[test]
fn circles_over_several_sub_topologies_are_processed() -> Result<()> {
    same_as_driven(&[Step::Rekey(2), Step::Rekey(3), Step::Merge(4, 0), Step::Back(5)]).map(|_| ())
}

#[test]
fn windows_close_before_those_that_their_results_come_to_in_the_same_task() -> Result<()> {
    let found = same_as_driven(&[Step::Close(0), Step::Repartition(3), Step::Merge(4, 0), Step::Close(5)])?;
    assert!(found.iter().any(|(_, value)| value.starts_with("6: ")), "{found:?}");
    Ok(())
}

#[test]
fn what_a_sink_that_chooses_its_topics_sends_to_one_that_is_read_is_processed() -> Result<()> {
    same_as_driven(&[Step::Choose(0), Step::Choose(2), Step::Choose(1), Step::Close(2)]).map(|_| ())
}

#[test]
fn records_that_go_round_for_ever_are_refused_with_topic_and_lines() {
    let builder = StreamsBuilder::new();
    builder.stream(&X).map_values(|value| value + 1).to(&X);
    let first = line!() - 1;
    let (topology, log) = (builder.build().unwrap(), log_with(&[("x", 1)]));
    let mut producer = TopicProducer::open(&*log, &X).unwrap();
    producer.send(&"k".to_owned(), &1, 0).unwrap();
    producer.flush().unwrap();
    let text = run(&topology, &config(), &log).unwrap_err().to_string();
    let place = format!("({}:{first})", file!());
    assert!(text.contains("does not end: what") && text.contains(" wrote to x was read again"), "{text}");
    assert!(text.contains(&place), "{text}");
}
