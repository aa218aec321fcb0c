//! Builds the program on Kafka Streams from `benches/java`.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::Outcome;

/// Builds it into the target folder, and says how to start it.
pub(crate) fn build() -> Outcome<Vec<String>> {
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/java");
    let target = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("kstreams-peer");
    let (lib, jar) = (target.join("lib"), target.join("build/kstreams-peer-1.jar"));
    if !lib.join("complete").exists() {
        let copy = "org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy-dependencies";
        maven(&sources, &[copy, &format!("-DoutputDirectory={}", lib.display()), "-DincludeScope=runtime"])?;
        std::fs::write(lib.join("complete"), "")?;
    }
    maven(&sources, &["package", &format!("-Dbench.build={}", target.join("build").display())])?;
    let classpath = format!("{}:{}/*", jar.display(), lib.display());
    let options =
        ["java", "-Xms1g", "-Xmx1g", "-XX:+UseG1GC", "-Dorg.slf4j.simpleLogger.defaultLogLevel=error"];
    let start = options.into_iter().chain(["-cp", &classpath, "bench.Main"]);
    Ok(start.map(str::to_owned).collect())
}

fn maven(sources: &Path, arguments: &[&str]) -> Outcome<()> {
    let pom = sources.join("pom.xml");
    let output = Command::new("mvn").args(["-q", "-B", "-f"]).arg(pom).args(arguments).output();
    let output =
        output.map_err(|error| format!("mvn cannot be run ({error}): install Maven, or leave java out"))?;
    if output.status.success() {
        return Ok(());
    }
    let text =
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    Err(format!("building the program on Kafka Streams failed:\n{text}").into())
}
