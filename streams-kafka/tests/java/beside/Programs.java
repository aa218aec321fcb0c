package beside;

import java.time.Duration;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.EmitStrategy;
import org.apache.kafka.streams.kstream.Grouped;
import org.apache.kafka.streams.kstream.JoinWindows;
import org.apache.kafka.streams.kstream.KGroupedStream;
import org.apache.kafka.streams.kstream.KStream;
import org.apache.kafka.streams.kstream.KTable;
import org.apache.kafka.streams.kstream.Materialized;
import org.apache.kafka.streams.kstream.Produced;
import org.apache.kafka.streams.kstream.Repartitioned;
import org.apache.kafka.streams.kstream.StreamJoined;
import org.apache.kafka.streams.kstream.TimeWindows;
import org.apache.kafka.streams.kstream.Windowed;
import org.apache.kafka.streams.kstream.WindowedSerdes;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.WindowStore;

/** The topologies; those of programs.rs, to the letter. */
final class Programs {
    private static final Serde<String> S = Serdes.String();
    private static final Serde<Long> L = Serdes.Long();
    private static final Duration SECOND = Duration.ofSeconds(1);
    private static final Serde<Windowed<String>> W = WindowedSerdes.timeWindowedSerdeFrom(String.class, 1000);

    private Programs() { }

    static void build(final String program, final StreamsBuilder b, final String in, final String out) {
        switch (program) {
            case "folds" -> folds(stream(b, in + "-a"), out);
            case "rekeyed" -> rekeyed(stream(b, in + "-a"), out);
            case "stream-table" -> streamTable(stream(b, in + "-a"), table(b, in + "-b", "rows"), out);
            case "tables" -> tables(table(b, in + "-a", "left"), table(b, in + "-b", "right"), out);
            case "streams" -> streams(stream(b, in + "-a"), stream(b, in + "-b"), out);
            case "closing" -> closing(stream(b, in + "-a"), out);
            case "times" -> times(b, in + "-a", out);
            default -> throw new IllegalArgumentException(program);
        }
    }

    private static void folds(final KStream<String, String> in, final String out) {
        final KGroupedStream<String, String> grouped = in.groupByKey(Grouped.with(S, S));
        grouped.reduce((l, r) -> deletes(r) ? null : tail(l + r), store("reduced")).toStream().to(out + "-1");
        grouped.aggregate(() -> "", (k, v, all) -> deletes(v) ? null : tail(all + v), store("folded"))
            .toStream().to(out + "-2");
        grouped.windowedBy(TimeWindows.ofSizeAndGrace(SECOND, Duration.ofMillis(500)))
            .count(Materialized.<String, Long, WindowStore<Bytes, byte[]>>as("tumbling").withKeySerde(S).withValueSerde(L))
            .toStream().to(out + "-3", Produced.with(W, L));
        grouped.windowedBy(TimeWindows.ofSizeAndGrace(SECOND, Duration.ofMillis(300)).advanceBy(Duration.ofMillis(400)))
            .aggregate(() -> "", (k, v, all) -> tail(all + v), windows("hopping"))
            .toStream().to(out + "-4", Produced.with(W, S));
    }

    private static void rekeyed(final KStream<String, String> in, final String out) {
        final KStream<String, String> letters = in.selectKey((k, v) -> v == null ? null : v.substring(0, 1));
        final KGroupedStream<String, String> grouped = letters.groupByKey(Grouped.with("letters", S, S));
        grouped.count(Materialized.<String, Long, KeyValueStore<Bytes, byte[]>>as("counts").withKeySerde(S).withValueSerde(L))
            .toStream().to(out + "-1", Produced.with(S, L));
        grouped.windowedBy(TimeWindows.ofSizeAndGrace(SECOND, Duration.ofMinutes(10)))
            .reduce((l, r) -> tail(l + r), windows("windows"))
            .toStream().to(out + "-2", Produced.with(W, S));
        letters.repartition(Repartitioned.with(S, S).withName("moved").withNumberOfPartitions(4))
            .mapValues(v -> v == null ? null : v.toUpperCase())
            .to(out + "-3");
    }

    private static void streamTable(final KStream<String, String> in, final KTable<String, String> rows, final String out) {
        in.join(rows, (l, r) -> l + "+" + r).to(out + "-1");
        in.leftJoin(rows, (l, r) -> l + "?" + r).to(out + "-2");
    }

    private static void tables(final KTable<String, String> left, final KTable<String, String> right, final String out) {
        left.join(right, (l, r) -> l + "+" + r, store("inner")).toStream().to(out + "-1");
        left.outerJoin(right, (l, r) -> l + "?" + r, store("outer")).toStream().to(out + "-2");
        right.groupBy((k, v) -> org.apache.kafka.streams.KeyValue.pair(v.substring(0, 1), v), Grouped.with("letters", S, S))
            .aggregate(() -> "", (k, v, all) -> all + v + ";", (k, v, all) -> without(all, v + ";"), store("groups"))
            .toStream().to(out + "-3");
    }

    private static void streams(final KStream<String, String> left, final KStream<String, String> right, final String out) {
        final JoinWindows near = JoinWindows.ofTimeDifferenceAndGrace(Duration.ofMillis(200), Duration.ofMillis(500));
        left.join(right, (l, r) -> l + "+" + r, near, StreamJoined.with(S, S, S).withStoreName("inner")).to(out + "-1");
        left.outerJoin(right, (l, r) -> l + "?" + r, near, StreamJoined.with(S, S, S).withStoreName("outer")).to(out + "-2");
    }

    private static void closing(final KStream<String, String> in, final String out) {
        in.groupByKey(Grouped.with(S, S))
            .windowedBy(TimeWindows.ofSizeAndGrace(SECOND, Duration.ofMillis(500)))
            .emitStrategy(EmitStrategy.onWindowClose())
            .count(Materialized.<String, Long, WindowStore<Bytes, byte[]>>as("closed").withKeySerde(S).withValueSerde(L))
            .toStream().to(out + "-1", Produced.with(W, L));
    }

    /** Records that ask for it get the time of their partition. */
    private static void times(final StreamsBuilder b, final String in, final String out) {
        b.stream(in, Consumed.with(S, S).withTimestampExtractor((record, partitionTime) ->
            record.value() == null || !"?".equals(record.value()) ? record.timestamp() : partitionTime)).to(out + "-1");
    }

    private static KStream<String, String> stream(final StreamsBuilder b, final String topic) {
        return b.stream(topic, Consumed.with(S, S));
    }

    private static KTable<String, String> table(final StreamsBuilder b, final String topic, final String name) {
        return b.table(topic, Consumed.with(S, S), store(name));
    }

    private static Materialized<String, String, KeyValueStore<Bytes, byte[]>> store(final String name) {
        return Materialized.<String, String, KeyValueStore<Bytes, byte[]>>as(name).withKeySerde(S).withValueSerde(S);
    }

    private static Materialized<String, String, WindowStore<Bytes, byte[]>> windows(final String name) {
        return Materialized.<String, String, WindowStore<Bytes, byte[]>>as(name).withKeySerde(S).withValueSerde(S);
    }

    private static boolean deletes(final String value) {
        return value.endsWith("-");
    }

    private static String tail(final String text) {
        return text.substring(Math.max(0, text.length() - 12));
    }

    private static String without(final String all, final String part) {
        final int at = all.indexOf(part);
        return at < 0 ? all : all.substring(0, at) + all.substring(at + part.length());
    }
}
