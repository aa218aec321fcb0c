//! The topologies, those of `beside/Programs.java` to the letter.

use std::time::Duration;

use streams_core::serde::{DefaultSerde, time_windowed};
use streams_core::windows::{JoinWindows, TimeWindows, Windowed};
use streams_core::{
    Consumed, EmitStrategy, Grouped, KStream, KTable, Materialized, Optimization, Produced, Record,
    Repartitioned, StreamJoined, StreamsBuilder, Topic, Topology,
};

type Text = Option<String>;
type Stream = KStream<Text, Text>;
type Table = KTable<String, String>;

const SECOND: Duration = Duration::from_secs(1);

/// A program that both sides have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Program {
    /// Reduce, aggregate, tumbling and hopping windows, without a repartition.
    Folds,
    /// Count, windows and a plain repartition under a new key.
    Rekeyed,
    /// Inner and left join of a stream with a table.
    StreamTable,
    /// The same with a table whose topic is its changelog.
    StreamTableOptimized,
    /// Inner and outer join of two tables, and a grouping of one.
    Tables,
    /// Inner and outer join of two streams.
    Streams,
    /// Windows that come out when they close.
    Closing,
    /// An extractor that asks for the time of the partition.
    Times,
}

impl Program {
    /// Its name on the other side.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Program::Folds => "folds",
            Program::Rekeyed => "rekeyed",
            Program::StreamTable | Program::StreamTableOptimized => "stream-table",
            Program::Tables => "tables",
            Program::Streams => "streams",
            Program::Closing => "closing",
            Program::Times => "times",
        }
    }

    pub(crate) fn is_optimized(self) -> bool {
        self == Program::StreamTableOptimized
    }

    /// Number of input topics.
    pub(crate) fn inputs(self) -> usize {
        match self {
            Program::Folds | Program::Rekeyed | Program::Closing | Program::Times => 1,
            _ => 2,
        }
    }

    /// Number of output topics.
    pub(crate) fn outputs(self) -> usize {
        match self {
            Program::Folds => 4,
            Program::Rekeyed | Program::Tables => 3,
            Program::StreamTable | Program::StreamTableOptimized | Program::Streams => 2,
            Program::Closing | Program::Times => 1,
        }
    }

    /// The repartition topics, without the application's id.
    pub(crate) fn repartitions(self) -> &'static [&'static str] {
        match self {
            Program::Rekeyed => &["letters-repartition", "moved-repartition"],
            Program::Tables => &["letters-repartition"],
            _ => &[],
        }
    }

    /// The changelogs, without the application's id.
    pub(crate) fn changelogs(self) -> &'static [&'static str] {
        match self {
            Program::Folds => {
                &["reduced-changelog", "folded-changelog", "tumbling-changelog", "hopping-changelog"]
            }
            Program::Rekeyed => &["counts-changelog", "windows-changelog"],
            Program::StreamTable => &["rows-changelog"],
            Program::Closing => &["closed-changelog"],
            Program::StreamTableOptimized | Program::Times => &[],
            Program::Tables => &[
                "left-changelog",
                "right-changelog",
                "inner-changelog",
                "outer-changelog",
                "groups-changelog",
            ],
            Program::Streams => &[
                "inner-this-join-store-changelog",
                "inner-other-join-store-changelog",
                "outer-outer-this-join-store-changelog",
                "outer-outer-other-join-store-changelog",
                "outer-outer-shared-join-store-changelog",
            ],
        }
    }

    pub(crate) fn topology(self, input: &str, out: &str) -> Topology {
        let b = StreamsBuilder::new();
        let (first, second) = (format!("{input}-a").leak(), format!("{input}-b").leak());
        let stream = |topic| b.stream(&Topic::<Text, Text>::new(topic));
        let table = |topic, name: &str| {
            b.table_with(&Topic::<String, String>::new(topic), Consumed::new(), Materialized::named(name))
        };
        match self {
            Program::Folds => folds(stream(first), out),
            Program::Rekeyed => rekeyed(stream(first), out),
            Program::StreamTable | Program::StreamTableOptimized => {
                if self.is_optimized() {
                    b.optimize(Optimization::ALL);
                }
                stream_table(stream(first), table(second, "rows"), out);
            }
            Program::Tables => tables(table(first, "left"), table(second, "right"), out),
            Program::Streams => streams(stream(first), stream(second), out),
            Program::Closing => closing(stream(first), out),
            Program::Times => times(&b, first, out),
        }
        b.build().unwrap()
    }
}

fn folds(input: Stream, out: &str) {
    let keyed = input.require_key();
    let values = keyed.clone().require_value().group_by_key();
    values
        .clone()
        .reduce_with(
            |l, r| if deletes(&r) { None } else { Some(tail(&(l + &r))) },
            Materialized::named("reduced"),
        )
        .to_stream()
        .to(&Topic::<String, String>::new(output(out, 1)));
    values
        .aggregate_with(
            String::new,
            |_, v, all| if deletes(&v) { None } else { Some(tail(&(all + &v))) },
            Materialized::named("folded"),
        )
        .to_stream()
        .to(&Topic::<String, String>::new(output(out, 2)));
    let grouped = keyed.group_by_key();
    let counts = grouped
        .clone()
        .windowed_by(TimeWindows::tumbling(SECOND).grace(ms(500)))
        .count_with(Materialized::named("tumbling"));
    write(counts, output(out, 3));
    let texts = grouped.windowed_by(TimeWindows::hopping(SECOND, ms(400)).grace(ms(300))).aggregate_with(
        String::new,
        |_, v, all| tail(&(all + shown(v.as_ref()))),
        Materialized::named("hopping"),
    );
    write(texts, output(out, 4));
}

