//! The one JVM of this test program, which runs the applications of the other side; see `beside/Main.java`.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::{Arc, Condvar, Mutex, OnceLock};
use std::time::Instant;

use streams_core::testing::PATIENCE;

/// Runs Java and removes its folder when it has ended. Ctrl-C is for the test program, whose end is the end of Java's
/// standard input.
const GUARD: &str = r#"
trap '' INT HUP QUIT TERM
"$@"
rm -rf "$JVM_HOME"
"#;

pub(crate) struct Jvm {
    stdin: Mutex<ChildStdin>,
    told: Arc<Told>,
    _process: Child,
}

#[derive(Default)]
struct Told {
    /// What was told of each application and not yet taken.
    lines: Mutex<BTreeMap<String, Vec<String>>>,
    more: Condvar,
}

impl Jvm {
    /// Started at the first call; ends with this process, because its standard input does.
    pub(crate) fn shared() -> &'static Jvm {
        static SHARED: OnceLock<Jvm> = OnceLock::new();
        SHARED.get_or_init(Jvm::start)
    }

    fn start() -> Jvm {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scripts/kafka/java.sh");
        let output = Command::new(&script).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let classes = String::from_utf8(output.stdout).unwrap();
        let home = std::env::temp_dir().join(format!("streams-kafka-java-{}", std::process::id()));
        std::fs::create_dir_all(&home).unwrap();
        let level = std::env::var("STREAMS_KAFKA_TEST_LOG");
        let mut java = Command::new("sh");
        java.args(["-c", GUARD, "sh", "java"]).env("JVM_HOME", &home);
        java.args(["-Xmx384m", "-Xms64m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-XX:-UsePerfData"]);
        java.arg(format!("-Djava.io.tmpdir={}", home.display()));
        java.arg(format!("-Dorg.slf4j.simpleLogger.defaultLogLevel={}", level.as_deref().unwrap_or("off")));
        java.args(["-cp", classes.trim(), "beside.Main"]).arg(home);
        let mut process = java.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let stdin = Mutex::new(process.stdin.take().unwrap());
        let lines = BufReader::new(process.stdout.take().unwrap());
        let told = Arc::new(Told::default());
        let teller = Arc::clone(&told);
        std::thread::spawn(move || {
            for line in lines.lines().map_while(Result::ok) {
                let Some((id, what)) = line.split_once(' ') else { continue };
                teller.lines.lock().unwrap().entry(id.to_owned()).or_default().push(what.to_owned());
                teller.more.notify_all();
            }
        });
        Jvm { stdin, told, _process: process }
    }

    pub(crate) fn say(&self, line: &str) {
        let mut stdin = self.stdin.lock().unwrap();
        writeln!(stdin, "{line}").unwrap();
        stdin.flush().unwrap();
    }

    /// Waits for a line of `id` that begins so; what follows in it. Panics if the application dies meanwhile.
    pub(crate) fn wait_for(&self, id: &str, what: &str) -> String {
        match self.wait_for_any(id, &[what, "died"]) {
            (0, rest) => rest,
            (_, error) => panic!("{id} in the JVM, before {what}: {error}"),
        }
    }

    /// Waits for a line of `id` that begins with one of these: which it is, and what follows.
    pub(crate) fn wait_for_any(&self, id: &str, which: &[&str]) -> (usize, String) {
        let until = Instant::now() + PATIENCE;
        let mut lines = self.told.lines.lock().unwrap();
        loop {
            let mine = lines.entry(id.to_owned()).or_default();
            let found = mine.iter().enumerate().find_map(|(at, line)| {
                which
                    .iter()
                    .enumerate()
                    .find_map(|(n, what)| Some((at, n, line.strip_prefix(what)?.trim().to_owned())))
            });
            if let Some((at, number, rest)) = found {
                mine.drain(..=at);
                return (number, rest);
            }
            let left = until.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "{id}: nothing of {which:?}, but {mine:?}");
            lines = self.told.more.wait_timeout(lines, left).unwrap().0;
        }
    }

    /// Forgets what was told of an application.
    pub(crate) fn forget(&self, id: &str) {
        self.told.lines.lock().unwrap().remove(id);
    }
}
