package bench;

import java.util.HashMap;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.streams.CloseOptions;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.processor.StateRestoreListener;
import org.apache.kafka.streams.state.BuiltInDslStoreSuppliers;

/**
 * One peer process. Says on stdout, a line each: BENCH running, BENCH warm (record number --warm taken up),
 * BENCH done (record number --records taken up). A line on stdin (or its end) closes the application cleanly.
 */
public final class Main {
    static void say(final String s) {
        System.out.println("BENCH " + s);
        System.out.flush();
    }

    static Map<String, String> args(final String[] a) {
        final Map<String, String> m = new HashMap<>();
        for (int i = 0; i + 1 < a.length; i += 2) {
            m.put(a[i].substring(2), a[i + 1]);
        }
        return m;
    }

    static Properties config(final Map<String, String> a) {
        final Properties p = new Properties();
        p.put(StreamsConfig.APPLICATION_ID_CONFIG, a.getOrDefault("app-id", "bench"));
        p.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, a.getOrDefault("bootstrap", "127.0.0.1:29092"));
        p.put(StreamsConfig.STATE_DIR_CONFIG, a.getOrDefault("state-dir", "state"));
        final boolean eos = a.getOrDefault("guarantee", "alos").equals("eos");
        p.put(StreamsConfig.PROCESSING_GUARANTEE_CONFIG, eos ? StreamsConfig.EXACTLY_ONCE_V2 : StreamsConfig.AT_LEAST_ONCE);
        p.put(StreamsConfig.COMMIT_INTERVAL_MS_CONFIG, a.getOrDefault("commit-ms", eos ? "100" : "30000"));
        p.put(StreamsConfig.STATESTORE_CACHE_MAX_BYTES_CONFIG, a.getOrDefault("cache", "10485760"));
        p.put(StreamsConfig.NUM_STREAM_THREADS_CONFIG, a.getOrDefault("threads", "1"));
        p.put(StreamsConfig.DEFAULT_TIMESTAMP_EXTRACTOR_CLASS_CONFIG, Progress.class);
        if (a.getOrDefault("store", "rocksdb").equals("mem")) {
            p.put(StreamsConfig.DSL_STORE_SUPPLIERS_CLASS_CONFIG, BuiltInDslStoreSuppliers.InMemoryDslStoreSuppliers.class);
        }
        p.put("auto.offset.reset", "earliest");
        // extra client or Streams settings: --set a=b,c=d
        for (final String kv : a.getOrDefault("set", "").split(",")) {
            if (!kv.isEmpty()) {
                p.put(kv.substring(0, kv.indexOf('=')), kv.substring(kv.indexOf('=') + 1));
            }
        }
        return p;
    }

    public static void main(final String[] argv) throws Exception {
        final Map<String, String> a = args(argv);
        final String w = a.get("workload");
        Progress.warm = Long.parseLong(a.getOrDefault("warm", "1000000"));
        // counted in steps of 256 a task: the mark lies a little before the end so that it is always reached
        Progress.total = Long.parseLong(a.getOrDefault("records", "" + Long.MAX_VALUE)) - 4096;
        final String[] in = a.get("in").split(",");
        // what counts as a processed record: the last stage of W3, the stream side of W4, both sides of W5
        Progress.stage = switch (w) {
            case "W3" -> "\0";           // counted in its aggregator
            case "W5" -> "";
            default -> in[0];
        };
        final StreamsBuilder b = new StreamsBuilder();
        Topologies.build(w, b, in, a.get("out"), !a.getOrDefault("cache", "1").equals("0"));
        final KafkaStreams ks = new KafkaStreams(b.build(), config(a));
        final CountDownLatch end = new CountDownLatch(1);
        final AtomicLong restored = new AtomicLong();
        ks.setGlobalStateRestoreListener(new StateRestoreListener() {
            @Override
            public void onRestoreStart(final TopicPartition p, final String s, final long from, final long to) {
                if (w.equals("W6")) {
                    say("restoring n=" + (to - from));
                }
            }

            @Override
            public void onBatchRestored(final TopicPartition p, final String s, final long end, final long n) { }

            @Override
            public void onRestoreEnd(final TopicPartition p, final String s, final long n) {
                restored.addAndGet(n);
            }
        });
        ks.setStateListener((now, before) -> {
            if (now == KafkaStreams.State.RUNNING) {
                say("running restored=" + restored.get());
            } else if (now == KafkaStreams.State.ERROR) {
                say("error");
                end.countDown();
            }
        });
        ks.start();
        final Thread stdin = new Thread(() -> {
            try {
                System.in.read();
            } catch (final java.io.IOException e) {
                // treated as the end of input
            }
            end.countDown();
        });
        stdin.setDaemon(true);
        stdin.start();
        end.await();
        // leaves the group, else the next run of the same application id waits for the session timeout (45 s)
        ks.close(CloseOptions.groupMembershipOperation(CloseOptions.GroupMembershipOperation.LEAVE_GROUP));
        say("closed");
        System.exit(0);
    }
}
