//! The recorded programs, written with this library. Their topics are named after them.

use std::time::Duration;

use streams_core::processor::{Processor, ProcessorContext, UserResult};
use streams_core::serde::{DefaultSerde, time_windowed};
use streams_core::windows::{JoinWindows, TimeWindows, Windowed};
use streams_core::{
    Consumed, EmitStrategy, Grouped, KGroupedStream, KStream, KTable, Materialized, Produced, Record,
    Repartitioned, Store, StreamJoined, StreamsBuilder, Topic,
};

/// A program and the name it is recorded under.
pub(crate) struct Program {
    pub(crate) name: &'static str,
    pub(crate) build: fn(&StreamsBuilder),
}

type Text = Topic<String, String>;

const S1: Duration = Duration::from_secs(1);
const MS500: Duration = Duration::from_millis(500);

pub(crate) const PROGRAMS: &[Program] = &[
    program("window-rekey", |b| {
        let counts = by_first(b, "window-rekey.in").windowed_by(windows()).count();
        write(counts, "window-rekey.out");
    }),
    program("window-rekey-named", |b| {
        let grouped =
            b.stream(&Text::new("window-rekey-named.in")).group_by_with(first, Grouped::new().named("grp"));
        let _ = grouped.windowed_by(windows()).count_with(Materialized::named("cnt"));
    }),
    program("eos-window", |b| {
        let counts = by_first(b, "eos-window.in").windowed_by(windows()).count();
        write(counts, "eos-window.out");
    }),
    program("emit-final", |b| {
        let windowed = b.stream(&Text::new("emit-final.in")).group_by_key().windowed_by(no_grace());
        let counts =
            windowed.emit_strategy(EmitStrategy::OnWindowClose).count_with(Materialized::named("fin"));
        write(counts, "emit-final.out");
    }),
    program("emit-final-merged", |b| {
        let merged =
            b.stream(&Text::new("emit-final-merged.l")).merge(b.stream(&Text::new("emit-final-merged.r")));
        let windowed = merged.group_by_key().windowed_by(no_grace());
        let _ = windowed.emit_strategy(EmitStrategy::OnWindowClose).count_with(Materialized::named("fin"));
    }),
    program("table", |b| drop(table(b, "table.in", "tbl"))),
    program("table-optimized", |b| drop(table(b, "table-optimized.in", "tbl"))),
    program("table-unnamed-unused", |b| {
        b.table(&Text::new("table-unnamed-unused.in")).to_stream().to(&Text::new("table-unnamed-unused.out"));
    }),
    program("table-unnamed-filter", |b| {
        let table = b.table(&Text::new("table-unnamed-filter.in"));
        let _ = table.filter_with(|_, v| v.ends_with('2'), Materialized::named("f"));
    }),
    program("to-table", |b| to_table(b, "to-table.in")),
    program("table-optimized-rekey", |b| to_table(b, "table-optimized-rekey.in")),
    program("window-retention", |b| {
        let windowed = b.stream(&Text::new("window-retention.in")).group_by_key().windowed_by(windows());
        let hour = Duration::from_secs(3600);
        let _ = windowed.count_with(Materialized::named("cnt").retention(hour));
    }),
    program("logging-off", |b| {
        let grouped = b.stream(&Text::new("logging-off.in")).group_by_key();
        let _ = grouped.count_with(Materialized::named("cnt").logged(false));
    }),
    program("repartition", |b| {
        let first = Repartitioned::new().named("rp").partitions(7);
        let stream = b.stream(&Text::new("repartition.in")).repartition_with(first).repartition();
        let _ = stream.group_by_key().count_with(Materialized::named("cnt"));
    }),
    program("merge-repartition", |b| two_counts(b, "merge-repartition.in")),
    program("merge-repartition-optimized", |b| two_counts(b, "merge-repartition-optimized.in")),
    program("in-memory", |b| {
        let grouped = b.stream(&Text::new("in-memory.in")).group_by_key();
        let _ = grouped.count_with(Materialized::named("mem").in_memory());
        let lru = Materialized::named("lru").max_keys(2).cached(false);
        let _ = b.table_with(&Text::new("in-memory.in2"), Consumed::new(), lru);
    }),
    program("lru-processor", |b| {
        b.add_store(&LRU);
        let _: KStream<(), ()> = b.stream(&Text::new("lru-processor.in")).process(|| Fill).with_store(&LRU);
    }),
    program("join-inner", |b| {
        let _ =
            b.stream(&Text::new("join-inner.l")).join(b.stream(&Text::new("join-inner.r")), within(), plus);
    }),
    program("join-outer", |b| {
        let left = b.stream(&Text::new("join-outer.l"));
        let _ = left.outer_join(b.stream(&Text::new("join-outer.r")), within(), |_, _| ());
    }),
    program("join-left-named", |b| {
        let left = b.stream(&Text::new("join-left-named.l")).select_key(|k, _| k.clone());
        let right = b.stream(&Text::new("join-left-named.r"));
        let joined = StreamJoined::new().store_name("st");
        let _ = left.left_join_with(right, within(), |_, _| (), joined);
    }),
    program("join-left-name", |b| {
        let left = b.stream(&Text::new("join-left-name.l")).select_key(|k, _| k.clone());
        let right = b.stream(&Text::new("join-left-name.r"));
        let _ = left.left_join_with(right, within(), |_, _| (), StreamJoined::new().named("jn"));
    }),
    program("copartition", |b| {
        let keyed = b.stream(&Text::new("copartition.in")).select_key(first);
        let joined = keyed.join_table(b.table(&Text::new("copartition.t")), |l, r: &String| l + r);
        joined.to(&Text::new("copartition.out"));
    }),
    program("table-group", |b| {
        let table = b.table(&Text::new("table-group.in"));
        let grouped = table.group_by(|k, v| (first(k, &v), v));
        let _ = grouped.clone().count();
        let _ = grouped.reduce_with(|_, new| new, |old, _| old, Materialized::named("red"));
    }),
    program("count-group-uncached", |b| {
        let counts = b.stream(&Text::new("count-group-uncached.in")).group_by_key();
        let grouped = counts.count_with(Materialized::named("cnt")).group_by(|k, v| (k.clone(), v));
        let _ = grouped.count_with(Materialized::named("cnt2"));
    }),
    program("purge", |b| {
        let counts = by_first(b, "purge.in").count_with(Materialized::named("cnt"));
        counts.to_stream().to(&Topic::<String, i64>::new("purge.out"));
    }),
];