fn rekeyed(input: Stream, out: &str) {
    let letters = input.select_key(|_, v| v.as_ref().map(|v| v[..1].to_owned()));
    let grouped = letters.clone().require_key().group_by_key_with(Grouped::new().named("letters"));
    grouped
        .clone()
        .count_with(Materialized::named("counts"))
        .to_stream()
        .to(&Topic::<String, i64>::new(output(out, 1)));
    let windowed = grouped.windowed_by(TimeWindows::tumbling(SECOND).grace(Duration::from_secs(600)));
    let reduced = windowed.reduce_with(|l, r| Some(tail(&(l? + &r?))), Materialized::named("windows"));
    let key = time_windowed(String::serde(), SECOND);
    reduced
        .to_stream()
        .to_with(&Topic::<Windowed<String>, Text>::new(output(out, 2)), Produced::with(key, Text::serde()));
    letters
        .repartition_with(Repartitioned::new().named("moved").partitions(4))
        .map_values(|v| v.map(|v| v.to_uppercase()))
        .to(&Topic::<Text, Text>::new(output(out, 3)));
}

fn stream_table(input: Stream, rows: Table, out: &str) {
    input
        .clone()
        .require_key()
        .require_value()
        .join_table(rows.clone(), |l, r| format!("{l}+{r}"))
        .to(&Topic::<String, String>::new(output(out, 1)));
    input
        .left_join_table(rows, |l, r: Option<&String>| format!("{}?{}", shown(l.as_ref()), shown(r)))
        .to(&Topic::<Text, String>::new(output(out, 2)));
}

fn tables(left: Table, right: Table, out: &str) {
    left.clone()
        .join_with(right.clone(), |l, r: &String| format!("{l}+{r}"), Materialized::named("inner"))
        .to_stream()
        .to(&Topic::<String, String>::new(output(out, 1)));
    left.outer_join_with(
        right.clone(),
        |l: Option<&String>, r: Option<&String>| format!("{}?{}", shown(l), shown(r)),
        Materialized::named("outer"),
    )
    .to_stream()
    .to(&Topic::<String, String>::new(output(out, 2)));
    right
        .group_by_with(|_, v| (v[..1].to_owned(), v), Grouped::new().named("letters"))
        .aggregate_with(
            String::new,
            |_, v, all| all + &v + ";",
            |_, v, all| all.replacen(&(v + ";"), "", 1),
            Materialized::named("groups"),
        )
        .to_stream()
        .to(&Topic::<String, String>::new(output(out, 3)));
}

fn streams(left: Stream, right: Stream, out: &str) {
    let near = || JoinWindows::of(ms(200)).grace(ms(500));
    let (l, r) = (left.clone().require_key().require_value(), right.clone().require_key().require_value());
    let inner = l.join_with(r, near(), |l, r| format!("{l}+{r}"), StreamJoined::new().store_name("inner"));
    inner.to(&Topic::<String, String>::new(output(out, 1)));
    let outer = left.require_value().outer_join_with(
        right.require_value(),
        near(),
        |l, r| format!("{}?{}", shown(l), shown(r)),
        StreamJoined::new().store_name("outer"),
    );
    outer.to(&Topic::<Text, String>::new(output(out, 2)));
}

fn closing(input: Stream, out: &str) {
    let windowed =
        input.require_key().group_by_key().windowed_by(TimeWindows::tumbling(SECOND).grace(ms(500)));
    let counts = windowed.emit_strategy(EmitStrategy::OnWindowClose);
    write(counts.count_with(Materialized::named("closed")), output(out, 1));
}

fn times(b: &StreamsBuilder, input: &'static str, out: &str) {
    let time = |record: &Record<Text, Text>, partition_time| {
        Ok(if record.value.as_deref() == Some("?") { partition_time } else { record.timestamp })
    };
    b.stream_with(&Topic::<Text, Text>::new(input), Consumed::new().timestamp_extractor(time)).to(&Topic::<
        Text,
        Text,
    >::new(
        output(out, 1),
    ));
}

fn write<V: DefaultSerde + Clone + Send>(table: KTable<Windowed<String>, V>, topic: &'static str) {
    let key = time_windowed(String::serde(), SECOND);
    table.to_stream().to_with(&Topic::new(topic), Produced::with(key, V::serde()));
}

fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

fn shown(text: Option<&String>) -> &str {
    text.map_or("null", String::as_str)
}

fn deletes(value: &str) -> bool {
    value.ends_with('-')
}

fn tail(text: &str) -> String {
    text[text.len().saturating_sub(12)..].to_owned()
}

/// The name of output topic `number`, from 1.
pub(crate) fn output(out: &str, number: usize) -> &'static str {
    format!("{out}-{number}").leak()
}
