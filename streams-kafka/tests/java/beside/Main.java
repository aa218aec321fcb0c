package beside;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.kafka.streams.CloseOptions;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.errors.StreamsUncaughtExceptionHandler.StreamThreadExceptionResponse;

/**
 * Runs Kafka Streams applications as lines on stdin say, and answers with lines that begin with the application's id:
 *
 * <pre>
 * start ID key=value ...   ID running, whenever all of its threads are; ID died EXCEPTION
 * processed ID             ID processed COUNT
 * stop ID                  ID stopped, when it has left the group
 * </pre>
 *
 * Ends at the end of stdin. State is kept below the folder that is the argument.
 */
public final class Main {
    private static final Map<String, KafkaStreams> RUNNING = new ConcurrentHashMap<>();

    private Main() { }

    public static void main(final String[] arguments) throws IOException {
        final Path home = Path.of(arguments[0]);
        final BufferedReader in = new BufferedReader(new InputStreamReader(System.in));
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            final String[] words = line.split(" ");
            final Thread thread = new Thread(() -> obey(words, home));
            thread.setDaemon(true);
            thread.start();
        }
        Runtime.getRuntime().halt(0);
    }

    private static void obey(final String[] words, final Path home) {
        final String id = words[1];
        try {
            switch (words[0]) {
                case "start" -> start(id, words, home);
                case "processed" -> say(id + " processed " + processed(RUNNING.get(id)));
                case "stop" -> {
                    RUNNING.remove(id).close(
                        CloseOptions.groupMembershipOperation(CloseOptions.GroupMembershipOperation.LEAVE_GROUP));
                    say(id + " stopped");
                }
                default -> throw new IllegalArgumentException(words[0]);
            }
        } catch (final RuntimeException e) {
            say(id + " died " + e);
        }
    }

    private static void start(final String id, final String[] words, final Path home) {
        final Map<String, String> given = new HashMap<>();
        for (int i = 2; i < words.length; i++) {
            given.put(words[i].substring(0, words[i].indexOf('=')), words[i].substring(words[i].indexOf('=') + 1));
        }
        final boolean exactlyOnce = given.remove("exactly-once").equals("true");
        final Path state = home.resolve(given.remove("state"));
        if (given.remove("wipe").equals("true")) {
            remove(state);
        }
        final StreamsBuilder builder = new StreamsBuilder();
        Programs.build(given.remove("program"), builder, given.remove("in"), given.remove("out"));
        final Properties p = new Properties();
        p.put(StreamsConfig.APPLICATION_ID_CONFIG, id);
        p.put(StreamsConfig.STATE_DIR_CONFIG, state.toString());
        p.put(StreamsConfig.PROCESSING_GUARANTEE_CONFIG,
            exactlyOnce ? StreamsConfig.EXACTLY_ONCE_V2 : StreamsConfig.AT_LEAST_ONCE);
        // Results come when they are due, not once a second of the wall clock.
        p.put("__emit.interval.ms.kstreams.windowed.aggregation__", "0");
        p.put("__emit.interval.ms.kstreams.outer.join.spurious.results.fix__", "0");
        p.put("producer.transaction.timeout.ms", "120000");
        p.put("producer.linger.ms", "5");
        p.put("auto.offset.reset", "earliest");
        p.put("default.key.serde", "org.apache.kafka.common.serialization.Serdes$StringSerde");
        p.put("default.value.serde", "org.apache.kafka.common.serialization.Serdes$StringSerde");
        p.putAll(given);
        final KafkaStreams streams = new KafkaStreams(builder.build(p), p);
        streams.setUncaughtExceptionHandler(e -> {
            Throwable cause = e;
            while (cause.getCause() != null) {
                cause = cause.getCause();
            }
            say(id + " died " + cause);
            return StreamThreadExceptionResponse.SHUTDOWN_CLIENT;
        });
        streams.setStateListener((now, before) -> {
            if (now == KafkaStreams.State.RUNNING) {
                say(id + " running");
            }
        });
        RUNNING.put(id, streams);
        streams.start();
    }

    private static long processed(final KafkaStreams streams) {
        return streams.metrics().values().stream()
            .filter(m -> m.metricName().group().equals("stream-thread-metrics"))
            .filter(m -> m.metricName().name().equals("process-total"))
            .mapToLong(m -> ((Double) m.metricValue()).longValue())
            .sum();
    }

    private static void remove(final Path folder) {
        if (!Files.exists(folder)) {
            return;
        }
        try (var files = Files.walk(folder)) {
            files.sorted(Comparator.reverseOrder()).forEach(file -> file.toFile().delete());
        } catch (final IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static synchronized void say(final String line) {
        System.out.println(line.replace('\n', ' '));
        System.out.flush();
    }
}
