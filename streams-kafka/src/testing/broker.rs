//! One broker process.
//!
//! A shell stands between: it starts Java, tells its process id, and kills it when a line comes in. When its standard
//! input ends without one, this process has ended, however that happened: then it removes all data too.

use std::fs;
use std::io::{BufRead, BufReader, Error, Result, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};

use super::cluster::ClusterOptions;

const GUARD: &str = r#"
trap '' INT HUP QUIT TERM
"$@" </dev/null >>"$KAFKA_LOG" 2>&1 &
pid=$!
echo "$pid"
read -r line
status=$?
kill -9 "$pid" 2>/dev/null
wait "$pid" 2>/dev/null
[ $status -eq 0 ] || rm -rf "$KAFKA_CLUSTER"
"#;

pub(super) struct Broker {
    dir: PathBuf,
    classpath: String,
    java: Vec<String>,
    running: Option<Running>,
}

struct Running {
    guard: Child,
    /// A line, or its end, ends the broker.
    hold: Option<ChildStdin>,
    pid: u32,
}

impl Broker {
    /// Formats the storage; the broker does not run yet.
    pub(super) fn format(
        dir: &Path,
        lib: &str,
        options: &ClusterOptions,
        properties: &str,
    ) -> Result<Broker> {
        fs::create_dir_all(dir)?;
        fs::write(dir.join("server.properties"), properties)?;
        let mut java = vec![format!("-Xmx{}", options.heap)];
        java.extend(options.jvm.iter().cloned());
        let broker = Broker { dir: dir.into(), classpath: format!("{lib}/*"), java, running: None };
        let mut java = broker.java();
        java.args(["kafka.tools.StorageTool", "format", "-t", "JcUTw9hyQKKJ2h0yG0b1ZA", "-c"]);
        java.arg(dir.join("server.properties")).args(options.security.format_arguments());
        let output = java.stdin(Stdio::null()).output()?;
        if output.status.success() {
            return Ok(broker);
        }
        let text =
            String::from_utf8_lossy(&output.stderr).into_owned() + &String::from_utf8_lossy(&output.stdout);
        Err(Error::other(format!("formatting the broker's storage failed: {text}")))
    }

    /// Starts it; it is not ready yet.
    pub(super) fn start(&mut self) -> Result<()> {
        let java = self.java();
        let mut shell = Command::new("sh");
        shell.args(["-c", GUARD, "sh"]).arg(java.get_program()).args(java.get_args());
        shell.arg("kafka.Kafka").arg(self.dir.join("server.properties"));
        shell.env("KAFKA_LOG", self.log_file()).env("KAFKA_CLUSTER", self.dir.parent().unwrap_or(&self.dir));
        shell.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut guard = shell.spawn()?;
        let hold = guard.stdin.take();
        let mut line = String::new();
        if let Some(out) = guard.stdout.take() {
            BufReader::new(out).read_line(&mut line)?;
        }
        let pid = line.trim().parse().map_err(|_| Error::other("the broker's process id is unknown"))?;
        self.running = Some(Running { guard, hold, pid });
        Ok(())
    }

    /// Its process id, while it runs.
    pub(super) fn pid(&self) -> Option<u32> {
        self.running.as_ref().map(|running| running.pid)
    }

    /// Sends a signal: `STOP`, `CONT` or `TERM`.
    pub(super) fn signal(&self, name: &str) -> Result<()> {
        let pid = self.pid().ok_or_else(|| Error::other("the broker does not run"))?;
        let status = Command::new("kill").arg(format!("-{name}")).arg(pid.to_string()).status()?;
        if status.success() { Ok(()) } else { Err(Error::other(format!("kill -{name} {pid} failed"))) }
    }

    /// Kills it at once (`kill -9`) and waits until it is gone. Its data stay.
    pub(super) fn kill(&mut self) {
        if let Some(mut running) = self.running.take() {
            if let Some(mut hold) = running.hold.take() {
                // If the shell is gone, so is the broker.
                let _ = hold.write_all(b"end\n");
            }
            // The shell ends when Java has.
            let _ = running.guard.wait();
        }
    }

    /// Whether its process has ended by itself.
    pub(super) fn has_ended(&self) -> bool {
        let alive = |pid: u32| Path::new(&format!("/proc/{pid}/stat")).exists();
        self.pid().is_some_and(|pid| {
            let state = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
            !alive(pid) || state.rsplit(") ").next().is_some_and(|rest| rest.starts_with('Z'))
        })
    }

    /// What it has logged.
    pub(super) fn log(&self) -> String {
        fs::read_to_string(self.log_file()).unwrap_or_default()
    }

    fn log_file(&self) -> PathBuf {
        self.dir.join("broker.log")
    }

    fn java(&self) -> Command {
        let mut java = Command::new("java");
        java.args(&self.java).args(["-XX:-UsePerfData", "-Djava.net.preferIPv4Stack=true", "-cp"]);
        java.arg(&self.classpath);
        java
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        self.kill();
    }
}