const fn program(name: &'static str, build: fn(&StreamsBuilder)) -> Program {
    Program { name, build }
}

fn windows() -> TimeWindows {
    TimeWindows::tumbling(S1).grace(MS500)
}

fn no_grace() -> TimeWindows {
    TimeWindows::tumbling(S1).no_grace()
}

#[expect(clippy::ptr_arg, reason = "it is given to verbs that lend keys and values")]
fn first(_key: &String, value: &String) -> String {
    value.chars().take(1).collect()
}

fn by_first(b: &StreamsBuilder, topic: &'static str) -> KGroupedStream<String, String> {
    b.stream(&Text::new(topic)).select_key(first).group_by_key()
}

fn write(counts: KTable<Windowed<String>, i64>, topic: &'static str) {
    let key = time_windowed(String::serde(), S1);
    counts.to_stream().to_with(&Topic::new(topic), Produced::with(key, i64::serde()));
}

fn table(b: &StreamsBuilder, topic: &'static str, store: &str) -> KTable<String, String> {
    b.table_with(&Text::new(topic), Consumed::new(), Materialized::named(store))
}

fn to_table(b: &StreamsBuilder, topic: &'static str) {
    let keyed = b.stream(&Text::new(topic)).select_key(|k, _| k.clone());
    let _ = keyed.to_table_with::<String>(Materialized::named("tt"));
}

fn two_counts(b: &StreamsBuilder, topic: &'static str) {
    let keyed = b.stream(&Text::new(topic)).select_key(first);
    let _ = keyed.clone().group_by_key().count();
    let _ = keyed.group_by_key().windowed_by(no_grace()).count();
}

fn within() -> JoinWindows {
    JoinWindows::of(S1).grace(MS500)
}

fn plus(left: &String, right: &String) -> String {
    format!("{left}+{right}")
}

const LRU: Store<String, String> = Store::new("lru");

struct Fill;

impl Processor<String, String, (), ()> for Fill {
    fn process(
        &mut self,
        ctx: &mut ProcessorContext<'_, (), ()>,
        record: Record<String, String>,
    ) -> UserResult {
        ctx.store(&LRU)?.put(&record.key, record.value, record.timestamp)?;
        Ok(())
    }
}
